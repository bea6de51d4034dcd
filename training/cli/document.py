"""``document``: write the generated tables of README.md, MODEL_CARD.md and other documents."""

import argparse

from training.documents.rendering import renew


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``document``."""
    parser.add_argument("--check", action="store_true", help="change nothing, exit with 1 on drift")


def command(args: argparse.Namespace) -> int:
    """Write the documents, or with ``--check`` name those that are out of date."""
    drifted = renew(args.check)
    for name in drifted:
        action = "out of date; run python -m training document" if args.check else "written"
        print(f"{name}: {action}")
    return int(args.check and bool(drifted))
