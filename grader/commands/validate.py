"""``validate CSV --clips DIR``: every broken rule, with its line."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from grader.judging.table import Breach, expected_ids, read_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command line."""
    parser.add_argument("table", metavar="CSV", type=Path, help="the table to check")
    parser.add_argument(
        "--clips", metavar="DIR", type=Path, required=True, help="folder of the clips it is for"
    )


def command(arguments: argparse.Namespace) -> int:
    """Print what is wrong; 1 when something is."""
    expected = expected_ids(arguments.clips)
    table = read_table(arguments.table, expected)
    for breach in table.breaches:
        print(f"{arguments.table}: {breach}")
    print(f"{arguments.table}: {summary(table.breaches, expected)}")
    return int(bool(table.breaches))


def summary(breaches: Sequence[Breach], expected: Sequence[str]) -> str:
    """One line about a whole table."""
    if not breaches:
        return f"valid, one row for each of {len(expected)} clips"
    return f"{len(breaches)} rule(s) broken: {', '.join(sorted({b.rule for b in breaches}))}"
