"""Temperature and floor of a system, fitted on clips that the scored network had not seen."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from grader.metrics import clip_losses
from model.calibration import Calibration


def fit_calibration(logits: NDArray[np.floating], genres: NDArray[np.int_]) -> Calibration:
    """The calibration with the least mean log loss on these clips.

    Args:
        logits: shape [clips, 16].
        genres: index of each clip's genre, shape [clips].
    """

    def loss(parameters: NDArray[np.float64]) -> float:
        return float(clip_losses(_calibration(parameters).posteriors(logits), genres).mean())

    best = minimize(loss, np.array([0.0, -3.0]), method="Nelder-Mead")
    return _calibration(best.x)


def nested_posteriors(
    logits: NDArray[np.floating], genres: NDArray[np.int_], folds: NDArray[np.int_]
) -> NDArray[np.float64]:
    """Posteriors of each fold by the calibration of all other folds, shape [clips, 16]."""
    posteriors = np.zeros(logits.shape)
    for fold in np.unique(folds):
        held = folds == fold
        calibration = fit_calibration(logits[~held], genres[~held])
        posteriors[held] = calibration.posteriors(logits[held])
    return posteriors


def _calibration(parameters: NDArray[np.float64]) -> Calibration:
    """From unbounded numbers: the logarithm of the temperature, the logit of the floor."""
    temperature = float(np.exp(np.clip(parameters[0], -3.0, 3.0)))
    floor = float(1.0 / (1.0 + np.exp(-np.clip(parameters[1], -12.0, 0.0))))
    return Calibration(round(temperature, 4), round(floor, 6))
