"""``python -m model.cli.merge PART... -o TABLE``: join csv tables of ``predict.py``.

The parts are tables of shards of one run, or of different folders. If a part has a settings file
that names a shard, the parts must be all shards of one run, each once. Rows are streamed, so that
tables may be larger than memory; errors files are read as a whole.
"""

import argparse
import heapq
import json
import sys
from collections.abc import Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any

from model.cli.arguments import add_option
from model.cli.console import make_streams_safe, print_error
from model.errors import FAILURE, SUCCESS, GenreError
from model.files import atomic_file
from model.options import parse
from model.outputs import paths, settings, submission
from model.outputs.submission import HEADER, csv_line, errors_path
from model.outputs.table import GENRE

HEADERS = (HEADER, (*HEADER, GENRE))
_COMPARED = (
    "system", "prior", "recursive", "any-audio", "min-confidence", "device", "runtime"
)  # fmt: skip
"""Options that the shards of one run have in common."""


def merge(parts: Sequence[Path], output: Path, overwrite: bool = False) -> int:
    """Write the rows of all parts, sorted by id, and their errors files as one.

    The merged table of all shards of a run is byte-identical to the table of a single run.

    Args:
        parts: csv files.
        output: table to write; neither the table nor its errors file may belong to a part.
        overwrite: whether to replace existing files that this program did not write.

    Returns:
        The number of rows.

    Raises:
        GenreError: parts have different headers or the same id, shards are missing, repeated or of
            different runs, or an errors file is damaged.
        OutputError: the output cannot be written.
        SubmissionError: a part cannot be read or breaks a rule.
        UsageError: the settings file of a part cannot be read, or a file of a part or of somebody
            else would be replaced.
    """
    files = (output, errors_path(output))
    read = [*parts, *map(errors_path, parts), *map(settings.path_for, parts)]
    paths.check_files(files, read, overwrite=overwrite)
    with paths.locked(files):
        return _merged(parts, output)


def _merged(parts: Sequence[Path], output: Path) -> int:
    """Write the merged table and its errors file; returns the number of rows."""
    expected = expected_rows(parts)
    errors = _errors(parts)
    tables = [submission.lines(part) for part in parts]
    header = _common_header(parts, [next(table, (0, []))[1] for table in tables])
    rows = [_checked(*pair, len(header)) for pair in zip(parts, tables, strict=True)]
    with atomic_file(output) as file:
        file.write(csv_line(header))
        count = 0
        last_id = None
        for cells in heapq.merge(*rows, key=itemgetter(0)):
            if cells[0] == last_id:
                raise GenreError(f"file_id {last_id!r} is in two parts")
            last_id = cells[0]
            file.write(csv_line(cells))
            count += 1
        if expected is not None and count != expected:
            raise GenreError(f"the parts have {count} rows, but there were {expected} clips")
    if errors:
        with atomic_file(errors_path(output)) as file:
            file.writelines(f"{line}\n" for line in errors)
    else:
        errors_path(output).unlink(missing_ok=True)
    return count


def expected_rows(parts: Sequence[Path]) -> int | None:
    """Number of rows of all shards of a run, or None if the parts are not shards.

    Raises:
        GenreError: shards are missing, repeated or of different runs, or a settings file is
            damaged.
        UsageError: a settings file cannot be read.
    """
    contents = [_settings(part) for part in parts]
    first = next((place for place, content in enumerate(contents) if content.get("shard")), None)
    if first is None:
        return None
    identity = _identity(contents[first])
    for part, content in zip(parts, contents, strict=True):
        if not content.get("shard"):
            path = settings.path_for(part)
            raise GenreError(f"{part}: no shard, as {parts[first]} is (no {path.name})")
        other = _identity(content)
        for name in identity | other:
            if identity.get(name) != other.get(name):
                raise GenreError(f"{part}: of another run than {parts[first]}: {name} differs")
    numbers = [_shard(content)[0] for content in contents]
    total = _shard(contents[first])[1]
    missing = sorted(set(range(1, total + 1)) - set(numbers))
    if missing:
        raise GenreError(f"shards {missing} are missing, of {total}")
    twice = sorted({number for number in numbers if numbers.count(number) > 1})
    if twice:
        raise GenreError(f"shards {twice} are there twice, of {total}")
    return int(contents[first][settings.ABOUT]["clips"])


def _identity(content: dict[str, Any]) -> dict[str, object]:
    """Facts that the shards of one run have in common, by name, from a settings file."""
    options = {name: content.get(name) for name in _COMPARED}
    return {**options, **content[settings.ABOUT], "number of shards": _shard(content)[1]}


def _settings(part: Path) -> dict[str, Any]:
    path = settings.path_for(part)
    content = settings.load(path) if path.exists() else {}
    if content.get("shard"):
        about = content.get(settings.ABOUT)
        if not isinstance(about, dict) or not isinstance(about.get("clips"), int):
            raise GenreError(f"{path}: is damaged; delete it to join the tables without it")
    return content


def _shard(content: dict[str, Any]) -> tuple[int, int]:
    shard: tuple[int, int] = parse("shard", str(content["shard"]))
    return shard


def _common_header(parts: Sequence[Path], headers: Sequence[list[str]]) -> list[str]:
    for part, header in zip(parts, headers, strict=True):
        if tuple(header) not in HEADERS:
            raise GenreError(f"{part}: not a csv table of predict.py: its first line is another")
        if header != headers[0]:
            raise GenreError(f"{part}: its columns are not those of {parts[0]}")
    return headers[0]


def _checked(part: Path, table: Iterator[tuple[int, list[str]]], width: int) -> Iterator[list[str]]:
    """Rows of a part, checked; their ids must ascend."""
    last_id: str | None = None
    for number, cells in table:
        if len(cells) != width:
            raise GenreError(f"{part}, line {number}: {len(cells)} cells instead of {width}")
        submission.checked(cells[: len(HEADER)], f"{part}, line {number}")
        if last_id is not None and cells[0] <= last_id:
            raise GenreError(f"{part}, line {number}: {cells[0]!r} does not come after {last_id!r}")
        last_id = cells[0]
        yield cells


def _errors(parts: Sequence[Path]) -> list[str]:
    """Lines of the errors files in the order of a single run: duplicates first, then by id."""
    keyed = []
    for path in filter(Path.exists, map(errors_path, parts)):
        try:
            for line in filter(None, path.read_text(encoding="utf-8").split("\n")):
                fields = json.loads(line)
                keyed.append((fields["reason"] != "duplicate", str(fields["file_id"]), line))
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            raise GenreError(
                f"{path}: cannot be read, or is damaged; delete it to join the tables without it"
            ) from None
    return [line for *_, line in sorted(keyed, key=itemgetter(0, 1))]


def main(arguments: Sequence[str]) -> int:
    """Run the command line and return the exit code."""
    make_streams_safe()
    parser = argparse.ArgumentParser(
        prog="python -m model.cli.merge",
        description="Join csv tables of predict.py, such as the shards of a run, into one table.",
    )
    parser.add_argument("parts", nargs="+", type=Path, metavar="PART", help="csv files")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="TABLE", help="table to write"
    )
    add_option(parser, "overwrite")
    args = parser.parse_args(arguments)
    try:
        count = merge(args.parts, args.output, args.overwrite)
    except GenreError as error:
        return print_error("merge", error, FAILURE)
    print(f"Output file written at {args.output}: {count} rows of {len(args.parts)} parts")
    return SUCCESS


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
