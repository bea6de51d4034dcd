"""``python -m training``: train a system from a folder of labelled clips, or from FMA.

Predicts clips that were held out, calibrates on them, trains once more on all clips, and writes
weights, card and held-out logits. What is finished is kept in the work folder, so that the same
command goes on after an interruption.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.architectures.systems import Ingredients
    from training.data.dataset import ClipTable
    from training.trainers.trainer import Method
    from training.trainers.training_run import Plan

TEACHERS = "mn04,artist,MSD_musicnn,msd_fcn_all"
FOLDS = 5

Log = Callable[[str], None]


def main() -> int:
    """Parse the arguments and train; returns the exit code."""
    parser = _parser()
    given = parser.parse_args()
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if problem := _problem(given):
        parser.error(problem)
    from training.data.dataset import DatasetError
    from training.initial.checkpoint import CheckpointError
    from training.trainers.half_precision import PrecisionError
    from training.trainers.training_run import train

    work = given.work / given.system
    work.mkdir(parents=True, exist_ok=True)
    log = _logger(work / "log.txt")
    try:
        plan, table = _plan(given, work, log)
        if given.ablate is None:
            train(plan, table, log)
        else:
            _ablate(plan, table, given.ablate, log)
    except (CheckpointError, DatasetError, PrecisionError) as error:
        print(f"training: {error}", file=sys.stderr)
        return 1
    return 0


def _ablate(plan: "Plan", table: "ClipTable", names: list[str], log: Log) -> None:
    from training.evaluation import ablation

    found = ablation.ablate(plan, table, names or list(ablation.VARIATIONS), log)
    path = plan.results_folder / "ablation.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    log(f"{path}: written")


def _plan(given: argparse.Namespace, work: Path, log: Log) -> "tuple[Plan, ClipTable]":
    import numpy as np

    from training.architectures.systems import FUSION, SYSTEMS
    from training.data import fma, folds
    from training.data.dataset import read_table
    from training.trainers.training_run import Plan

    fitted_to = None
    if given.fma_root:
        clips = fma.clip_table(given.fma_root, log)
        table, fitted_to = clips.table, clips.part("training")
        official = np.full(len(table), -1)
        for fold, part in enumerate(("validation", "test")):
            official[clips.part(part)] = fold
        schemes = {"official": official}
    else:
        table = read_table(given.data / "clips.csv")
        schemes = {"cv0": folds.fold_numbers(table, given.folds, given.seed)}
        if given.sources:
            schemes[folds.SOURCE] = folds.source_folds(table, folds.SOURCE_PARTS)
    system = SYSTEMS[given.system]
    scratch = system.architecture != FUSION or given.init == "none"
    made_of = replace(system, branches=system.branches[:1]) if scratch else system
    plan = Plan(
        name=given.system,
        made_of=made_of,
        method=_method(given, made_of, scratch, work),
        schemes=schemes,
        work=work,
        weights_folder=given.out,
        results_folder=given.results,
        fitted_to=fitted_to,
    )
    return plan, table


def _method(
    given: argparse.Namespace, made_of: "Ingredients", scratch: bool, work: Path
) -> "Method":
    from training.trainers import challenge2018 as historical
    from training.trainers import classic, fine_tuning
    from training.trainers.networks import Networks

    if made_of.architecture in classic.LIBRARIES:
        return classic.Classic(made_of.architecture, given.seed)
    if scratch:
        recipe = historical.RECIPES.get(made_of.architecture, fine_tuning.SCRATCH)
        return Networks(made_of, work, recipe, seed=given.seed)
    teachers = given.teachers if given.teachers is not None else "" if given.fma_root else TEACHERS
    return Networks(
        made_of,
        work,
        files=_published(Path(given.init)),
        embeddings=(given.data or Path()) / "embeddings",
        teachers=tuple(filter(None, teachers.split(","))),
        seed=given.seed,
    )


def _problem(given: argparse.Namespace) -> str:
    """What is wrong with the choice of initial weights, or nothing."""
    from training.architectures.systems import FUSION, SYSTEMS

    historical = SYSTEMS[given.system].architecture != FUSION
    if historical and given.init not in (None, "none"):
        return f"{given.system} always starts at random: leave --init out"
    if not historical and given.init is None:
        return "--init is needed: a folder of published files, or `none` to start at random"
    if given.ablate is not None:
        return _cannot_ablate(given, historical)
    return ""


def _cannot_ablate(given: argparse.Namespace, historical: bool) -> str:
    from training.evaluation.ablation import VARIATIONS

    if historical or given.fma_root:
        return "--ablate needs --data, and a system of ours"
    if unknown := set(given.ablate) - set(VARIATIONS):
        return f"--ablate: no variation {min(unknown)!r}; there are: {', '.join(VARIATIONS)}"
    return ""


def _published(folder: Path) -> dict[str, Path]:
    from training.initial.checkpoint import CheckpointError

    if not folder.is_dir():
        raise CheckpointError(f"{folder}: no such folder; see docs/training.md for what it holds")
    return {path.name: path for path in sorted(folder.iterdir())}


def _parser() -> argparse.ArgumentParser:
    from model import systems
    from training.architectures.systems import SYSTEMS

    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("--system", default=systems.DEFAULT, choices=SYSTEMS)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--data", type=Path, help="folder that holds clips.csv")
    source.add_argument("--fma-root", type=Path, help="folder of fma_metadata/ and fma_medium/")
    parser.add_argument(
        "--init",
        help="folder of the published files of initial weights, or `none` to start at random; "
        "systems of 2018 always do",
    )
    parser.add_argument(
        "--teachers",
        help=f"names of embeddings/NAME.npz in the data folder, or empty (default: {TEACHERS})",
    )
    parser.add_argument("--folds", type=int, default=FOLDS)
    parser.add_argument("--sources", action="store_true", help="hold out whole sources, too")
    parser.add_argument(
        "--ablate",
        metavar="VARIATION",
        nargs="*",
        help="train nothing for good: change one part of the recipe at a time, all known ones or "
        "those that are named, and write ablation.json",
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", type=Path, default=Path("runs"))
    parser.add_argument("--out", type=Path, default=Path("weights"))
    parser.add_argument("--results", type=Path, default=Path("training/results"))
    return parser


def _logger(path: Path) -> Log:
    begun = time.monotonic()

    def log(message: str) -> None:
        line = f"{time.monotonic() - begun:7.0f} s  {message}"
        print(line, flush=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    return log


if __name__ == "__main__":
    sys.exit(main())
