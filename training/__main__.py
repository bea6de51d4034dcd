"""``python -m training``: train the default system from a folder of labelled clips.

Cross-validates over group-disjoint folds, calibrates on the held-out predictions, trains once more
on all clips, and writes weights, card and results. What is finished is kept in the work folder, so
that the same command goes on after an interruption.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

MN04 = "899a8c6217063f6941793102a2780b3dd788ab11fce468d9cf5f0577c453321c"


def main() -> int:
    """Parse the arguments and train; returns the exit code."""
    given = _parser().parse_args()
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from training.checkpoint import CheckpointError
    from training.dataset import DatasetError
    from training.train import Plan, train

    given.work.mkdir(parents=True, exist_ok=True)
    teachers = tuple(filter(None, given.teachers.split(",")))
    plan = Plan(
        data=given.data,
        initial=given.init,
        initial_sha256=given.init_sha256,
        teachers=teachers,
        folds=given.folds,
        seed=given.seed,
        work=given.work,
        weights_folder=given.out,
        results_folder=given.results,
    )
    try:
        train(plan, _logger(given.work / "log.txt"))
    except (CheckpointError, DatasetError) as error:
        print(f"training: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds clips.csv")
    parser.add_argument("--init", type=Path, required=True, help="the file mn04_as_mAP_432.pt")
    parser.add_argument("--init-sha256", default=MN04, help="its SHA-256 (default: the release's)")
    parser.add_argument(
        "--teachers",
        default="mn04,artist,MSD_musicnn,msd_fcn_all",
        help="names of embeddings/NAME.npz in the data folder, empty for none",
    )
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", type=Path, default=Path("runs/mobilenet"))
    parser.add_argument("--out", type=Path, default=Path("weights"))
    parser.add_argument("--results", type=Path, default=Path("training/results"))
    return parser


def _logger(path: Path) -> Callable[[str], None]:
    begun = time.monotonic()

    def log(message: str) -> None:
        line = f"{time.monotonic() - begun:7.0f} s  {message}"
        print(line, flush=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    return log


if __name__ == "__main__":
    sys.exit(main())
