"""``score CSV --truth LABELS``: compute the challenge's log loss and F1."""

import argparse
from pathlib import Path

from grader.commands.arguments import add_table, add_truth
from grader.judging.labels import read_labels
from grader.judging.table import read_table
from grader.report.page import write_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments to its parser."""
    add_table(parser)
    add_truth(parser, required=True)
    parser.add_argument(
        "--subset", action="store_true", help="score the labelled clips that have a row"
    )
    parser.add_argument("--name", help="name on the leaderboard (default: the file's name)")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write a result for leaderboard")


def command(args: argparse.Namespace) -> int:
    """Print the scores; 1 when the table breaks a rule or lacks the row of a labelled clip."""
    from grader.judging.scores import score_rows

    table = read_table(args.table)
    for violation in table.violations:
        print(f"{args.table}: {violation}")
    if table.violations:
        print(f"{args.table}: not scored; a table must be valid first")
        return 1
    labels = read_labels(args.truth)
    missing = [file_id for file_id in labels if file_id not in table.rows]
    if missing and not args.subset:
        print(
            f"{args.table}: {len(missing)} labelled clip(s) have no row "
            f"({', '.join(map(repr, missing[:3]))}); "
            "see `validate`, or use --subset to score the rows that are there"
        )
        return 1
    labels = {file_id: genre for file_id, genre in labels.items() if file_id in table.rows}
    result = score_rows(table.rows, labels)
    print(result.text(len(table.rows) - len(labels)))
    if args.json:
        name = args.name or args.table.stem
        write_json(args.json, {"name": name, "scores": result.scores.as_dict()})
    return 0
