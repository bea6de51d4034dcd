"""``baselines``: weights and cards of the systems that ignore the audio."""

import argparse
from pathlib import Path

from model import systems
from model.files import OutputError
from model.systems import cards
from training.evaluation import baselines


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``baselines``."""
    parser.add_argument("--seed", type=_seed, default=baselines.SEED, help="of `random`")
    parser.add_argument("--out", type=Path, default=systems.WEIGHTS_FOLDER, help="folder to write")


def command(args: argparse.Namespace) -> int:
    """Write weights and cards and return the exit code."""
    try:
        for card in (baselines.random(args.out, args.seed), baselines.prior(args.out)):
            print(f"{cards.write(card, args.out)}: {card.summary}")
    except OSError as error:
        raise OutputError(f"{args.out}: cannot be written: {error.strerror}") from None
    return 0


def _seed(text: str) -> int:
    seed = int(text)
    if not 0 <= seed < 2**63:
        raise argparse.ArgumentTypeError("must be a whole number from 0 to 2**63 - 1")
    return seed
