"""Tables as csv, parquet, json lines or xlsx, written row by row so that memory stays constant."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final, TextIO, TypeAlias, TypeVar, get_args
from zipfile import ZIP_DEFLATED, ZipFile

from model.clips import printable
from model.errors import UsageError, require_package
from model.files import atomic_file
from model.options import TableFormat
from model.outputs.submission import csv_line

FORMATS: Final[tuple[TableFormat, ...]] = get_args(TableFormat)
GROUP_ROWS: Final = 2_000
"""Rows in a row group of a parquet file; a group is held in memory."""

XLSX_MARK: Final = b"file_id"
"""Comment at the end of an xlsx file by which later runs know that it is one of theirs."""

_BY_SUFFIX: Final[Mapping[str, TableFormat]] = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".xlsx": "xlsx",
}

_NOT_WRITTEN: Final = frozenset({".json", ".xls", ".ods", ".tsv", ".feather", ".arrow", ".html"})
"""Suffixes of files that nobody would expect to be csv."""

_NOT_IN_XML: Final = re.compile(r"[^\t\n -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

T = TypeVar("T")
Value: TypeAlias = str | float
Row: TypeAlias = Sequence[Value]
Columns: TypeAlias = Mapping[str, type[str] | type[float]]
"""Names and types of the values of a row, in order."""


def of(path: Path) -> TableFormat:
    """The format that the name of a file asks for; csv for an unknown suffix.

    Raises:
        UsageError: the suffix is that of a format which is not written here.
    """
    suffix = path.suffix.lower()
    if suffix in _NOT_WRITTEN:
        raise UsageError(
            f"{path}: tables are written as csv, parquet, jsonl or xlsx; change the suffix, or "
            "name the format with --format"
        )
    return _BY_SUFFIX.get(suffix, "csv")


def require(form: str) -> None:
    """Check before a run that a format can be written.

    Raises:
        GenreError: a package is not installed.
    """
    if form == "parquet":
        require_package("pyarrow", "parquet files need it; other formats do not")
    if form == "xlsx":
        require_package("openpyxl", "xlsx files need it; other formats do not")


def write(path: Path, form: str, columns: Columns, rows: Iterable[Row]) -> None:
    """Write a table.

    Args:
        path: file to write.
        form: one of ``FORMATS``.
        columns: names and types of the values of a row.
        rows: values, in the order of the columns.

    Raises:
        OutputError: the path cannot be written.
        GenreError: a package is not installed.
    """
    require(form)
    with atomic_file(path) as file:
        append(file, form, columns, rows)


def append(file: TextIO, form: str, columns: Columns, rows: Iterable[Row]) -> None:
    """Write a table to an open, empty file; the other arguments are those of ``write``."""
    if form == "csv":
        file.write(csv_line(list(columns)))
        file.writelines(csv_line([_text(value) for value in row]) for row in rows)
    elif form == "jsonl":
        for row in rows:
            values = dict(zip(columns, row, strict=True))
            file.write(json.dumps(values, ensure_ascii=False) + "\n")
    elif form == "xlsx":
        _append_xlsx(file, columns, rows)
    else:
        _append_parquet(file, columns, rows)


def in_groups(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    """Rows in lists of ``size``; the last list may be shorter."""
    rest = iter(rows)
    while group := list(islice(rest, size)):
        yield group


def _text(value: Value) -> str:
    return value if isinstance(value, str) else repr(float(value))


def _append_parquet(file: TextIO, columns: Columns, rows: Iterable[Row]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    types = {str: pa.string(), float: pa.float64()}
    schema = pa.schema([(name, types[kind]) for name, kind in columns.items()])
    with parquet.ParquetWriter(file.buffer, schema) as writer:
        for group in in_groups(rows, GROUP_ROWS):
            arrays = [list(column) for column in zip(*group, strict=True)]
            writer.write_table(pa.table(arrays, schema=schema))


def _append_xlsx(file: TextIO, columns: Columns, rows: Iterable[Row]) -> None:
    """Texts stay texts, also where they begin as a formula does; XML has no control characters."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.writer.excel import ExcelWriter

    book = Workbook(write_only=True)
    sheet = book.create_sheet("genres")

    def cell(value: Value) -> Any:
        if not isinstance(value, str):
            return value
        made = WriteOnlyCell(sheet, _NOT_IN_XML.sub(lambda found: printable(found[0]), value))
        made.data_type = "s"
        return made

    for row in chain([[*columns]], rows):
        sheet.append([cell(value) for value in row])
    with ZipFile(file.buffer, "w", ZIP_DEFLATED) as archive:
        archive.comment = XLSX_MARK
        ExcelWriter(book, archive).write_data()
