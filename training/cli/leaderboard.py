"""``leaderboard``: all systems on the same clips, scores beside costs, as json.

Writes ``leaderboard.json`` and a figure, and renews the documents.
"""

import argparse
import sys
from pathlib import Path

from model import systems
from training.documents import files
from training.documents.files import write_json
from training.evaluation import costs
from training.evaluation.bootstrap import DRAWS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``leaderboard``."""
    parser.add_argument("--weights", type=Path, default=systems.WEIGHTS_FOLDER, help="cards")
    parser.add_argument(
        "--results",
        type=Path,
        default=files.RESULTS,
        help="folder of the logits, to which leaderboard.json is written; documents are renewed "
        "only from the project's own folder",
    )
    parser.add_argument("--costs", type=Path, default=costs.PATH, help="measured costs")
    parser.add_argument("--pictures", type=Path, help=files.PICTURES_HELP)
    parser.add_argument("--draws", type=int, default=DRAWS, help="resamplings for the intervals")


def command(args: argparse.Namespace) -> int:
    """Compute, write, and return the exit code."""
    from training.documents import pictures, rendering
    from training.evaluation.leaderboard import FILE, leaderboard

    board = leaderboard(args.weights, args.results, costs.read(args.costs), args.draws)
    path = write_json(args.results / FILE, board)
    drawn = pictures.draw_leaderboard(board, args.pictures or files.pictures_folder(args.results))
    renewed = rendering.renew() if files.is_own(args.results) else []
    for written in (path, drawn, *renewed):
        print(f"{written}: written")
    for name, reason in board["left_out"].items():
        print(f"leaderboard: {name} is left out: {reason}", file=sys.stderr)
    for row in board["systems"]:
        if row["cost"] is None:
            print(
                f"leaderboard: {row['name']} has no costs yet; run python -m benchmarks systems",
                file=sys.stderr,
            )
    return 0
