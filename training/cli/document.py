"""``document``: write the generated tables of README.md, MODEL_CARD.md and other documents.

With --results, write a page with the tables of another folder of results instead, such as that of a
training on FMA.
"""

import argparse
from pathlib import Path

from training.documents.files import write_changed
from training.documents.rendering import renew
from training.documents.results_page import FILE, page


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``document``."""
    parser.add_argument("--check", action="store_true", help="change nothing, exit with 1 on drift")
    parser.add_argument(
        "--results",
        type=Path,
        help=f"folder of other results; writes the page {FILE} and leaves the documents alone",
    )
    parser.add_argument(
        "--weights", type=Path, help="folder of the cards (default: weights, beside --results)"
    )
    parser.add_argument("--out", type=Path, help="folder of the page (default: that of --results)")


def command(args: argparse.Namespace) -> int:
    """Write the documents, or with ``--check`` name those that are out of date."""
    drifted = _write_page(args) if args.results else renew(args.check)
    for name in drifted:
        action = "out of date; run the same command without --check" if args.check else "written"
        print(f"{name}: {action}")
    return int(args.check and bool(drifted))


def _write_page(args: argparse.Namespace) -> list[str]:
    folder = args.out or args.results
    text = page(args.results, args.weights or args.results.parent / "weights", folder)
    path = folder / FILE
    return [str(path)] if write_changed(path, text, args.check) else []
