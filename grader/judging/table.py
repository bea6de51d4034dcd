"""Reads the table of any submission and lists every broken rule, with its line.

``model.outputs.submission.read`` accepts or refuses what this project writes. This
reader lists all faults at once, and tolerates what the challenge's scorer tolerated.
"""

import csv
import io
import math
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from grader.engines.engine import MAX_TABLE_BYTES
from grader.errors import GraderError
from model.genres import GENRES
from model.outputs.submission import HEADER

SUM_TOLERANCE: Final = 1e-3
"""Sums may be this far from 1: sixteen numbers of four decimals are within 8e-4."""


@dataclass(frozen=True)
class Violation:
    """One broken rule.

    Attributes:
        rule: its name; listed in ``docs/grading-rules.md``.
        line: line of the file, counted from 1; None where no line is at fault, e.g. for a missing
            row.
        what: what is wrong, for people.
        file_id: the clip concerned, if one is.
    """

    rule: str
    line: int | None
    what: str
    file_id: str | None = None

    def __str__(self) -> str:
        return f"{f'line {self.line}: ' if self.line else ''}{self.rule}: {self.what}"


@dataclass
class Table:
    """What could be read of a submission.

    Attributes:
        rows: probabilities of each id with sixteen numbers, in the order of ``GENRES``.
        violations: everything that is wrong, in the order of the lines.
    """

    rows: dict[str, tuple[float, ...]] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)

    @property
    def rules(self) -> set[str]:
        """Names of the rules that are broken."""
        return {violation.rule for violation in self.violations}


def expected_ids(clips: Path) -> list[str]:
    """Ids that a table for a folder of clips must have: names without ``.mp3``, sorted.

    Raises:
        GraderError: no such folder, or no mp3 file in it.
    """
    try:
        # os.path.isdir: asked of itself, an entry that links in a circle raises
        names = [entry.name for entry in os.scandir(clips) if not os.path.isdir(entry)]  # noqa: PTH112
    except OSError as error:
        raise GraderError(f"{clips}: the clips cannot be listed: {error.strerror}") from None
    stems = {os.fsencode(name[:-4]) for name in names if name.lower().endswith(".mp3")}
    if not stems:
        raise GraderError(f"{clips}: no mp3 file in this folder")
    return sorted(stem.decode("utf-8", "backslashreplace") for stem in stems)


def read_table(path: Path, expected: Sequence[str] | None = None) -> Table:
    """Read a submission, collecting what is wrong.

    Args:
        path: the CSV. A link is not followed: what an untrusted program left may point anywhere.
        expected: ids that must be there once each and no others; None to leave that open.
    """
    table = Table()
    try:
        text = io.StringIO(_text(path), newline="")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        table.violations.append(Violation("unreadable", None, f"cannot be read: {error}"))
        return table
    seen: dict[str, int] = {}
    wanted = frozenset(expected) if expected is not None else None
    try:
        reader = csv.reader(text, strict=True)
        table.violations.extend(_header(next(reader, [])))
        for cells in reader:
            _read_row(table, cells, reader.line_num, wanted, seen)
    except csv.Error as error:
        table.violations.append(Violation("unreadable", reader.line_num, f"not CSV: {error}"))
    if not seen:
        table.violations.append(Violation("empty", None, "the table has no row"))
    for file_id in expected or ():
        if file_id not in seen:
            what = f"no row for clip {file_id!r}"
            table.violations.append(Violation("row-missing", None, what, file_id))
    return table


def _text(path: Path) -> str:
    # O_NONBLOCK: opening a pipe that nobody writes to would wait for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("not a plain file")
        if status.st_size > MAX_TABLE_BYTES:
            raise ValueError(f"{status.st_size} bytes, more than {MAX_TABLE_BYTES}")
        return file.read(MAX_TABLE_BYTES).decode("utf-8")


def _header(cells: list[str]) -> Iterator[Violation]:
    if tuple(cells) == HEADER:
        return
    if cells and cells[0].startswith("\ufeff"):
        yield Violation("header", 1, "starts with a byte order mark; write plain UTF-8")
    elif sorted(cells) == sorted(HEADER):
        yield Violation("header", 1, "the columns are not in the challenge's order")
    else:
        missing = [name for name in HEADER if name not in cells]
        extra = [name for name in cells if name not in HEADER]
        what = [f"missing {', '.join(missing)}"] if missing else []
        what += [f"unknown {', '.join(map(repr, extra[:20]))}"] if extra else []
        yield Violation("header", 1, "; ".join(what) or "a column stands twice")


def _read_row(
    table: Table,
    cells: list[str],
    line: int,
    expected: frozenset[str] | None,
    seen: dict[str, int],
) -> None:
    if len(cells) != len(HEADER):
        what = f"{len(cells)} cells instead of {len(HEADER)}"
        table.violations.append(Violation("cells", line, what))
        if not cells:
            return
    file_id, violations = _identify(cells[0], line, expected)
    table.violations.extend(violations)
    if file_id in seen:
        what = f"{file_id!r} stands in line {seen[file_id]} already"
        table.violations.append(Violation("row-twice", line, what, file_id))
    seen.setdefault(file_id, line)
    if len(cells) != len(HEADER):
        return
    try:
        values = tuple(map(float, cells[1:]))
    except ValueError as error:
        table.violations.append(Violation("number", line, str(error), file_id))
        return
    wrong = list(_values(values, line, file_id))
    table.violations.extend(wrong)
    if not any(violation.rule == "finite" for violation in wrong):
        table.rows.setdefault(file_id, values)


def _identify(
    written: str, line: int, expected: frozenset[str] | None
) -> tuple[str, Iterator[Violation]]:
    """The clip that a row means, and what is wrong with how it says so."""

    def violation(rule: str, what: str) -> Iterator[Violation]:
        return iter([Violation(rule, line, what, written)])

    if not written:
        return written, violation("id-empty", "no file_id")
    if expected is not None and written in expected:
        return written, iter(())
    name = written.replace("\\", "/").rsplit("/", 1)[-1]
    stem, dot, suffix = name.rpartition(".")
    known = expected if expected is not None else ()
    if dot and (stem in known or suffix.lower() == "mp3"):
        return stem, violation("id-suffix", f"{written!r} ends in .{suffix}")
    if name != written and (name in known or expected is None):
        return name, violation("id-path", f"{written!r} is a path; the name alone is asked for")
    if expected is not None:
        return written, violation("id-unknown", f"{written!r} is none of the clips")
    return written, iter(())


def _values(values: tuple[float, ...], line: int, file_id: str) -> Iterator[Violation]:
    for genre, value in zip(GENRES, values, strict=True):
        if not math.isfinite(value):
            yield Violation("finite", line, f"{genre} is {value}", file_id)
        elif not 0.0 <= value <= 1.0:
            yield Violation("range", line, f"{genre} is {value}, not between 0 and 1", file_id)
    total = math.fsum(filter(math.isfinite, values))
    if all(map(math.isfinite, values)) and abs(total - 1.0) > SUM_TOLERANCE:
        yield Violation("sum", line, f"the probabilities sum to {total:.6g}", file_id)
