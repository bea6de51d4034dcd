"""``ablate``: scores of a system with one part of its training configuration changed at a time.

Writes ``ablation.json`` into the folder of results; no weights are written.
"""

import argparse

from model.errors import UsageError
from training.cli import train


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``train``, and the names of variations."""
    train.add_arguments(parser)
    parser.add_argument(
        "--variations",
        metavar="NAME",
        nargs="+",
        help="variations to train; all of them if left out",
    )


def command(args: argparse.Namespace) -> int:
    """Score the variations and return the exit code."""
    from training.architectures.systems import FUSION, SYSTEMS
    from training.documents.files import write_json
    from training.trainers.ablation import VARIATIONS, ablate

    if SYSTEMS[args.system].architecture != FUSION or args.fma_root:
        raise UsageError("ablate needs --data, and a system of ours")
    names = args.variations or list(VARIATIONS)
    if unknown := set(names) - set(VARIATIONS):
        raise UsageError(f"no variation {min(unknown)!r}; there are: {', '.join(VARIATIONS)}")
    if args.init == "none":
        raise UsageError("ablate needs the published files of initial weights: --init FOLDER")
    run, table, log = train.prepare(args)
    path = write_json(run.results_folder / "ablation.json", ablate(run, table, names, log))
    log(f"{path}: written")
    return 0
