"""Writes ``features.csv`` with the three header rows of FMA's table."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.files import atomic_file
from model.frontends.fma_features.columns import COLUMNS, LEVELS

INDEX = "track_id"
_EMPTY = "," * len(COLUMNS) + "\n"


def header() -> str:
    """The header rows: one for each level of the columns' labels, and one with the index's name."""
    levels = zip(LEVELS, zip(*COLUMNS, strict=True), strict=True)
    rows = [",".join([level, *labels]) for level, labels in levels]
    return "\n".join([*rows, INDEX]) + _EMPTY


def write(
    path: Path, names: Sequence[str], features: Iterable[NDArray[np.floating] | None]
) -> None:
    """Write a table; memory does not grow with its length.

    Args:
        path: file to write.
        names: name of each row.
        features: features of each row, shape [1, 518]; None for an empty row. Numbers are written
            with eleven digits, numbers that are not finite as empty cells.

    Raises:
        OutputError: the table cannot be written.
    """
    with atomic_file(path) as table:
        table.write(header())
        for name, values in zip(names, features, strict=True):
            table.write(_cell(name) + (_EMPTY if values is None else _cells(values)))


def _cells(values: NDArray[np.floating]) -> str:
    cells = [f"{value:.10e}" if np.isfinite(value) else "" for value in values.ravel().tolist()]
    return f",{','.join(cells)}\n"


def _cell(name: str) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([name])
    return line.getvalue()
