"""``features.csv`` with FMA's three header rows, written row by row and put in order at the end.

Finished rows are appended to ``NAME.part`` beside the table, after a first line that says what they
were made with; the same command goes on from there. The table itself appears whole or not at all.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

import numpy as np
from numpy.typing import NDArray

from model.errors import GenreError
from model.files import AtomicFile, prepare_path
from model.frontends.fma_features.columns import COLUMNS, LEVELS

INDEX = "track_id"
_EMPTY = "," * len(COLUMNS) + "\n"


class TableError(GenreError):
    """Rows cannot be kept; the message says why."""


def header() -> str:
    """The header rows: one for each level of the columns' labels, and one with the index's name."""
    levels = zip(LEVELS, zip(*COLUMNS, strict=True), strict=True)
    rows = [",".join([level, *labels]) for level, labels in levels]
    return "\n".join([*rows, INDEX]) + _EMPTY


def row_line(name: str, features: NDArray[np.float32]) -> str:
    """A row as text, eleven digits a number, nothing for a number that is not finite."""
    numbers = [f"{value:.10e}" if np.isfinite(value) else "" for value in features.tolist()]
    return f"{_cell(name)},{','.join(numbers)}\n"


def _cell(name: str) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([name])
    return line.getvalue()


class Rows:
    """Finished rows of one table, kept on disk; a context manager.

    Args:
        path: the table that shall be written.
        made_with: everything that changes a value, as json values; rows made with something else
            are dropped.
        resume: whether rows of an earlier run count.

    Raises:
        TableError: on entering, the rows cannot be written beside the table.
    """

    def __init__(self, path: Path, made_with: Mapping[str, str], resume: bool = True) -> None:
        self.path = path
        self.part = path.with_name(f"{path.name}.part")
        self._first = f"{json.dumps(made_with, sort_keys=True)}\n".encode()
        self._resume = resume
        self._places: dict[str, int] = {}

    def __enter__(self) -> "Rows":
        try:
            self._file = self._opened()
        except OSError as error:
            raise TableError(f"{self.part}: cannot be written: {error.strerror}") from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def __contains__(self, name: str) -> bool:
        return name in self._places

    def __len__(self) -> int:
        return len(self._places)

    def add(self, name: str, features: NDArray[np.float32]) -> None:
        """Keep a row.

        Raises:
            TableError: it cannot be written.
        """
        try:
            place = self._file.seek(0, io.SEEK_END)
            self._file.write(row_line(name, features).encode())
            self._file.flush()
        except OSError as error:
            raise TableError(f"{self.part}: cannot be written: {error.strerror}") from None
        self._places[name] = place

    def write(self, names: Sequence[str]) -> None:
        """Write the table, a row for each name in this order, empty where none is kept.

        The kept rows are removed. Memory does not grow with the table.

        Raises:
            OutputError: the table cannot be written.
        """
        with AtomicFile(self.path) as table:
            table.write(header())
            table.writelines(self._lines(names))
        self.part.unlink()

    def _lines(self, names: Sequence[str]) -> Iterable[str]:
        for name in names:
            if name in self._places:
                self._file.seek(self._places[name])
                yield self._file.readline().decode()
            else:
                yield _cell(name) + _EMPTY

    def _opened(self) -> IO[bytes]:
        prepare_path(self.path)
        if self._resume and self.part.is_file():
            file = self.part.open("r+b")
            if file.readline() == self._first:
                self._read(file)
                return file
            file.close()
        file = self.part.open("w+b")
        file.write(self._first)
        return file

    def _read(self, file: IO[bytes]) -> None:
        """Note where each whole row stands, and cut off what a kill left behind."""
        place = file.tell()
        for line in iter(file.readline, b""):
            cells = next(csv.reader([line.decode("utf-8", "replace")]), [])
            if not line.endswith(b"\n") or len(cells) != len(COLUMNS) + 1:
                break
            self._places[cells[0]] = place
            place += len(line)
        file.truncate(place)
