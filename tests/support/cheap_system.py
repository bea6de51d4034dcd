"""The command line with a system that needs no TensorFlow, for tests of everything around it.

``python -m tests.support.cheap_system FOLDER ARGUMENTS...``: FOLDER holds the card that
``write_card`` made. The variable ``CHEAP_SYSTEM_PAUSE`` holds the seconds that the network waits
in each call.
"""

import dataclasses
import os
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model import systems
from model.cli import main
from model.systems import cards
from model.systems.base import Execution, Network
from model.systems.cards import Card

NAME = "cheap"
PAUSE = "CHEAP_SYSTEM_PAUSE"


def write_card(folder: Path) -> None:
    """Make the card of the cheap system, with the front end of the default one."""
    (folder / f"{NAME}.weights.h5").write_bytes(b"no weights")
    default = cards.read(systems.DEFAULT, Path(systems.__file__).parents[2] / "weights")
    weights = cards.describe(folder / f"{NAME}.weights.h5")
    card = dataclasses.replace(default, name=NAME, architecture=NAME, weights=weights)
    cards.write(card, folder)


def connect(card: Card, weights: Path, execution: Execution) -> Network:
    """Create the cheap network."""
    return CheapNetwork(execution.batch or 12)


class CheapNetwork:
    """Means of the first sixteen bands as logits."""

    def __init__(self, batch: int) -> None:
        self.batch = batch
        self.pause = float(os.environ.get(PAUSE, "0"))

    def __call__(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        time.sleep(self.pause)
        means: NDArray[np.float32] = windows.mean(axis=1)
        return means[:, :16]


if __name__ == "__main__":
    systems.WEIGHTS_FOLDER = Path(sys.argv[1])  # type: ignore[misc]
    systems.DEFAULT = NAME  # type: ignore[misc]
    sys.modules[f"model.systems.ours.{NAME}"] = sys.modules["__main__"]
    sys.exit(main.main(sys.argv[2:]))
