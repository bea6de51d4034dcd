"""Fits a calibration to held-out clips and chooses between two methods.

``temperature`` is one temperature for all genres (Guo et al., 2017). ``vector`` adds a bias for
each genre (bias-corrected temperature scaling, Alexandari et al., 2020). Both mix a share of the
uniform distribution into each posterior. Scores are nested: the calibration of a fold, and the
choice of the method, use the other folds only.
"""

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from grader.judging.metrics import clip_losses, reliability
from model.probabilities.calibration import Calibration
from training.data.folds import SOURCE, Folds, scored
from training.evaluation.heldout import Logits, Schemes

Method = Literal["temperature", "vector"]
METHODS: Final[tuple[Method, ...]] = ("temperature", "vector")

_BIAS_SPREAD: Final = 0.2
"""Standard deviation in nats of the normal prior on a bias; it keeps the bias of a genre with few
clips near 0. Of the values 0.1 to 5, 0.1 and 0.2 had the least log loss on held-out clips."""


def fit_calibration(
    logits: Logits, genres: NDArray[np.int_], method: Method = "temperature"
) -> Calibration:
    """The calibration with the least mean log loss on these clips.

    Args:
        logits: shape [clips, 16].
        genres: index of each clip's genre, shape [clips].
        method: parameters to fit besides the uniform share; biases are shrunk towards 0.
    """
    classes = logits.shape[1]
    biases = classes if method == "vector" else 0
    best = minimize(
        _objective,
        np.concatenate([[0.0, -3.0], np.zeros(biases)]),
        args=(np.asarray(logits, np.float64), np.eye(classes)[genres]),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-3.0, 3.0), (-12.0, 0.0)] + [(None, None)] * biases,
    )
    temperature, floor = np.exp(best.x[0]), 1.0 / (1.0 + np.exp(-best.x[1]))
    bias = tuple(best.x[2:].round(4).tolist())
    return Calibration(round(float(temperature), 4), round(float(floor), 6), bias)


def held_out_posteriors(
    logits: Logits, genres: NDArray[np.int_], folds: Folds, method: Method | None = None
) -> NDArray[np.float64]:
    """Posteriors of each fold by a calibration that was fitted to the other folds.

    Args:
        logits: shape [clips, 16].
        genres: index of each clip's genre, shape [clips].
        folds: fold of each clip, shape [clips].
        method: method of the calibration; None lets the other folds choose it, so that scores
            include the cost of the choice.

    Returns:
        Posteriors of shape [clips, 16].
    """
    posteriors = np.zeros(logits.shape)
    for fold in np.unique(folds):
        held = folds == fold
        others = (logits[~held], genres[~held])
        calibration = fit_calibration(*others, method or choose_method(*others, folds[~held]))
        posteriors[held] = calibration.posteriors(logits[held])
    return posteriors


def choose_method(logits: Logits, genres: NDArray[np.int_], folds: Folds) -> Method:
    """The method with the least held-out log loss; ``temperature`` for a single fold."""
    if len(np.unique(folds)) < 2:
        return "temperature"

    def loss(method: Method) -> float:
        return float(clip_losses(held_out_posteriors(logits, genres, folds, method), genres).mean())

    return min(METHODS, key=loss)


def compare_methods(
    logits: Logits, genres: NDArray[np.int_], folds: Folds
) -> dict[str, dict[str, float]]:
    """Held-out log loss and calibration error without calibration, by method, and by choice."""
    posteriors = {"none": Calibration().posteriors(logits)}
    posteriors |= {method: held_out_posteriors(logits, genres, folds, method) for method in METHODS}
    posteriors["nested choice"] = held_out_posteriors(logits, genres, folds)
    return {name: _scores(table, genres) for name, table in posteriors.items()}


def shipped_calibration(schemes: Schemes, genres: NDArray[np.int_]) -> Calibration:
    """The calibration that is written to a card.

    It is fitted to the scheme ``source`` if there is one, otherwise to the first scheme. A user's
    clips are from sources that the network was not trained on, and a network is less often right
    there.

    Args:
        schemes: folds and held-out logits by scheme.
        genres: index of each clip's genre, shape [clips].
    """
    folds, logits = schemes.get(SOURCE) or next(iter(schemes.values()))
    held = scored(genres, folds)
    clips = (logits[held], genres[held])
    return fit_calibration(*clips, choose_method(*clips, folds[held]))


def compare_schemes(
    schemes: Schemes, genres: NDArray[np.int_]
) -> dict[str, dict[str, dict[str, float]]]:
    """Scores on each scheme of calibrations fitted to each scheme: ``[fitted][scored]``.

    The calibration of a scheme is nested where the same scheme is scored. The row ``none`` is
    without calibration.

    Args:
        schemes: folds and held-out logits by scheme.
        genres: index of each clip's genre, shape [clips].
    """
    rows: dict[str, dict[str, dict[str, float]]] = {name: {} for name in ("none", *schemes)}
    for name, (folds, all_logits) in schemes.items():
        held = scored(genres, folds)
        logits, labels = all_logits[held], genres[held]
        for fitted, row in rows.items():
            if fitted == name:
                posteriors = held_out_posteriors(logits, labels, folds[held])
            elif fitted == "none":
                posteriors = Calibration().posteriors(logits)
            else:
                other = shipped_calibration({fitted: schemes[fitted]}, genres)
                posteriors = other.posteriors(logits)
            row[name] = _scores(posteriors, labels)
    return rows


def _scores(posteriors: NDArray[np.float64], genres: NDArray[np.int_]) -> dict[str, float]:
    return {
        "log_loss": round(float(clip_losses(posteriors, genres).mean()), 4),
        "calibration_error": round(reliability(posteriors, genres).error, 4),
    }


def _objective(
    parameters: NDArray[np.float64], logits: NDArray[np.float64], truth: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """Mean log loss plus the penalty on the biases, and the gradient of the sum.

    Args:
        parameters: logarithm of the temperature, logit of the uniform share, and no or 16 biases.
        logits: shape [clips, 16].
        truth: 1 for each clip's genre, else 0, shape [clips, 16].
    """
    clips, classes = logits.shape
    temperature, bias = np.exp(parameters[0]), parameters[2:]
    floor = 1.0 / (1.0 + np.exp(-parameters[1]))
    scaled = (logits + bias if len(bias) else logits) / temperature
    odds = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    softmax = odds / odds.sum(axis=1, keepdims=True)
    right = (softmax * truth).sum(axis=1)
    posterior = (1.0 - floor) * right + floor / classes
    slopes = ((1.0 - floor) * right / posterior / clips)[:, None] * (softmax - truth)
    gradient = np.concatenate(
        [
            [-(slopes * scaled).sum()],
            [floor * (1.0 - floor) * np.mean((right - 1.0 / classes) / posterior)],
            slopes.sum(axis=0)[: len(bias)] / temperature + bias / (_BIAS_SPREAD**2 * clips),
        ]
    )
    penalty = float(bias @ bias) / (2.0 * _BIAS_SPREAD**2 * clips)
    return float(-np.log(posterior).mean()) + penalty, gradient
