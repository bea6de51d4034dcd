"""Right genres of clips, as a person wrote them down."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from model.clips import printable
from model.errors import UsageError
from model.genres import GENRES

_ID_COLUMNS: Final = ("file_id", "clip_id", "track_id")


def read_truth(path: Path) -> dict[str, int]:
    """Index of the right genre by ``file_id``.

    Args:
        path: csv file with the columns ``file_id`` (or ``clip_id``, ``track_id``) and ``genre``,
            such as the report's corrections or ``train_labels.csv``. Rows without a genre are
            skipped.

    Raises:
        UsageError: the file cannot be read, lacks a column, or has an unknown genre; the message
            names the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            names = rows.fieldnames or ()
            key = next((name for name in _ID_COLUMNS if name in names), None)
            if key is None or "genre" not in names:
                raise UsageError(f"{path}: needs a line with the columns file_id,genre at its top")
            return {
                row[key]: _genre(path, rows.line_num, row["genre"])
                for row in rows
                if row[key] and row["genre"]
            }
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{path}: cannot be read: {reason}") from None


def _genre(path: Path, line: int, name: str) -> int:
    for index, genre in enumerate(GENRES):
        if genre.casefold() == name.strip().casefold():
            return index
    genres = ", ".join(GENRES)
    raise UsageError(f"{path}: line {line}: no genre {printable(name)!r}; the genres are {genres}")


def lookup(truth: Mapping[str, int], file_id: str) -> int | None:
    """The right genre of a clip, whose id may stand there with ``.mp3`` or without its folder."""
    name = file_id.rpartition("/")[2]
    keys = (file_id, f"{file_id}.mp3", name, f"{name}.mp3")
    return next((truth[key] for key in keys if key in truth), None)
