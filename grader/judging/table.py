"""Reads the table of any submission and lists every broken rule, with its line.

``model.outputs.submission.read`` accepts or refuses what this project writes. This
reader lists all faults at once, and tolerates what the challenge's scorer tolerated.
"""

import csv
import io
import math
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TextIO

from grader.errors import GraderError
from grader.files import MAX_TABLE_BYTES, open_plain
from grader.text import visible
from model.genres import GENRES
from model.outputs.submission import HEADER, number

SUM_TOLERANCE: Final = 1e-3
"""Sums may be this far from 1: sixteen numbers of four decimals are within 8e-4."""
MAX_ROWS: Final = 500_000
"""Rows that are read."""
MAX_ROW: Final = 1 << 16
"""Characters of a row, which may have many lines."""
MAX_CELL: Final = 1024
"""Characters of a cell; the name of a file has at most 255, or four times as many when escaped."""
MAX_VIOLATIONS: Final = 1000
"""Violations of each rule that are listed."""


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
        return visible(f"{f'line {self.line}: ' if self.line else ''}{self.rule}: {self.what}")


@dataclass
class Table:
    """What could be read of a submission.

    Attributes:
        rows: probabilities of each id with sixteen numbers, in the order of ``GENRES``; of expected
            ids only, where they are given.
        violations: what is wrong, in the order of the lines; the first ``MAX_VIOLATIONS`` of each
            rule.
        omitted: number of the other violations.
        missing: expected ids without a row, in their order.
    """

    rows: dict[str, tuple[float, ...]] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)
    omitted: int = 0
    missing: list[str] = field(default_factory=list)

    @property
    def rules(self) -> set[str]:
        """Names of the rules that are broken."""
        return {violation.rule for violation in self.violations}


def expected_ids(clips: Path) -> list[str]:
    """Ids that a table for a folder of clips must have: names without ``.mp3``, sorted.

    Files whose names begin with a dot are no clips, as for a shell's ``*.mp3``.

    Raises:
        GraderError: no such folder, or no mp3 file in it.
    """
    try:
        # os.path.isdir: asked of itself, an entry that links in a circle raises
        names = [entry.name for entry in os.scandir(clips) if not os.path.isdir(entry)]  # noqa: PTH112
    except OSError as error:
        raise GraderError(f"{clips}: the clips cannot be listed: {error.strerror}") from None
    stems = {os.fsencode(name[:-4]) for name in names if _is_clip(name)}
    if not stems:
        raise GraderError(f"{clips}: no mp3 file in this folder")
    return sorted(stem.decode("utf-8", "backslashreplace") for stem in stems)


def _is_clip(name: str) -> bool:
    return name.lower().endswith(".mp3") and not name.startswith(".")


def read_table(path: Path, expected: Sequence[str] | None = None) -> Table:
    """Read a submission row by row, collecting what is wrong.

    Reading ends, with the violation ``unreadable``, where the file is no CSV, after ``MAX_ROWS``
    rows, and at a row longer than ``MAX_ROW``.

    Args:
        path: the CSV. A link is not followed: what an untrusted program left may point anywhere.
        expected: ids that must be there once each and no others; None to leave that open.
    """
    return _Reader(expected).read(path)


class _Lines:
    """Lines of a file for ``csv.reader``, which takes them row by row."""

    def __init__(self, file: TextIO) -> None:
        self.file, self.left = file, MAX_ROW

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.file.readline(self.left + 1)
        self.left -= len(line)
        if self.left < 0:
            raise csv.Error(f"a row has more than {MAX_ROW} characters")
        if not line:
            raise StopIteration
        return line

    def next_row(self) -> None:
        """Let the next row have its full length."""
        self.left = MAX_ROW


class _Reader:
    """Reads one table."""

    def __init__(self, expected: Sequence[str] | None) -> None:
        self.table = Table()
        self.expected = expected
        self.wanted = frozenset(expected) if expected is not None else None
        self.seen: dict[str, int] = {}
        self.counts: Counter[str] = Counter()
        self.rows = 0

    def read(self, path: Path) -> Table:
        """The table in a file."""
        try:
            with io.TextIOWrapper(open_plain(path), encoding="utf-8", newline="") as file:
                size = os.fstat(file.fileno()).st_size
                if size > MAX_TABLE_BYTES:
                    raise ValueError(f"{size} bytes, more than {MAX_TABLE_BYTES}")
                self._rows(_Lines(file))
        except (OSError, ValueError) as error:
            self._add([Violation("unreadable", None, f"cannot be read: {error}")])
            return self.table
        if not self.rows:
            self._add([Violation("empty", None, "the table has no row")])
        self.table.missing = [name for name in self.expected or () if name not in self.seen]
        self._add(
            Violation("row-missing", None, f"no row for clip {name!r}", name)
            for name in self.table.missing
        )
        return self.table

    def _rows(self, lines: _Lines) -> None:
        reader = csv.reader(lines, strict=True)
        try:
            self._add(_header(next(reader, [])))
            for cells in reader:
                self.rows += 1
                if self.rows > MAX_ROWS:
                    raise csv.Error(f"more than {MAX_ROWS} rows")
                lines.next_row()
                self._row(cells, reader.line_num)
        except csv.Error as error:
            self._add([Violation("unreadable", reader.line_num, f"not CSV: {error}")])

    def _row(self, cells: list[str], line: int) -> None:
        if len(cells) != len(HEADER):
            what = f"{len(cells)} cells instead of {len(HEADER)}"
            self._add([Violation("cells", line, what)])
            if not cells:
                return
        if max(map(len, cells)) > MAX_CELL:
            what = f"a cell has more than {MAX_CELL} characters"
            self._add([Violation("cells", line, what)])
            return
        file_id, violations = _identify(cells[0], line, self.wanted)
        self._add(violations)
        if file_id in self.seen:
            what = f"{file_id!r} stands in line {self.seen[file_id]} already"
            self._add([Violation("row-twice", line, what, file_id)])
        if self.wanted is None or file_id in self.wanted:
            self.seen.setdefault(file_id, line)
        if len(cells) != len(HEADER):
            return
        try:
            values = tuple(map(number, cells[1:]))
        except ValueError as error:
            self._add([Violation("number", line, str(error), file_id)])
            return
        self._add(_values(values, line, file_id))
        if file_id in self.seen and all(map(math.isfinite, values)):
            self.table.rows.setdefault(file_id, values)

    def _add(self, violations: Iterable[Violation]) -> None:
        for violation in violations:
            self.counts[violation.rule] += 1
            if self.counts[violation.rule] <= MAX_VIOLATIONS:
                self.table.violations.append(violation)
            else:
                self.table.omitted += 1


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
    total = sum(values)  # math.fsum raises where this is infinite
    if all(map(math.isfinite, values)) and abs(total - 1.0) > SUM_TOLERANCE:
        yield Violation("sum", line, f"the probabilities sum to {total:.6g}", file_id)
