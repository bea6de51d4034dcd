"""Figures and lists at the top of the page, over all clips of a run."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.genres import GENRES
from model.outputs.report.comparison import Comparison
from model.outputs.report.units import LEVELS, ONE, first_genre, in_units
from model.results import Result

UNSURE_BELOW: Final = 0.5
"""A prediction is unsure when its largest probability is below this."""


@dataclass
class Summary:
    """Figures over all clips of a run.

    Attributes:
        clips: number of clips.
        predicted: number of clips with a prediction. All further figures except ``troubled`` and
            ``reasons`` count these only.
        expected: sum of the probabilities of each genre, shape [16].
        tops: number of clips whose most probable genre it is, shape [16].
        levels: number of clips by step of confidence, shape [``LEVELS``].
        unsure: number of clips in which no genre reaches ``UNSURE_BELOW``.
        troubled: number of clips without a prediction or with a problem.
        reasons: number of clips by reason of a problem.
        comparison: predictions against right genres; None where none are known.
    """

    clips: int = 0
    predicted: int = 0
    expected: NDArray[np.float64] = field(default_factory=lambda: np.zeros(len(GENRES)))
    tops: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(GENRES), np.int64))
    levels: NDArray[np.int64] = field(default_factory=lambda: np.zeros(LEVELS, np.int64))
    unsure: int = 0
    troubled: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    comparison: Comparison | None = None

    def add(self, result: Result, truth: int | None = None) -> None:
        """Count the next clip of the table, with its right genre where that is known."""
        self.clips += 1
        self.troubled += result.troubled
        self.reasons.update({notice.reason for notice in result.notices if notice.is_problem})
        if truth is not None:
            self.comparison = self.comparison or Comparison()
            self.comparison.add(truth, result.probabilities, result.predicted)
        if result.predicted:
            self.predicted += 1
            self.expected += result.probabilities
            units = in_units(result.probabilities)
            genre, level = first_genre(units)
            self.tops[genre] += 1
            self.levels[level] += 1
            self.unsure += units[genre] < UNSURE_BELOW * ONE

    def most_frequent(self) -> list[tuple[str, int]]:
        """Up to three genres and the number of clips in which each is the most probable one."""
        order = np.argsort(-self.tops, kind="stable")[:3]
        return [(GENRES[index], int(self.tops[index])) for index in order if self.tops[index]]


def percent(probability: float) -> str:
    """A probability in percent, never rounded to 0% or 100%."""
    if probability < 0.01:
        return "<1%"
    return ">99%" if probability > 0.99 else f"{int(100 * probability + 0.5)}%"
