"""How predictions compare with the right genres: accuracy, confusion matrix, reliability, loss."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.genres import GENRES
from model.outputs.report.units import LEVELS, first_genre, in_units

_LEAST: Final = 1e-15
"""Smallest probability whose logarithm counts, as in the challenge's measure."""


@dataclass
class Comparison:
    """Predictions of clips whose right genre is known.

    Attributes:
        confusion: number of clips by right genre and most probable genre, shape [16, 16].
        sums: by step of confidence: number of clips, sum of confidences and number
            of right ones; shape [``LEVELS``, 3].
        loss: sum of the negative logarithms of the right genre's probability.
        unpredicted: number of clips that have a right genre and no prediction.
    """

    confusion: NDArray[np.int64] = field(
        default_factory=lambda: np.zeros((len(GENRES), len(GENRES)), np.int64)
    )
    sums: NDArray[np.float64] = field(default_factory=lambda: np.zeros((LEVELS, 3)))
    loss: float = 0.0
    unpredicted: int = 0

    def add(self, truth: int, probabilities: Sequence[float], predicted: bool) -> None:
        """Count a clip."""
        if not predicted:
            self.unpredicted += 1
            return
        genre, level = first_genre(in_units(probabilities))
        self.confusion[truth, genre] += 1
        self.sums[level] += (1.0, probabilities[genre], genre == truth)
        self.loss -= float(np.log(max(probabilities[truth], _LEAST)))

    @property
    def clips(self) -> int:
        """Number of predicted clips whose right genre is known."""
        return int(self.confusion.sum())

    @property
    def right(self) -> int:
        """Number of clips whose most probable genre is the right one."""
        return int(np.trace(self.confusion))

    @property
    def log_loss(self) -> float:
        """Mean logarithmic loss in nats; 0 without clips."""
        return self.loss / max(1, self.clips)

    def genres(self) -> list[int]:
        """Indices of the genres that are the right or the most probable one of some clip."""
        counts = self.confusion.sum(axis=0) + self.confusion.sum(axis=1)
        return [int(index) for index in np.flatnonzero(counts)]

    def reliability(self) -> list[tuple[int, float, float]]:
        """Number of clips, mean confidence and share of right ones, by step of confidence."""
        return [
            (int(count), confidence / count, right / count)
            for count, confidence, right in self.sums
            if count
        ]
