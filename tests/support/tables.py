"""Tables of made-up rows, written as a run writes them."""

from collections.abc import Iterable
from pathlib import Path

from model.clips import Clip
from model.outputs import formats, table
from model.outputs.submission import Row
from model.results import Result


def write_table(path: Path, rows: Iterable[Row]) -> None:
    """Write a submission with these rows."""
    results = (Result(Clip(row.file_id, ""), row.probabilities, True) for row in rows)
    layout = table.Layout()
    formats.write(path, "csv", layout.columns, map(layout.row, results))
