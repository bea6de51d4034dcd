"""The table of a submission: written whole or not at all, and read by the same rules."""

import contextlib
import csv
import errno
import io
import json
import math
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TextIO

from model.errors import GenreError
from model.genres import GENRES

HEADER = ("file_id", *GENRES)
SUM_TOLERANCE = 1e-9
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""What writing says when there is no room, or no disk, for more."""


class SubmissionError(GenreError):
    """A submission cannot be written, or breaks a rule; the message says where and which."""


@dataclass(frozen=True)
class Row:
    """One clip's probabilities, in the order of ``GENRES``."""

    file_id: str
    probabilities: tuple[float, ...]


class WholeFile:
    """A file that appears under its name complete, or not at all; text, or bytes by its buffer.

    Lines go to ``.NAME.part`` in the same folder, which takes the name when the block ends without
    an exception and is removed otherwise. Two writers of one path must exclude each other.

    Args:
        path: where the file shall be; its folder is made where it is missing.

    Raises:
        SubmissionError: on entering, the place cannot be written; on leaving, it is full.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.unfinished = path.with_name(f".{path.name}.part")

    def __enter__(self) -> TextIO:
        prepare_place(self.path)
        try:
            self.file: TextIO = self.unfinished.open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise SubmissionError(f"{self.path}: cannot be written: {error.strerror}") from None
        return self.file

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if isinstance(error, OSError) and error.errno in _FULL:
                raise error
            if kind is None:
                self.file.flush()
                os.fsync(self.file.fileno())
                _take_name(self.unfinished, self.path)
        except OSError as failure:
            raise SubmissionError(f"{self.path}: cannot be written: {failure.strerror}") from None
        finally:
            self.unfinished.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # a full disk may object to what is not wanted
                self.file.close()


def prepare_place(path: Path) -> None:
    """Make the folder of a file that shall be written.

    Raises:
        SubmissionError: it cannot be made, or the path is a folder itself.
    """
    if path.is_dir():
        raise SubmissionError(f"{path}: is a folder; name a file to write")
    if path.exists() and not path.is_file():
        raise SubmissionError(f"{path}: is a pipe or a device; name a file to write")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SubmissionError(f"{path}: cannot be written: {error.strerror}") from None


def header_line() -> str:
    """First line of a submission."""
    return csv_line(HEADER)


def row_line(row: Row) -> str:
    """A row as text; the numbers read back as the same float64."""
    return csv_line([row.file_id, *(repr(float(value)) for value in row.probabilities)])


def write(path: Path, rows: Iterable[Row]) -> None:
    """Write a submission whole.

    Raises:
        SubmissionError: the place cannot be written.
    """
    with WholeFile(path) as file:
        file.write(header_line())
        file.writelines(row_line(row) for row in rows)


def read(path: Path) -> list[Row]:
    """Read a submission.

    Raises:
        SubmissionError: the file cannot be read, or breaks a rule: the header, unique ids, sixteen
            finite values strictly between 0 and 1 that sum to 1 within 1e-9.
    """
    table = lines(path)
    _, header = next(table, (0, []))
    if tuple(header) != HEADER:
        raise SubmissionError(f"{path}, line 1: the header is not {','.join(HEADER)}")
    rows = [checked(cells, f"{path}, line {number}") for number, cells in table]
    seen: set[str] = set()
    for row in rows:
        if row.file_id in seen:
            raise SubmissionError(f"{path}: file_id {row.file_id!r} stands twice")
        seen.add(row.file_id)
    return rows


def lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Lines of a csv file, one at a time: where each ends, and its cells.

    Raises:
        SubmissionError: the file cannot be read.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            table = csv.reader(file, strict=True)
            for cells in table:
                yield table.line_num, cells
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SubmissionError(f"{path}: cannot be read: {error}") from None


def errors_path(path: Path) -> Path:
    """Where the errors of a submission go: ``output.csv`` has ``output.errors.jsonl``."""
    return path.with_name(f"{path.stem}.errors.jsonl")


def error_line(**fields: object) -> str:
    """One line of the errors file."""
    return json.dumps(fields, ensure_ascii=False) + "\n"


def csv_line(cells: Sequence[str]) -> str:
    """A line of a csv file that reads back as the same cells."""
    line = io.StringIO()
    # The writer leaves a carriage return bare unless the line ends with one.
    if any("\r" in cell for cell in cells):
        csv.writer(line, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow(cells)
    else:
        csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()


def checked(cells: Sequence[str], where: str) -> Row:
    """A row from its cells.

    Raises:
        SubmissionError: it breaks a rule; the message begins with ``where``.
    """
    if len(cells) != len(HEADER):
        raise SubmissionError(f"{where}: {len(cells)} cells instead of {len(HEADER)}")
    try:
        values = tuple(float(cell) for cell in cells[1:])
    except ValueError as error:
        raise SubmissionError(f"{where}: {error}") from None
    for genre, value in zip(GENRES, values, strict=True):
        if not 0.0 < value < 1.0:
            raise SubmissionError(f"{where}: {genre} is {value}, not strictly between 0 and 1")
    if abs(math.fsum(values) - 1.0) > SUM_TOLERANCE:
        raise SubmissionError(f"{where}: the probabilities sum to {math.fsum(values)}")
    return Row(cells[0], values)


def _take_name(unfinished: Path, path: Path) -> None:
    """Give a finished file its name, for good as far as the file system can promise that."""
    try:
        unfinished.replace(path)
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        # A container's mount of this very file cannot be replaced, only written.
        shutil.copyfile(unfinished, path)
    with contextlib.suppress(OSError):  # a folder that may not be read cannot be synced
        descriptor = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
