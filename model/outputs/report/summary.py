"""What a run came to as a whole: the numbers and lists at the top of the page."""

from dataclasses import dataclass, field
from heapq import nsmallest
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.clips import printable
from model.genres import GENRES
from model.outputs.report.content import ReportClip
from model.outputs.report.reasons import MEANINGS

UNSURE_BELOW: Final = 0.5
"""A prediction is unsure when no genre is as likely as not."""

LISTED: Final = 20
"""Clips named in a list above the table; the table has them all."""

BINS: Final = 10


@dataclass(frozen=True)
class Named:
    """A clip in a list.

    Attributes:
        index: its place in the table.
        name: its id, printable.
        text: what the list says of it.
    """

    index: int
    name: str
    text: str


@dataclass
class Problem:
    """Clips with one reason in common.

    Attributes:
        reason: of ``docs/errors.md``.
        count: clips that have it.
        clips: the first ``LISTED`` of them.
    """

    reason: str
    count: int = 0
    clips: list[Named] = field(default_factory=list)

    @property
    def meaning(self) -> str:
        """The reason in a few words; empty for one that is not known."""
        return MEANINGS.get(self.reason, "")


@dataclass
class Summary:
    """Figures over all clips, which are added one by one.

    Attributes:
        clips: all of them.
        predicted: those that the model saw; only these count in the figures below.
        expected: sum of their posteriors, shape [16].
        tops: how often each genre is the likeliest, shape [16].
        bins: top probabilities counted in ten equal steps from 0 to 1.
        unsure: predicted clips whose top probability is below ``UNSURE_BELOW``.
        troubled: clips with a notice or without a prediction.
        unpredicted_problems: by reason, clips without a prediction.
        remarks: by reason, clips with a prediction.
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

    def add(self, clip: ReportClip) -> None:
        """Count the next clip of the table."""
        index = self.clips
        self.clips += 1
        self.troubled += bool(clip.notices) or not clip.predicted
        if clip.predicted:
            self._count_prediction(index, clip)
        groups = self.remarks if clip.predicted else self.unpredicted_problems
        for reason, detail in clip.notices:
            problem = groups.setdefault(reason, Problem(reason))
            problem.count += 1
            if problem.count <= LISTED:
                problem.clips.append(Named(index, printable(clip.file_id), printable(detail)))

    def _count_prediction(self, index: int, clip: ReportClip) -> None:
        self.predicted += 1
        self.expected += clip.posterior
        genre = int(np.argmax(clip.posterior))
        top = float(clip.posterior[genre])
        self.tops[genre] += 1
        self.bins[min(BINS - 1, int(top * BINS))] += 1
        if top < UNSURE_BELOW:
            self.unsure += 1
            self._least_sure.append((top, index, printable(clip.file_id), genre))
            if len(self._least_sure) > 100 * LISTED:
                self._least_sure = nsmallest(LISTED, self._least_sure)

    def least_sure(self) -> list[Named]:
        """The ``LISTED`` unsure clips with the smallest top probability, the smallest first."""
        return [
            Named(index, name, f"{GENRES[genre]} {percent(top)}")
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
    """A probability for people, never rounded to certainty."""
    if probability < 0.01:
        return "<1%"
    return ">99%" if probability > 0.99 else f"{100 * probability:.0f}%"
