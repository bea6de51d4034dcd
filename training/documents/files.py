"""Folders and json files of results and their pictures."""

import json
from pathlib import Path
from typing import Any, Final

from training.data.dataset import DatasetError

ROOT: Final = Path(__file__).resolve().parents[2]
RESULTS: Final = ROOT / "training" / "results"
PICTURES: Final = ROOT / "docs" / "pictures"

PICTURES_HELP: Final = (
    "folder of the pictures (default: docs/pictures, or for other results than the project's own, "
    "the folder of the results)"
)


def is_own(results: Path) -> bool:
    """Whether a folder of results is the one that the documents are made from."""
    return results.resolve() == RESULTS


def pictures_folder(results: Path) -> Path:
    """Folder of the pictures of a folder of results."""
    return PICTURES if is_own(results) else results


def read_json(name: str, command: str, results: Path | None = None) -> dict[str, Any]:
    """Read a file of results.

    Args:
        name: name of the file.
        command: subcommand of ``python -m training`` that writes it, for the message.
        results: folder of the file, None for the project's own.

    Raises:
        DatasetError: there is no such file.
    """
    path = (results or RESULTS) / name
    if not path.is_file():
        where = f" --results {results}" if results else ""
        raise DatasetError(f"{path}: no such file; run python -m training {command}{where}")
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def write_changed(path: Path, text: str, check: bool = False) -> bool:
    """Write a document if its text differs, and create its folder; returns whether it differs.

    Args:
        path: file to write.
        text: the text that the file has to have.
        check: write nothing.
    """
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return False
    if not check:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return True


def write_json(path: Path, content: dict[str, Any]) -> Path:
    """Write a results file, create its folder, and return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
