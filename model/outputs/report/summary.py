"""Figures and lists at the top of the page, over all clips of a run."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import nsmallest
from operator import attrgetter
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.clips import printable
from model.genres import GENRES
from model.outputs.report.reasons import MEANINGS
from model.results import Result

UNSURE_BELOW: Final = 0.5
"""A prediction is unsure when its largest probability is below this."""

LISTED: Final = 20
"""Largest number of clips in a list; the table below has all."""

BINS: Final = 10


@dataclass(frozen=True)
class ListedClip:
    """A clip in a list.

    Attributes:
        index: row of the clip in the table.
        name: printable id of the clip.
        text: remark of the list about the clip.
    """

    index: int
    name: str
    text: str


@dataclass
class Problem:
    """Clips with one reason in common.

    Attributes:
        reason: word of ``docs/errors.md``.
        count: number of clips with the reason.
        clips: the first ``LISTED`` clips with the reason.
    """

    reason: str
    count: int = 0
    clips: list[ListedClip] = field(default_factory=list)

    @property
    def meaning(self) -> str:
        """Explanation of the reason; empty for an unknown reason."""
        return MEANINGS.get(self.reason, "")


@dataclass
class Summary:
    """Figures over all clips, which are added one by one.

    Attributes:
        clips: number of clips.
        predicted: number of clips with a prediction. ``expected``, ``tops``, ``bins`` and
            ``unsure`` count these clips only.
        expected: sum of the probabilities, shape [16].
        tops: number of clips in which each genre is the most probable, shape [16].
        bins: histogram of the largest probability of each clip, ten equal bins from 0 to 1.
        unsure: number of clips whose largest probability is below ``UNSURE_BELOW``.
        troubled: number of clips with a problem or without a prediction.
        unpredicted_problems: problems of clips without a prediction, by reason.
        remarks: problems of clips with a prediction, by reason.
    """

    clips: int = 0
    predicted: int = 0
    expected: NDArray[np.float64] = field(default_factory=lambda: np.zeros(len(GENRES)))
    tops: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(GENRES), np.int64))
    bins: NDArray[np.int64] = field(default_factory=lambda: np.zeros(BINS, np.int64))
    unsure: int = 0
    troubled: int = 0
    unpredicted_problems: dict[str, Problem] = field(default_factory=dict)
    remarks: dict[str, Problem] = field(default_factory=dict)
    _least_sure: list[tuple[float, int, str, int]] = field(default_factory=list)

    def add(self, result: Result) -> None:
        """Count the next clip of the table."""
        index, name = self.clips, printable(result.clip.file_id)
        self.clips += 1
        self.troubled += result.troubled
        if result.predicted:
            self._count_prediction(index, name, result.probabilities)
        groups = self.remarks if result.predicted else self.unpredicted_problems
        for notice in filter(attrgetter("is_problem"), result.notices):
            problem = groups.setdefault(notice.reason, Problem(notice.reason))
            problem.count += 1
            if problem.count <= LISTED:
                problem.clips.append(ListedClip(index, name, printable(notice.detail)))

    def _count_prediction(self, index: int, name: str, probabilities: Sequence[float]) -> None:
        self.predicted += 1
        self.expected += probabilities
        genre = int(np.argmax(probabilities))
        top = probabilities[genre]
        self.tops[genre] += 1
        self.bins[min(BINS - 1, int(top * BINS))] += 1
        if top < UNSURE_BELOW:
            self.unsure += 1
            self._least_sure.append((top, index, name, genre))
            if len(self._least_sure) > 100 * LISTED:
                self._least_sure = nsmallest(LISTED, self._least_sure)

    def least_sure(self) -> list[ListedClip]:
        """Up to ``LISTED`` unsure clips, the least confident first."""
        return [
            ListedClip(index, name, f"{GENRES[genre]} {percent(top)}")
            for top, index, name, genre in nsmallest(LISTED, self._least_sure)
        ]

    def problems(self) -> list[tuple[str, list[Problem]]]:
        """Groups of problems, each with a title and the most frequent reason first."""
        titles = ("Without a prediction", "Predicted, with a remark")
        return [
            (title, sorted(groups.values(), key=lambda problem: -problem.count))
            for title, groups in zip(titles, (self.unpredicted_problems, self.remarks), strict=True)
            if groups
        ]


def percent(probability: float) -> str:
    """A probability in percent, never rounded to 0% or 100%."""
    if probability < 0.01:
        return "<1%"
    return ">99%" if probability > 0.99 else f"{100 * probability:.0f}%"
