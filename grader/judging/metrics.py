"""The challenge's scorer: mean log loss, and both readings of "mean F1".

Log loss is the overview paper's (Defferrard et al., Learning to Recognize Musical Genre, WWW 2018
companion): natural logarithm, mean over clips. Probabilities are clipped to [1e-15, 1 - 1e-15] and
rows then divided by their sum, as scikit-learn did in 2018. The leaderboard's "F1" is the
micro average, which for one label a clip is the accuracy; the paper's formula is the macro average.

Weights count clips more or less than once: those of another class mix (``class_weights``), or of a
resampling.
"""

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

CLIP = 1e-15


@dataclass(frozen=True)
class Scores:
    """Scores of one table of predictions.

    Attributes:
        clips: number of clips scored.
        log_loss: mean log loss in nats.
        accuracy: share of clips whose top class is right; the leaderboard's "F1".
        macro_f1: mean over all classes of the class's F1, 0 for a class neither present nor given.
    """

    clips: int
    log_loss: float
    accuracy: float
    macro_f1: float

    def as_dict(self) -> dict[str, float]:
        """Fields by name, rounded for a results file."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


def clip_losses(probabilities: NDArray[np.float64], truth: NDArray[np.int_]) -> NDArray[np.float64]:
    """Log loss in nats of each clip, shape [clips].

    Args:
        probabilities: shape [clips, classes]; rows need not sum to one.
        truth: index of each clip's class, shape [clips].

    Raises:
        ValueError: shapes do not fit, or a value is not finite or negative.
    """
    table = np.asarray(probabilities, np.float64)
    if table.ndim != 2 or len(table) != len(truth) or not len(truth):
        raise ValueError(f"{table.shape} probabilities do not fit {len(truth)} labels")
    if not np.isfinite(table).all() or (table < 0).any():
        raise ValueError("probabilities must be finite and not negative")
    table = np.clip(table, CLIP, 1 - CLIP)
    table /= table.sum(axis=1, keepdims=True)
    return np.asarray(-np.log(table[np.arange(len(truth)), truth]))


def confusion(
    predicted: NDArray[np.int_], truth: NDArray[np.int_], classes: int
) -> NDArray[np.int_]:
    """Clips by true class (rows) and predicted class (columns), shape [classes, classes]."""
    counts = np.bincount(truth * classes + predicted, minlength=classes * classes)
    return counts.reshape(classes, classes)


def class_weights(
    truth: NDArray[np.int_], mix: NDArray[np.float64], weights: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Weight of each clip so that the classes have the shares of ``mix``, shape [clips].

    Clips of a class keep their proportions, and all weights sum to the number of clips. The share
    of a class without clips is lost: the others keep their proportions.

    Args:
        truth: index of each clip's class, shape [clips].
        mix: share of each class, not negative, shape [classes].
        weights: how much each clip counts beforehand, not negative, shape [clips]; None for all
            alike.

    Raises:
        ValueError: no clip that counts is of a class with a share.
    """
    before = np.ones(len(truth)) if weights is None else weights
    sums = np.bincount(truth, before, len(mix))
    factors = np.divide(mix, sums, out=np.zeros(len(mix)), where=sums > 0)
    weighted = before * factors[truth]
    if not weighted.sum() > 0:
        raise ValueError("no clip is of a class that the mix has")
    return np.asarray(weighted * (len(truth) / weighted.sum()))


def macro_f1(
    predicted: NDArray[np.int_],
    truth: NDArray[np.int_],
    classes: int,
    weights: NDArray[np.float64] | None = None,
) -> float:
    """Mean over classes of 2 TP / (2 TP + FP + FN), 0 where that is 0 / 0.

    Args:
        predicted: index of each clip's top class, shape [clips].
        truth: index of each clip's class, shape [clips].
        classes: number of classes.
        weights: how much each clip counts, not negative, shape [clips]; None for all alike.
    """

    def count(of: NDArray[np.int_], chosen: NDArray[np.bool_] | slice) -> NDArray[np.float64]:
        chosen_weights = None if weights is None else weights[chosen]
        return np.bincount(of[chosen], chosen_weights, classes).astype(np.float64)

    hits = count(truth, predicted == truth)
    either = count(truth, slice(None)) + count(predicted, slice(None))
    return float(np.mean(np.divide(2 * hits, either, out=np.zeros(classes), where=either > 0)))


@dataclass(frozen=True)
class Reliability:
    """How often the top class is right, by how probable the table held it; one entry a bin.

    Attributes:
        share: share of the clips whose top probability falls into the bin; they sum to 1.
        confidence: mean top probability of these clips, 0 for an empty bin.
        accuracy: share of them that are right, 0 for an empty bin.
    """

    share: NDArray[np.float64]
    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]

    @property
    def error(self) -> float:
        """Expected calibration error: mean gap of confidence and accuracy over the clips."""
        return float(self.share @ np.abs(self.confidence - self.accuracy))


def reliability(
    probabilities: NDArray[np.float64],
    truth: NDArray[np.int_],
    weights: NDArray[np.float64] | None = None,
    bins: int = 15,
) -> Reliability:
    """Clips by their top probability, in bins of equal width.

    Guo, Pleiss, Sun and Weinberger, On Calibration of Modern Neural Networks, ICML 2017: 15 bins,
    each without its lower and with its upper edge.

    Args:
        probabilities: rows that sum to one, shape [clips, classes].
        truth: index of each clip's class, shape [clips].
        weights: how much each clip counts, not negative, shape [clips]; None for all alike.
        bins: number of bins between 0 and 1.
    """
    table = np.asarray(probabilities, np.float64)
    top = table.max(axis=1)
    counted = np.ones(len(top)) if weights is None else weights
    bin_of = np.clip(np.ceil(top * bins).astype(int) - 1, 0, bins - 1)
    sums = np.stack(
        [
            np.bincount(bin_of, values, bins)
            for values in (counted, counted * top, counted * (table.argmax(axis=1) == truth))
        ]
    )
    means = np.divide(sums[1:], sums[0], out=np.zeros((2, bins)), where=sums[0] > 0)
    return Reliability(sums[0] / sums[0].sum(), means[0], means[1])


def score(
    probabilities: NDArray[np.float64],
    truth: NDArray[np.int_],
    weights: NDArray[np.float64] | None = None,
) -> Scores:
    """All scores of a table of predictions.

    Args:
        probabilities: shape [clips, classes]; rows need not sum to one.
        truth: index of each clip's class, shape [clips].
        weights: how much each clip counts, not negative, shape [clips]; None for all alike.

    Raises:
        ValueError: shapes do not fit, or a value is not finite or negative.
    """
    losses = clip_losses(probabilities, truth)
    predicted = np.asarray(probabilities).argmax(axis=1)
    return Scores(
        clips=len(truth),
        log_loss=float(np.average(losses, weights=weights)),
        accuracy=float(np.average(predicted == truth, weights=weights)),
        macro_f1=macro_f1(predicted, truth, np.asarray(probabilities).shape[1], weights),
    )
