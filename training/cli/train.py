"""``train``: train a system from a folder of labelled clips, or from FMA.

Predicts clips that were held out, calibrates on them, trains once more on all clips, and writes
weights, card and held-out logits. Finished parts are stored in the work folder, so the same
command continues after an interruption.
"""

import argparse
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from model.errors import UsageError
from training.log import log_to

if TYPE_CHECKING:
    from training.architectures.systems import SystemSpec
    from training.data.dataset import ClipTable
    from training.log import Log
    from training.trainers.trainer import Trainer
    from training.trainers.training_run import TrainingRun

TEACHERS: Final = "mn04,artist,MSD_musicnn,msd_fcn_all"
FOLDS: Final = 5


def command(args: argparse.Namespace) -> int:
    """Train and return the exit code."""
    run, table, log = prepare(args)
    from training.trainers.training_run import train

    train(run, table, log)
    return 0


def prepare(args: argparse.Namespace) -> "tuple[TrainingRun, ClipTable, Log]":
    """What to train, on which clips, and the log.

    Raises:
        UsageError: the choice of initial weights does not fit the system.
        DatasetError: the data cannot be used.
        CheckpointError: the folder of initial weights is missing.
    """
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    _check_initial_weights(args)
    work = args.work / args.system
    work.mkdir(parents=True, exist_ok=True)
    log = log_to(work / "log.txt")
    return *_training_run(args, work, log), log


def _check_initial_weights(args: argparse.Namespace) -> None:
    from training.architectures.systems import FUSION, SYSTEMS

    historical = SYSTEMS[args.system].architecture != FUSION
    if historical and args.init not in (None, "none"):
        raise UsageError(f"{args.system} always starts at random: leave --init out")
    if not historical and args.init is None:
        raise UsageError(
            "--init is needed: a folder of published files, or `none` to start at random"
        )


def _training_run(
    args: argparse.Namespace, work: Path, log: "Log"
) -> "tuple[TrainingRun, ClipTable]":
    import numpy as np

    from training.architectures.systems import FUSION, SYSTEMS
    from training.data import fma, folds
    from training.data.dataset import read_table
    from training.trainers.training_run import TrainingRun

    fitted_to = None
    if args.fma_root:
        clips = fma.clip_table(args.fma_root, log)
        table, fitted_to = clips.table, clips.part("training")
        official = np.full(len(table), -1)
        for fold, part in enumerate(("validation", "test")):
            official[clips.part(part)] = fold
        schemes = {"official": official}
    else:
        table = read_table(args.data / "clips.csv")
        schemes = {"cv0": folds.fold_numbers(table, args.folds, args.seed)}
        if args.sources:
            schemes[folds.SOURCE] = folds.source_folds(table, folds.SOURCE_PARTS)
    system = SYSTEMS[args.system]
    scratch = system.architecture != FUSION or args.init == "none"
    alone = {"branches": system.branches[:1]} if system.architecture == FUSION else {}
    spec = replace(system, parameters={**system.parameters, **alone}) if scratch else system
    run = TrainingRun(
        name=args.system,
        spec=spec,
        trainer=_trainer(args, spec, scratch, work),
        schemes=schemes,
        work=work,
        weights_folder=args.out,
        results_folder=args.results,
        fitted_to=fitted_to,
    )
    return run, table


def _trainer(args: argparse.Namespace, spec: "SystemSpec", scratch: bool, work: Path) -> "Trainer":
    from training.optimization.config import SCRATCH, FinishingConfig
    from training.trainers import challenge2018 as historical
    from training.trainers import classic
    from training.trainers.networks import Networks

    if spec.architecture in classic.LIBRARIES:
        return classic.Classic(spec.architecture, args.seed)
    if scratch:
        config = historical.CONFIGS.get(spec.architecture, SCRATCH)
        return Networks(spec, work, config, seed=args.seed)
    teachers = args.teachers if args.teachers is not None else "" if args.fma_root else TEACHERS
    return Networks(
        spec,
        work,
        finishing=FinishingConfig(),
        files=_published(Path(args.init)),
        embeddings=(args.data or Path()) / "embeddings",
        teachers=tuple(filter(None, teachers.split(","))),
        seed=args.seed,
    )


def _published(folder: Path) -> dict[str, Path]:
    from training.initial.checkpoint import CheckpointError

    if not folder.is_dir():
        raise CheckpointError(f"{folder}: no such folder; see docs/training.md for what it holds")
    return {path.name: path for path in sorted(folder.iterdir())}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``train``; ``ablate`` has them, too."""
    from model import systems
    from training.architectures.systems import SYSTEMS

    parser.add_argument(
        "--system", default=systems.DEFAULT, choices=SYSTEMS, help="name of a system"
    )
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
        help=f"names of embeddings/NAME.npz in the data folder, or empty ({TEACHERS} with --data)",
    )
    parser.add_argument("--folds", type=int, default=FOLDS, help="cross-validation folds")
    parser.add_argument("--sources", action="store_true", help="hold out whole sources, too")
    parser.add_argument("--seed", type=int, default=0, help="of folds, crops, order and dropout")
    parser.add_argument("--work", type=Path, default=Path("runs"), help="folder to continue from")
    parser.add_argument("--out", type=Path, default=Path("weights"), help="folder of the weights")
    parser.add_argument(
        "--results",
        type=Path,
        default=Path("training/results"),
        help="folder of the held-out logits",
    )
