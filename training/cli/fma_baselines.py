"""``fma-baselines``: accuracies of simple classifiers on FMA's features, beside the published ones.

Fits each classifier to each feature set of the training part of the official split and scores the
test part, as the paper on FMA did. Takes about an hour for fma_medium.
"""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``fma-baselines``."""
    from training.data.fma import SUBSETS

    parser.add_argument("--fma-root", type=Path, required=True, help="folder of FMA")
    parser.add_argument(
        "--features",
        type=Path,
        help="table of features (default: fma_metadata/features.csv in the folder of FMA)",
    )
    parser.add_argument("--subset", choices=SUBSETS, default="medium", help="subset of FMA")


def command(args: argparse.Namespace) -> int:
    """Print a row of the table as soon as it is known, and return the exit code."""
    from training.evaluation import fma_baselines

    path = args.features or args.fma_root / "fma_metadata" / "features.csv"
    data = fma_baselines.read(args.fma_root, path, args.subset)
    print(
        f"{len(data.training)} training tracks, {len(data.test)} test tracks; accuracy in percent"
    )
    names = " | ".join(fma_baselines.CLASSIFIERS)
    print(f"| features | columns | {names} | published: {names} |")
    print(f"|{'---|' * (2 + 2 * len(fma_baselines.CLASSIFIERS))}")
    for row in fma_baselines.accuracies(data):
        cells = [row.features, row.columns, *(f"{value:.1f}" for value in row.percent)]
        print(f"| {' | '.join(map(str, [*cells, *row.published]))} |", flush=True)
    return 0
