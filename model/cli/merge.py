"""``python -m model.cli.merge PART... -o TABLE``: the tables of several runs as one.

The parts are csv files that ``predict.py`` wrote, of shards or of different folders. Where their
settings lie beside them, as they do after ``--shard``, they must be all shards of one run, each
once. Rows go through one at a time, so that the tables may be of any size; errors are few.
"""

import argparse
import heapq
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any

from model.cli.console import complain, mend_streams
from model.errors import GenreError
from model.files import AtomicFile
from model.outputs import settings, submission
from model.outputs.submission import HEADER, csv_line, errors_path
from model.outputs.table import GENRE

HEADERS = (HEADER, (*HEADER, GENRE))
_ALIKE = ("system", "prior", "recursive", "any-audio", "min-confidence", "device")
"""Settings that shards of one run have in common."""


class MergeError(GenreError):
    """The parts do not fit together; the message says which and why."""


def merge(parts: Sequence[Path], output: Path) -> int:
    """Write the rows of all parts, sorted by id, and their errors files as one.

    The result of all shards of a run has the bytes of the table that one run had written.

    Args:
        parts: csv files.
        output: where to; none of the parts.

    Returns:
        The number of rows.

    Raises:
        MergeError: parts have different headers or an id twice, shards are missing, twice, or of
            different runs, or an errors file is damaged.
        SubmissionError: a part cannot be read or breaks a rule, or the output cannot be written.
        UsageError: the settings file of a part cannot be read.
    """
    if any(part.resolve() == output.resolve() for part in parts):
        raise MergeError(f"{output}: one of the parts; name another file to write")
    wanted = expected_rows(parts)
    errors = _errors(parts)
    tables = [submission.lines(part) for part in parts]
    header = _common_header(parts, [next(table, (0, []))[1] for table in tables])
    ordered = (
        _in_order(part, table, len(header)) for part, table in zip(parts, tables, strict=True)
    )
    with AtomicFile(output) as file:
        file.write(csv_line(header))
        count = 0
        for cells in _once(heapq.merge(*ordered, key=itemgetter(0))):
            file.write(csv_line(cells))
            count += 1
        if wanted is not None and count != wanted:
            raise MergeError(f"the parts have {count} rows, but there were {wanted} clips")
    if errors:
        with AtomicFile(errors_path(output)) as file:
            file.writelines(f"{line}\n" for line in errors)
    else:
        errors_path(output).unlink(missing_ok=True)
    return count


def expected_rows(parts: Sequence[Path]) -> int | None:
    """How many rows all shards of a run have, or None where the parts are no shards.

    Raises:
        MergeError: shards are missing, twice, or of different runs.
        UsageError: a settings file cannot be read.
    """
    described = [(part, _settings(part)) for part in parts]
    shards = [(part, fields) for part, fields in described if fields.get("shard")]
    if not shards:
        return None
    first, fields = shards[0]
    for part, others in described:
        if not others.get("shard"):
            raise MergeError(f"{part}: no shard, as {first} is (no {settings.path_for(part).name})")
        for name, mine, theirs in (
            *((name, fields.get(name), others.get(name)) for name in _ALIKE),
            *_abouts(fields, others),
            ("number of shards", _parts(fields), _parts(others)),
        ):
            if mine != theirs:
                raise MergeError(f"{part}: of another run than {first}: {name} differs")
    numbers = [int(fields["shard"].split("/")[0]) for _, fields in shards]
    missing = sorted(set(range(1, _parts(fields) + 1)) - set(numbers))
    twice = sorted({number for number in numbers if numbers.count(number) > 1})
    if missing or twice:
        what = f"shards {missing} are missing" if missing else f"shards {twice} are there twice"
        raise MergeError(f"{what}, of {_parts(fields)}")
    return int(fields[settings.ABOUT]["clips"])


def _abouts(
    fields: Mapping[str, Any], others: Mapping[str, Any]
) -> Iterator[tuple[str, object, object]]:
    """What two parts say of their run: name, and both values."""
    mine, theirs = (one.get(settings.ABOUT) or {} for one in (fields, others))
    for name in dict.fromkeys([*mine, *theirs]):
        yield name, mine.get(name), theirs.get(name)


def _settings(part: Path) -> dict[str, Any]:
    path = settings.path_for(part)
    return settings.load(path) if path.exists() else {}


def _parts(fields: dict[str, Any]) -> int:
    return int(str(fields["shard"]).partition("/")[2] or 0)


def _common_header(parts: Sequence[Path], headers: Sequence[list[str]]) -> list[str]:
    for part, header in zip(parts, headers, strict=True):
        if tuple(header) not in HEADERS:
            raise MergeError(f"{part}: not a csv table of predict.py: its first line is another")
        if header != headers[0]:
            raise MergeError(f"{part}: its columns are not those of {parts[0]}")
    return headers[0]


def _in_order(
    part: Path, table: Iterator[tuple[int, list[str]]], width: int
) -> Iterator[list[str]]:
    """Rows of a part, checked; their ids must ascend."""
    last: str | None = None
    for number, cells in table:
        if len(cells) != width:
            raise MergeError(f"{part}, line {number}: {len(cells)} cells instead of {width}")
        submission.checked(cells[: len(HEADER)], f"{part}, line {number}")
        if last is not None and cells[0] <= last:
            raise MergeError(f"{part}, line {number}: {cells[0]!r} does not come after {last!r}")
        last = cells[0]
        yield cells


def _once(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    last: str | None = None
    for cells in rows:
        if cells[0] == last:
            raise MergeError(f"file_id {cells[0]!r} is in two parts")
        last = cells[0]
        yield cells


def _errors(parts: Sequence[Path]) -> list[str]:
    """Lines of the errors files: duplicates first, else by id, as a single run writes them."""
    keyed = []
    for path in filter(Path.exists, map(errors_path, parts)):
        try:
            for line in filter(None, path.read_text(encoding="utf-8").split("\n")):
                fields = json.loads(line)
                keyed.append((fields["reason"] != "duplicate", str(fields["file_id"]), line))
        except (OSError, ValueError, TypeError, KeyError):
            raise MergeError(
                f"{path}: cannot be read, or is damaged; delete it to join the tables without it"
            ) from None
    return [line for *_, line in sorted(keyed, key=itemgetter(0, 1))]


def main(arguments: Sequence[str]) -> int:
    """Run the command line and return the exit code."""
    mend_streams()
    parser = argparse.ArgumentParser(
        prog="python -m model.cli.merge",
        description="Join csv tables of predict.py, shards of a run for instance, to one.",
    )
    parser.add_argument("parts", nargs="+", type=Path, metavar="PART", help="csv files")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="TABLE")
    given = parser.parse_args(arguments)
    try:
        count = merge(given.parts, given.output)
    except GenreError as error:
        return complain(error, 1, "merge")
    print(f"Output file written at {given.output}: {count} rows of {len(given.parts)} parts")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
