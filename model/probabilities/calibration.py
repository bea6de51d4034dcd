"""Calibration of logits to posteriors, and Bayes' rule for another class prior."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Calibration:
    """Parameters that turn logits into calibrated posteriors.

    Attributes:
        temperature: logits are divided by it (Guo et al., On Calibration of Modern Neural
            Networks, ICML 2017).
        floor: share of the uniform distribution in every posterior, in (0, 1). It bounds the log
            loss of a confident error.
        bias: added to the logits before the division, one value per class; empty for none
            (Alexandari, Kundaje and Shrikumar, Maximum Likelihood with Bias-Corrected Calibration
            is Hard-to-Beat at Label Shift Adaptation, ICML 2020).
    """

    temperature: float = 1.0
    floor: float = 1e-6
    bias: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        # A card's list becomes a tuple, so that cards compare equal after reading.
        object.__setattr__(self, "bias", tuple(self.bias))
        if not (self.temperature > 0 and 0 < self.floor < 1 and np.isfinite(self.bias).all()):
            raise ValueError(f"not a calibration: {self}")

    def posteriors(self, logits: NDArray[np.floating]) -> FloatArray:
        """Posteriors of logits, shape [..., classes]; strictly in (0, 1), each row sums to 1.

        Raises:
            ValueError: the number of biases is not the number of classes.
        """
        shifted = np.asarray(logits, np.float64)
        if self.bias:
            if len(self.bias) != shifted.shape[-1]:
                raise ValueError(f"{len(self.bias)} biases for {shifted.shape[-1]} classes")
            shifted = shifted + np.array(self.bias)
        scaled = shifted / self.temperature
        odds = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
        softmax = odds / odds.sum(axis=-1, keepdims=True)
        return with_floor(softmax, self.floor)


def with_floor(probabilities: FloatArray, floor: float) -> FloatArray:
    """Mix rows with the uniform distribution, whose share is ``floor``."""
    return np.asarray((1.0 - floor) * probabilities + floor / probabilities.shape[-1])


def adapt(posteriors: FloatArray, source: FloatArray, target: FloatArray) -> FloatArray:
    """Posteriors under another class prior, by Bayes' rule.

    Saerens, Latinne and Decaestecker, Adjusting the Outputs of a Classifier to New a Priori
    Probabilities, Neural Computation 14 (2002), equation 2.4.

    Args:
        posteriors: under the prior ``source``, shape [..., classes].
        source: prior of the training clips, all positive, shape [classes].
        target: prior of the clips at hand, all positive, shape [classes].
    """
    odds = posteriors * (target / source)
    return np.asarray(odds / odds.sum(axis=-1, keepdims=True))


def smoothed(weights: NDArray[np.floating] | NDArray[np.integer], share: float) -> FloatArray:
    """A prior from counts or weights: normalised, and mixed with ``share`` of the uniform one."""
    total = np.asarray(weights, np.float64)
    return with_floor(total / total.sum(), share)
