"""Tables of labelled clips for training."""

import csv
from collections.abc import Sequence
from pathlib import Path

COLUMNS = ["clip_id", "file", "genre", "group", "source"]


def write_table(folder: Path, rows: Sequence[Sequence[object]]) -> Path:
    path = folder / "clips.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    return path
