"""True genres of clips."""

import csv
from pathlib import Path

from grader.errors import GraderError
from model.genres import GENRES

_INDEX = {genre: index for index, genre in enumerate(GENRES)}


def read_labels(path: Path) -> dict[str, int]:
    """Genre of each clip, as an index into ``GENRES``.

    The file has a header with ``genre`` (or ``genre_top``) and ``file_id`` or ``track_id``. A track
    id is the number in a clip's name of six digits: 2 is the clip ``000002``.

    Raises:
        GraderError: the file cannot be read, lacks a column, holds a genre that is none of the
            sixteen, or a clip twice.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            table = csv.DictReader(file, strict=True)
            columns = table.fieldnames or []
            id_column = next((name for name in ("file_id", "track_id") if name in columns), None)
            genre_column = next((name for name in ("genre", "genre_top") if name in columns), None)
            if id_column is None or genre_column is None:
                raise GraderError(f"{path}: needs the columns file_id (or track_id) and genre")
            labels: dict[str, int] = {}
            for row in table:
                where = f"{path}, line {table.line_num}"
                file_id = row[id_column] or ""
                if id_column == "track_id" and file_id.isdecimal():
                    file_id = file_id.zfill(6)
                if row[genre_column] not in _INDEX:
                    raise GraderError(f"{where}: {row[genre_column]!r} is none of the 16 genres")
                if file_id in labels:
                    raise GraderError(f"{where}: {file_id!r} stands twice")
                labels[file_id] = _INDEX[row[genre_column]]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise GraderError(f"{path}: the labels cannot be read: {error}") from None
    if not labels:
        raise GraderError(f"{path}: no label in it")
    return labels
