"""Markdown tables and the format of figures in them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

NONE: Final = "-"
"""Content of a cell without a value."""

TEST_PART: Final = "the test part of a split in which no artist is in two parts"
"""Which clips were scored, where they are no folds of a cross-validation."""


def table(header: str, rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table.

    Args:
        header: names of the columns, separated by ``" | "``.
        rows: cells of each row.
    """
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    lines = [f"| {header} |", "|---" * len(header.split(" | ")) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in cells)])


def number(figure: Mapping[str, float | None] | None, digits: int = 3) -> str:
    """The value of a figure without its interval."""
    value = None if figure is None else figure["value"]
    return NONE if value is None else f"{value:.{digits}f}"


def with_interval(figure: Mapping[str, float | None], digits: int = 3) -> str:
    """The value of a figure with its interval, if it has one."""
    if figure["value"] is None or figure["low"] is None:
        return number(figure, digits)
    return f"{number(figure, digits)} ({figure['low']:.2f} to {figure['high']:.2f})"
