"""The class mix as the answer for every clip: what a submission has to beat.

The logits are the logarithm of the mix of the training clips. So the answer under ``--prior train``
is that mix, and under every other ``--prior`` it is the prior that was asked for.
"""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.systems.base import Execution
from model.systems.cards import Card

_BATCH: Final = 4


def connect(card: Card, weights: Path, execution: Execution) -> "Prior":
    """Read the weights; of the arguments, ``execution.batch`` and the weights are used."""
    return Prior(weights, execution)


class Prior:
    """The same logits for all windows.

    Args:
        weights: a file of numpy with the share of each genre, all positive, shape [16].
        execution: only ``batch`` is used.
    """

    def __init__(self, weights: Path, execution: Execution) -> None:
        self.batch = execution.batch or _BATCH
        self._logits = np.log(np.load(weights)).astype(np.float32)

    def __call__(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits, shape [batch, 16], of windows, shape [batch, frames, bands]."""
        return np.tile(self._logits, (len(windows), 1))
