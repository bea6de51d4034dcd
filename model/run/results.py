"""From the journal to what a person gets: the answer for each clip under the wanted prior."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from model.clips import Clip, Notice
from model.genres import GENRES
from model.probabilities.calibration import Vector, adapt
from model.run.journal import Entry, Journal

if TYPE_CHECKING:
    from numpy.typing import NDArray

LATE = Notice("time_limit", "the run ended before this clip's turn")
_LATE = Entry(None, (LATE,))


@dataclass(frozen=True, slots=True)
class Window:
    """What the network says of a part of a clip.

    Attributes:
        start: in seconds, from where the used part of the clip begins.
        probabilities: of ``GENRES``, 16 values.
    """

    start: float
    probabilities: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """The answer for one clip.

    Attributes:
        clip: which.
        probabilities: of ``GENRES``, 16 values; the prior when there is no prediction.
        predicted: whether the model saw the clip.
        notices: what was odd about it.
        windows: its parts, by time; none unless they were asked for.
        embedding: mean features of its windows, shape [features], or None.
        thumbnail: small picture of its spectrogram, shape [bands, columns], or None.
    """

    clip: Clip
    probabilities: tuple[float, ...]
    predicted: bool
    notices: tuple[Notice, ...] = ()
    windows: tuple[Window, ...] = ()
    embedding: "NDArray[np.float32] | None" = None
    thumbnail: "NDArray[np.uint8] | None" = None


@dataclass(frozen=True)
class Results:
    """The results of a run in the order of its clips, read anew from the journal each time.

    Attributes:
        clips: of the run; one that the journal does not have gets the notice ``time_limit``.
        journal: the entries, open.
        training_prior: class mix behind the entries, shape [16].
        prior: class mix that is expected, shape [16]; also the answer where nothing is known.
    """

    clips: Sequence[Clip]
    journal: Journal
    training_prior: Vector
    prior: Vector

    def __iter__(self) -> Iterator[Result]:
        for clip, entry in zip(self.clips, self.journal.entries(), strict=True):
            yield result(clip, entry or _LATE, self.training_prior, self.prior)


def result(clip: Clip, entry: Entry, training_prior: Vector, prior: Vector) -> Result:
    """A clip's entry under another prior than that of the training clips."""
    if entry.posterior is None:
        return Result(clip, tuple(prior.tolist()), False, entry.notices)
    windows: list[Window] = []
    if "windows" in entry.kept:
        starts, posteriors = entry.kept["windows"][:, 0], entry.kept["windows"][:, 1:]
        adapted = adapt(posteriors, training_prior, prior)
        windows = [
            Window(start, tuple(values))
            for start, values in zip(starts.tolist(), adapted.tolist(), strict=True)
        ]
    return Result(
        clip,
        tuple(adapt(np.array(entry.posterior), training_prior, prior).tolist()),
        True,
        entry.notices,
        tuple(windows),
        entry.kept.get("embedding"),
        entry.kept.get("thumbnail"),
    )


def posteriors(journal: Journal) -> Vector:
    """Posteriors of all clips that were predicted, in order, shape [clips, 16]."""
    values = array("d")  # half of what a list of arrays would take
    for entry in journal.entries():
        if entry is not None and entry.posterior is not None:
            values.extend(entry.posterior)
    return np.frombuffer(values, np.float64).reshape(-1, len(GENRES))
