"""``train``: train a system from a folder of labelled clips, or from FMA.

Predicts clips that were held out, calibrates on them, trains once more on all clips, and writes
weights, card and held-out logits. Finished parts are stored in the work folder, so the same
command continues after an interruption.
"""

import argparse
import os
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from model.errors import UsageError
from training.cli.values import whole_number
from training.log import log_to

if TYPE_CHECKING:
    from training.architectures.systems import SystemSpec
    from training.data.dataset import ClipTable
    from training.log import Log
    from training.optimization.config import TrainingConfig
    from training.trainers.trainer import Trainer
    from training.trainers.training_run import TrainingRun

TEACHERS: Final = "mn04,artist,MSD_musicnn,msd_fcn_all"
FOLDS: Final = 5


def command(args: argparse.Namespace) -> int:
    """Train and return the exit code."""
    _check_initial_weights(args)
    card = _folder(args, "weights") / f"{_name(args)}.json"
    if card.exists() and not args.replace:
        raise UsageError(f"{card} exists: choose another --name or --out, or give --replace")
    if args.tensorboard and find_spec("tensorboard") is None:
        raise UsageError("--tensorboard needs a package: pip install tensorboard")
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
    work = args.work / _name(args)
    work.mkdir(parents=True, exist_ok=True)
    log = log_to(work / "log.txt")
    return *_training_run(args, work, log), log


def _name(args: argparse.Namespace) -> str:
    default = f"{args.system}_fma_{args.subset}" if args.fma_root else args.system
    return str(args.name or default)


def _folder(args: argparse.Namespace, kind: str) -> Path:
    """Folder of the weights or of the results; those of FMA's subsets are apart from our own."""
    chosen: Path | None = args.out if kind == "weights" else args.results
    if chosen is not None:
        return chosen
    if args.fma_root:
        return Path(args.work, f"fma_{args.subset}", kind)
    return Path("weights" if kind == "weights" else "training/results")


def _check_initial_weights(args: argparse.Namespace) -> None:
    from training.architectures.systems import FUSION, SYSTEMS

    historical = SYSTEMS[args.system].architecture != FUSION
    if historical and args.init not in (None, "none"):
        raise UsageError(f"{args.system} always starts at random: leave --init out")
    if args.epochs == 0 and (historical or args.init == "none"):
        raise UsageError("--epochs 0 would leave random weights as they are: give at least 1")
    if not historical and args.init is None:
        raise UsageError(
            "--init is needed: a folder of published files, or `none` to start at random"
        )


def _training_run(
    args: argparse.Namespace, work: Path, log: "Log"
) -> "tuple[TrainingRun, ClipTable]":
    from training.architectures.systems import FUSION, SYSTEMS
    from training.data import fma, folds
    from training.data.dataset import read_table
    from training.trainers.training_run import TrainingRun

    spec, split, schemes = SYSTEMS[args.system], None, {}
    scratch = spec.architecture != FUSION or args.init == "none"
    if args.fma_root:
        clips = fma.clip_table(args.fma_root, log, args.subset)
        table, split = clips.table, clips.split
        start = "random" if scratch else "published"
        summary = f"{spec.summary}; trained on fma_{args.subset} from {start} weights"
        spec = replace(spec, summary=summary)
    else:
        table = read_table(args.data / "clips.csv")
        schemes = {"cv0": folds.fold_numbers(table, args.folds, args.seed)}
        if args.sources:
            schemes[folds.SOURCE] = folds.source_folds(table, folds.SOURCE_PARTS)
    run = TrainingRun(
        name=_name(args),
        spec=spec,
        trainer=_trainer(args, spec, scratch, work),
        schemes=schemes,
        work=work,
        weights_folder=_folder(args, "weights"),
        results_folder=_folder(args, "results"),
        split=split,
    )
    return run, table


