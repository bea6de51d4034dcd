"""A support vector machine on the 518 features of a clip: the baseline of the starter kit.

Source: ``baseline_svm.py`` of the starter kit of 2018 (crowdAI): features standardised by the
training clips, scikit-learn's ``SVC`` with an RBF kernel and probabilities, all else at its default
of then (C 1, gamma 1/518). scikit-learn is only needed to train it. Here are

- the decision values of all pairs of genres (one against one, as libsvm),
- a sigmoid for each pair (Platt, Probabilistic Outputs for Support Vector Machines, 1999), which
  libsvm fits by cross-validation within the training clips,
- the coupling of pairs to one distribution (Wu, Lin and Weng, Probability Estimates for
  Multi-class Classification by Pairwise Coupling, JMLR 5, 2004, their second method).

The logits are the logarithms of these probabilities. Deviations:

- The kit took the features of each file at its own sample rate, and many features depend on it.
  Here every clip is brought to 22,050 Hz before, because all clips that it was trained on are
  sampled so.
- The features are those of today's libraries (docs/fma.md names what changed since).
- At most the middle 30 seconds of a file are looked at, as by every system here.
- The kit shuffled the clips before; libsvm's inner folds therefore differ.
- A genre that no training clip has gets the logarithm of the least probability.
"""

from pathlib import Path
from typing import Final

import h5py
import numpy as np
from numpy.typing import NDArray

from model.genres import GENRES
from model.probabilities.calibration import FloatArray
from model.systems.base import Execution
from model.systems.cards import Card

ARRAYS: Final = (
    "genres", "mean", "scale", "vectors", "counts", "coefficients", "intercepts", "slopes",
    "offsets",
)  # fmt: skip
"""Of the file of weights, beside the number ``gamma``; ``Machine`` explains them."""

_BATCH: Final = 32
_LEAST: Final = 1e-12
_ENOUGH: Final = 0.005
_MOST_ROUNDS: Final = 100
"""When libsvm ends the coupling of pairs."""

_PAIR_LIMIT: Final = 1e-7
"""Distance that libsvm keeps from 0 and 1 in the probabilities of pairs."""


def connect(card: Card, weights: Path, execution: Execution) -> "Machine":
    """Read the weights; of the arguments, ``execution.batch`` and the weights are used."""
    return Machine(weights, execution)


