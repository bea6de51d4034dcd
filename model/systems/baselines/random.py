"""The starter kit's random submission: a softmax of sixteen uniform numbers for every clip.

Source: ``random_submission.py`` of the starter kit of 2018 (crowdAI). Its draws go on from clip to
clip. Deviations, so that an answer depends on nothing but the clip:

- The generator is seeded anew for each window, by the seed of the weights and a hash of the window.
  The same audio gets the same answer under every name, in every order and by any number of workers;
  another decoder or processor may round a spectrogram differently, and then draws differently.
- A clip of up to 45 seconds is one window. A longer one has the mean of several draws.
- The class mix of the card is uniform. Exactly the kit's answer is what ``--prior uniform`` gives.
"""

import hashlib
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.genres import GENRES
from model.systems.base import Execution
from model.systems.cards import Card

_BATCH: Final = 4


def connect(card: Card, weights: Path, execution: Execution) -> "Random":
    """Read the weights; of the arguments, ``execution.batch`` and the weights are used."""
    return Random(weights, execution)


class Random:
    """Draws by a window's content.

    Args:
        weights: a file of numpy with the seed, a whole number from 0.
        execution: only ``batch`` is used.
    """

    def __init__(self, weights: Path, execution: Execution) -> None:
        self.batch = execution.batch or _BATCH
        self._seed = int(np.load(weights))

    def __call__(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Uniform numbers as logits, shape [batch, 16], of windows, [batch, frames, bands]."""
        return np.stack([self._draw(window) for window in windows])

    def _draw(self, window: NDArray[np.float32]) -> NDArray[np.float32]:
        content = hashlib.sha256(np.ascontiguousarray(window, "<f4").tobytes()).digest()
        generator = np.random.default_rng([self._seed, int.from_bytes(content, "little")])
        return generator.random(len(GENRES), np.float32)
