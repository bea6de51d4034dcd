"""The challenge's scorer: mean log loss, and both readings of "mean F1".

Log loss is the overview paper's (Defferrard et al., Learning to Recognize Musical Genre, WWW 2018
companion): natural logarithm, mean over clips. Probabilities are clipped to [1e-15, 1 - 1e-15] and
rows then divided by their sum, as scikit-learn did in 2018. The leaderboard's "F1" is the
micro average, which for one label a clip is the accuracy; the paper's formula is the macro average.
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


def macro_f1(predicted: NDArray[np.int_], truth: NDArray[np.int_], classes: int) -> float:
    """Mean over classes of 2 TP / (2 TP + FP + FN), 0 where that is 0 / 0."""
    counts = confusion(predicted, truth, classes)
    hits = np.diag(counts)
    either = counts.sum(0) + counts.sum(1)
    return float(np.mean(2 * hits / np.maximum(either, 1)))


def score(probabilities: NDArray[np.float64], truth: NDArray[np.int_]) -> Scores:
    """All scores of a table of predictions; arguments and errors as in ``clip_losses``."""
    losses = clip_losses(probabilities, truth)
    predicted = np.asarray(probabilities).argmax(axis=1)
    return Scores(
        clips=len(truth),
        log_loss=float(losses.mean()),
        accuracy=float(np.mean(predicted == truth)),
        macro_f1=macro_f1(predicted, truth, np.asarray(probabilities).shape[1]),
    )