class Machine:
    """Features to logarithms of probabilities.

    Args:
        weights: a file of HDF5 with ``gamma`` and arrays as scikit-learn's ``SVC`` has them:
            ``genres`` that are told apart, shape [k]; ``mean`` and ``scale`` of the features;
            support ``vectors`` by genre, ``counts`` of them for each genre, their
            ``coefficients``, shape [k - 1, vectors]; ``intercepts``, ``slopes`` and ``offsets``
            of the pairs, shape [k (k - 1) / 2].
        execution: only ``batch`` is used.
    """

    def __init__(self, weights: Path, execution: Execution) -> None:
        self.batch = execution.batch or _BATCH
        with h5py.File(weights) as file:
            arrays = {name: file[name][()] for name in ARRAYS}
            self._gamma = float(file["gamma"][()])
        self._genres = arrays["genres"].astype(int)
        self._mean, self._scale = arrays["mean"].astype(float), arrays["scale"].astype(float)
        self._vectors = arrays["vectors"].astype(float)
        self._lengths = (self._vectors**2).sum(axis=1)
        self._pairs = pair_weights(arrays["counts"], arrays["coefficients"].astype(float))
        self._intercepts = arrays["intercepts"].astype(float)
        self._slopes, self._offsets = (
            arrays["slopes"].astype(float),
            arrays["offsets"].astype(float),
        )

    def __call__(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits, shape [batch, 16], of windows of one frame, shape [batch, 1, 518]."""
        features = (windows[:, 0].astype(float) - self._mean) / self._scale
        apart = (features**2).sum(axis=1)[:, None] + self._lengths
        apart -= 2.0 * features @ self._vectors.T
        kernel = np.exp(-self._gamma * np.maximum(apart, 0.0))
        decisions = kernel @ self._pairs + self._intercepts
        probabilities = np.full((len(windows), len(GENRES)), _LEAST)
        coupled = coupling(sigmoids(decisions, self._slopes, self._offsets), len(self._genres))
        probabilities[:, self._genres] = np.maximum(coupled, _LEAST)
        logits: NDArray[np.float32] = np.log(probabilities).astype(np.float32)
        return logits


def pair_weights(counts: NDArray[np.integer], coefficients: FloatArray) -> FloatArray:
    """Weight of each support vector for each pair of classes, shape [vectors, pairs].

    Args:
        counts: support vectors of each class, which stand together.
        coefficients: shape [classes - 1, vectors]: a vector's row for another class is that
            class's number, less one where its own class comes first.
    """
    classes = len(counts)
    starts = np.concatenate([[0], np.cumsum(counts)])
    firsts, seconds = np.triu_indices(classes, 1)
    weights = np.zeros((coefficients.shape[1], len(firsts)))
    for pair, (first, second) in enumerate(zip(firsts, seconds, strict=True)):
        of_first = slice(starts[first], starts[first + 1])
        of_second = slice(starts[second], starts[second + 1])
        weights[of_first, pair] = coefficients[second - 1, of_first]
        weights[of_second, pair] = coefficients[first, of_second]
    return weights


def sigmoids(decisions: FloatArray, slopes: FloatArray, offsets: FloatArray) -> FloatArray:
    """Probability of the first of each pair, shape [clips, pairs]."""
    exponents = np.clip(decisions * slopes + offsets, -700.0, 700.0)
    return np.clip(1.0 / (1.0 + np.exp(exponents)), _PAIR_LIMIT, 1.0 - _PAIR_LIMIT)


def coupling(pairs: FloatArray, classes: int) -> FloatArray:
    """Distributions that fit the probabilities of pairs, shape [clips, classes].

    With r[i, j] the probability of i where it is i or j, the best p minimises the sum over all
    pairs of (r[j, i] p[i] - r[i, j] p[j])^2 with the sum of p held at 1 (Wu, Lin and Weng, equation
    16). Their algorithm 2 goes there class by class; as in libsvm it starts from even shares and
    ends well before, when no class is further than 0.005 / classes from equation 17. The best
    itself would be other probabilities than those of scikit-learn, by up to a few thousandths.

    Args:
        pairs: probability of the first of each pair, in (0, 1), shape [clips, pairs].
        classes: at least 2.
    """
    firsts, seconds = np.triu_indices(classes, 1)
    share = np.zeros((len(pairs), classes, classes))
    share[:, firsts, seconds], share[:, seconds, firsts] = pairs, 1.0 - pairs
    matrices = -share * share.swapaxes(1, 2)
    every = np.arange(classes)
    matrices[:, every, every] = (share**2).sum(axis=1)
    coupled = np.full((len(pairs), classes), 1.0 / classes)
    left = np.arange(len(pairs))
    for _ in range(max(_MOST_ROUNDS, classes)):
        slopes = (matrices[left] @ coupled[left, :, None])[..., 0]
        loss = (coupled[left] * slopes).sum(axis=1, keepdims=True)
        left = left[np.abs(slopes - loss).max(axis=1) >= _ENOUGH / classes]
        if not len(left):
            break
        coupled[left] = _round(matrices[left], coupled[left])
    return coupled


def _round(matrices: FloatArray, coupled: FloatArray) -> FloatArray:
    """Each class in turn brought to its best with the others as they are."""
    for place in range(coupled.shape[1]):
        slopes = (matrices @ coupled[..., None])[..., 0]
        loss = (coupled * slopes).sum(axis=1)
        coupled[:, place] += (loss - slopes[:, place]) / matrices[:, place, place]
        coupled /= coupled.sum(axis=1, keepdims=True)
    return coupled
