"""From the journal to what a person gets: the answer for each clip under the wanted prior."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from model.clips import Clip, Notice
from model.genres import GENRES
from model.outputs.submission import violation
from model.probabilities.calibration import FloatArray, adapt
from model.results import Prediction, Result, Window
from model.run.journal import Journal

LATE = Notice("time_limit", "the run ended before this clip's turn")
_LATE = Prediction(None, (LATE,))


@dataclass(frozen=True)
class Results:
    """The results of a run in the order of its clips, read anew from the journal each time.

    Attributes:
        clips: clips of the run; a clip that the journal does not have gets the notice
            ``time_limit``.
        journal: the entries, open.
        training_prior: class mix behind the entries, shape [16].
        prior: class mix that is expected, shape [16]; also the answer where nothing is known.
    """

    clips: Sequence[Clip]
    journal: Journal
    training_prior: FloatArray
    prior: FloatArray

    def __iter__(self) -> Iterator[Result]:
        for clip, prediction in zip(self.clips, self.journal.predictions(), strict=True):
            yield make_result(clip, prediction or _LATE, self.training_prior, self.prior)


def make_result(
    clip: Clip, prediction: Prediction, training_prior: FloatArray, prior: FloatArray
) -> Result:
    """The result of a clip: its prediction under the prior ``prior``, or the prior itself.

    The clip has the prior where it has no prediction, and where the values of its prediction would
    not be probabilities.
    """
    if prediction.posterior is None:
        return Result(clip, tuple(prior.tolist()), False, prediction.notices)
    probabilities = tuple(adapt(np.array(prediction.posterior), training_prior, prior).tolist())
    if broken := violation(probabilities):
        return Result(
            clip, tuple(prior.tolist()), False, (*prediction.notices, Notice("failure", broken))
        )
    windows: list[Window] = []
    if "windows" in prediction.arrays:
        spans, posteriors = np.split(prediction.arrays["windows"], [2], axis=1)
        adapted = adapt(posteriors, training_prior, prior)
        windows = [
            Window(start, end, tuple(values))
            for (start, end), values in zip(spans.tolist(), adapted.tolist(), strict=True)
        ]
    return Result(
        clip,
        probabilities,
        True,
        prediction.notices,
        tuple(windows),
        prediction.arrays.get("embedding"),
        prediction.arrays.get("thumbnail"),
        prediction.arrays.get("likeness"),
    )


def posteriors(journal: Journal) -> FloatArray:
    """Posteriors of all clips that were predicted, in order, shape [clips, 16]."""
    values = array("d")  # half of what a list of arrays would take
    for prediction in journal.predictions():
        if prediction is not None and prediction.posterior is not None:
            values.extend(prediction.posterior)
    return np.frombuffer(values, np.float64).reshape(-1, len(GENRES))
