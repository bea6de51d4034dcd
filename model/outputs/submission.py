"""The contract of a submission: its header, its rows, its checks and its errors file.

Used by the writers of this package, the merge command and the grader.
"""

import csv
import io
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from model.errors import GenreError
from model.genres import GENRES

HEADER = ("file_id", *GENRES)
SUM_TOLERANCE = 1e-9


class SubmissionError(GenreError):
    """A table cannot be read or breaks a rule; the message names the line and the rule."""


@dataclass(frozen=True)
class Row:
    """One clip's probabilities, in the order of ``GENRES``."""

    file_id: str
    probabilities: tuple[float, ...]


def read(path: Path) -> list[Row]:
    """Read a submission and check its rules.

    The rules: the header, unique ids, sixteen finite values strictly between 0 and 1 that sum to 1
    within 1e-9.

    Raises:
        SubmissionError: the file cannot be read or breaks a rule.
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
    """The number of the last line and the cells of each row of a csv file, one row at a time.

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


def checked(cells: Sequence[str], where: str) -> Row:
    """A row from its cells.

    Raises:
        SubmissionError: the row breaks a rule; the message begins with ``where``.
    """
    if len(cells) != len(HEADER):
        raise SubmissionError(f"{where}: {len(cells)} cells instead of {len(HEADER)}")
    try:
        values = tuple(map(number, cells[1:]))
    except ValueError as error:
        raise SubmissionError(f"{where}: {error}") from None
    if broken := violation(values):
        raise SubmissionError(f"{where}: {broken}")
    return Row(cells[0], values)


def number(cell: str) -> float:
    """The number in a cell, written in decimal ASCII digits; may be infinite or not a number.

    Raises:
        ValueError: the cell holds something else, such as ``0.1_25`` or other digits, which
            ``float`` takes.
    """
    if not cell.isascii() or "_" in cell:
        raise ValueError(f"{cell!r} is not a number in decimal digits")
    return float(cell)


def violation(probabilities: Sequence[float]) -> str:
    """The rule that the probabilities of a clip break, in words; empty for valid ones."""
    if len(probabilities) != len(GENRES):
        return f"{len(probabilities)} probabilities instead of {len(GENRES)}"
    for genre, value in zip(GENRES, probabilities, strict=True):
        if not 0.0 < value < 1.0:
            return f"{genre} is {value}, not strictly between 0 and 1"
    total = math.fsum(probabilities)
    return "" if abs(total - 1.0) <= SUM_TOLERANCE else f"the probabilities sum to {total}"


def errors_path(path: Path) -> Path:
    """Path of a table's errors file: ``output.errors.jsonl`` for ``output.csv``."""
    return side_file(path, "errors.jsonl")


def side_file(table: Path, suffix: str) -> Path:
    """Path of a file that belongs to a table; tables of different formats have different ones."""
    return table.with_name(f"{table.name.removesuffix('.csv')}.{suffix}")


def error_line(**fields: object) -> str:
    """One line of the errors file."""
    return json.dumps(fields, ensure_ascii=False) + "\n"


def csv_line(cells: Sequence[str]) -> str:
    """A line of a csv file that reads back as the same cells."""
    line = io.StringIO()
    # csv.writer does not quote a carriage return unless the line ends with one.
    if any("\r" in cell for cell in cells):
        csv.writer(line, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow(cells)
    else:
        csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()
