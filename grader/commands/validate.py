"""``validate CSV --clips DIR``: list every broken rule of a table, with its line."""

import argparse
from pathlib import Path

from grader.commands.arguments import add_table
from grader.judging.table import expected_ids, read_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments to its parser."""
    add_table(parser)
    parser.add_argument(
        "--clips", metavar="DIR", type=Path, required=True, help="folder of the clips it is for"
    )


def command(args: argparse.Namespace) -> int:
    """Print the broken rules; 1 when there is one."""
    expected = expected_ids(args.clips)
    table = read_table(args.table, expected)
    for violation in table.violations:
        print(f"{args.table}: {violation}")
    if table.violations:
        rules = ", ".join(sorted(table.rules))
        more = f" ({table.omitted} of these lines are left out)" if table.omitted else ""
        count = len(table.violations) + table.omitted
        print(f"{args.table}: {count} rule(s) broken: {rules}{more}")
    else:
        print(f"{args.table}: valid, one row for each of {len(expected)} clips")
    return int(bool(table.violations))