def _trainer(args: argparse.Namespace, spec: "SystemSpec", scratch: bool, work: Path) -> "Trainer":
    from training.optimization.config import FROZEN, SCRATCH, FinishingConfig, TrainingConfig
    from training.trainers import challenge2018 as historical
    from training.trainers import classic
    from training.trainers.networks import Networks

    if spec.architecture in classic.LIBRARIES:
        return classic.Classic(spec.architecture, args.seed, _band_limit(args))
    if scratch:
        config = historical.CONFIGS.get(spec.architecture, SCRATCH)
        return Networks(
            spec,
            work,
            _changed(config, args),
            seed=args.seed,
            tensorboard=args.tensorboard,
            band_limit_hz=_band_limit(args),
        )
    teachers = args.teachers if args.teachers is not None else "" if args.fma_root else TEACHERS
    return Networks(
        spec,
        work,
        _changed(TrainingConfig() if args.fma_root else FROZEN, args),
        # FMA's clips are many, and of one source
        finishing=FinishingConfig(views=0) if args.fma_root else FinishingConfig(),
        files=_published(Path(args.init)),
        embeddings=(args.data or Path()) / "embeddings",
        teachers=tuple(filter(None, teachers.split(","))),
        seed=args.seed,
        tensorboard=args.tensorboard,
        band_limit_hz=_band_limit(args),
    )


def _band_limit(args: argparse.Namespace) -> float:
    from training.architectures.front_ends import CLIPS_BAND_LIMIT_HZ

    if args.band_limit is not None:
        return float(args.band_limit)
    return 0.0 if args.fma_root else CLIPS_BAND_LIMIT_HZ


def _changed(config: "TrainingConfig", args: argparse.Namespace) -> "TrainingConfig":
    from training.optimization.precision import choose_precision

    epochs = config.epochs if args.epochs is None else args.epochs
    return replace(config, epochs=epochs, precision=choose_precision(args.precision))


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
    source.add_argument(
        "--fma-root", type=Path, help="folder of FMA: fma_metadata/ and fma_SUBSET/"
    )
    parser.add_argument(
        "--subset",
        choices=("small", "medium", "large"),
        default="medium",
        help="subset of FMA; its official split chooses the epoch and gives the scores",
    )
    parser.add_argument(
        "--name", help="name of the trained system (default: that of --system; SYSTEM_fma_SUBSET)"
    )
    parser.add_argument(
        "--epochs",
        type=whole_number(0),
        help="most epochs; 0 fits only the last layer (default: those of the system)",
    )
    parser.add_argument(
        "--init",
        help="folder of the published files of initial weights, or `none` to start at random; "
        "systems of 2018 always do",
    )
    parser.add_argument(
        "--teachers",
        help=f"names of embeddings/NAME.npz in the data folder, or empty ({TEACHERS} with --data)",
    )
    parser.add_argument(
        "--band-limit",
        type=whole_number(0),
        metavar="HZ",
        help="treat what is above this frequency as silence, 0 for no limit (default: 10000, where "
        "our training clips end; no limit with --fma-root)",
    )
    parser.add_argument(
        "--folds", type=whole_number(2), default=FOLDS, help="cross-validation folds"
    )
    parser.add_argument("--sources", action="store_true", help="hold out whole sources, too")
    parser.add_argument(
        "--seed", type=whole_number(0), default=0, help="of folds, crops, order and dropout"
    )
    parser.add_argument(
        "--precision",
        choices=("auto", "single", "mixed"),
        default="auto",
        help="in which layers compute during training; auto: mixed if TensorFlow sees a GPU",
    )
    parser.add_argument(
        "--tensorboard",
        type=Path,
        metavar="DIR",
        help="write losses and scores of each epoch for TensorBoard, too",
    )
    parser.add_argument("--work", type=Path, default=Path("runs"), help="folder to continue from")
    parser.add_argument(
        "--out",
        type=Path,
        help="folder of the weights (default: weights; with --fma-root WORK/fma_SUBSET/weights)",
    )
    parser.add_argument(
        "--replace", action="store_true", help="replace the weights of the same name in --out"
    )
    parser.add_argument(
        "--results",
        type=Path,
        help="folder of the held-out logits (default: training/results; with --fma-root "
        "WORK/fma_SUBSET/results)",
    )
