"""Tables as csv, parquet or json lines, row by row, so that memory stays flat."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Final, TextIO, TypeAlias, TypeVar, get_args

from model.errors import GenreError
from model.files import AtomicFile
from model.options import TableFormat
from model.outputs.submission import csv_line

FORMATS: Final = get_args(TableFormat)
_BY_SUFFIX: Final = {".parquet": "parquet", ".pq": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl"}
GROUP_ROWS: Final = 2_000
"""Rows that parquet takes at once; they are held in memory."""

T = TypeVar("T")
Cell: TypeAlias = str | float
Row: TypeAlias = Sequence[Cell]
Columns: TypeAlias = Mapping[str, type[str] | type[float]]


class PackageError(GenreError):
    """A package that an option needs is not installed; the message says which and what to do."""


def of(path: Path) -> str:
    """The format that a file's name asks for; csv unless it says otherwise."""
    return _BY_SUFFIX.get(path.suffix.lower(), "csv")


def require(form: str) -> None:
    """See, before a long run, that a format can be written in the end.

    Raises:
        PackageError: a package is missing.
    """
    if form == "parquet":
        require_package("pyarrow", "parquet files need it; csv and jsonl do not")


def require_package(name: str, why: str) -> None:
    """See that a package is there that not everybody needs.

    Raises:
        PackageError: it is not.
    """
    if find_spec(name) is None:
        raise PackageError(
            f"the package {name} is not installed ({why}): run `pip install {name}` in this "
            "environment, or `make dev`, which has it"
        )


def write(path: Path, form: str, columns: Columns, rows: Iterable[Row]) -> None:
    """Write a table whole or not at all.

    Args:
        path: where to.
        form: one of ``FORMATS``.
        columns: names and types of the cells of a row, in order.
        rows: the cells.

    Raises:
        OutputError: the path cannot be written.
        PackageError: a package is missing.
    """
    require(form)
    with AtomicFile(path) as file:
        append(file, form, columns, rows)


def append(file: TextIO, form: str, columns: Columns, rows: Iterable[Row]) -> None:
    """Write a table to a file that is open and empty; the arguments of ``write``."""
    if form == "csv":
        file.write(csv_line(list(columns)))
        file.writelines(csv_line([_text(cell) for cell in row]) for row in rows)
    elif form == "jsonl":
        for row in rows:
            cells = dict(zip(columns, row, strict=True))
            file.write(json.dumps(cells, ensure_ascii=False) + "\n")
    else:
        _append_parquet(file, columns, rows)


def in_groups(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    """Rows in lists of ``size``, the last one shorter."""
    rest = iter(rows)
    while group := list(islice(rest, size)):
        yield group


def _text(cell: Cell) -> str:
    return cell if isinstance(cell, str) else repr(float(cell))


def _append_parquet(file: TextIO, columns: Columns, rows: Iterable[Row]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    types = {str: pa.string(), float: pa.float64()}
    schema = pa.schema([(name, types[kind]) for name, kind in columns.items()])
    with parquet.ParquetWriter(file.buffer, schema) as writer:
        for group in in_groups(rows, GROUP_ROWS):
            cells = [list(column) for column in zip(*group, strict=True)]
            writer.write_table(pa.table(cells, schema=schema))
