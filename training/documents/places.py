"""Where results and their pictures lie: in the project's own folders, or all in another one."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
RESULTS: Final = ROOT / "training" / "results"
PICTURES: Final = ROOT / "docs" / "pictures"

PICTURES_HELP: Final = (
    "where to (default: docs/pictures; with other results than the project's own, beside them)"
)


def own(results: Path) -> bool:
    """Whether a folder of results, however it is named, is the one that documents are made from."""
    return results.resolve() == RESULTS


def pictures(results: Path) -> Path:
    """Where pictures of a folder of results go: to the documents, or into that folder."""
    return PICTURES if own(results) else results
