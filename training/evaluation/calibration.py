"""Fits and chooses a calibration on clips that the scored network had not seen.

Two methods: ``temperature`` (Guo et al., 2017) and ``vector``, a bias for each genre beside the
common temperature (bias-corrected temperature scaling, Alexandari et al., 2020). Both have a
floor. Scores are nested: the clips of a fold are calibrated, and the method is chosen, by the other
folds alone.
"""

from collections.abc import Mapping
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from grader.judging.metrics import clip_losses, reliability
from model.probabilities.calibration import Calibration
from training.data.folds import SOURCE, Folds, scored

Schemes = Mapping[str, tuple[Folds, NDArray[np.floating]]]
Method = Literal["temperature", "vector"]
METHODS: Final[tuple[Method, ...]] = ("temperature", "vector")

_BIAS_SPREAD: Final = 0.2
"""Standard deviation in nats of the normal prior on a bias: a genre of a handful of clips keeps
one near 0. Of 0.1 to 5, 0.1 and 0.2 did best on held-out clips; more only fits the folds."""


def fit_calibration(
    logits: NDArray[np.floating], genres: NDArray[np.int_], method: Method = "temperature"
) -> Calibration:
    """The calibration with the least mean log loss on these clips.

    Args:
        logits: shape [clips, 16].
        genres: index of each clip's genre, shape [clips].
        method: what is fitted beside the floor; ``vector``'s biases are shrunk towards 0.
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
    logits: NDArray[np.floating], genres: NDArray[np.int_], folds: Folds, method: Method
) -> NDArray[np.float64]:
    """Posteriors of each fold by the calibration of all other folds, shape [clips, 16]."""
    posteriors = np.zeros(logits.shape)
    for fold in np.unique(folds):
        held = folds == fold
        calibration = fit_calibration(logits[~held], genres[~held], method)
        posteriors[held] = calibration.posteriors(logits[held])
    return posteriors


def choose_method(logits: NDArray[np.floating], genres: NDArray[np.int_], folds: Folds) -> Method:
    """The method with the least held-out log loss; with less than two folds ``temperature``."""
    if len(np.unique(folds)) < 2:
        return "temperature"

    def loss(method: Method) -> float:
        return float(clip_losses(held_out_posteriors(logits, genres, folds, method), genres).mean())

    return min(METHODS, key=loss)


def chosen_calibration(
    logits: NDArray[np.floating], genres: NDArray[np.int_], folds: Folds
) -> Calibration:
    """The calibration to ship: by the method that does best over the folds, fitted to all clips."""
    return fit_calibration(logits, genres, choose_method(logits, genres, folds))


def nested_posteriors(
    logits: NDArray[np.floating], genres: NDArray[np.int_], folds: Folds
) -> NDArray[np.float64]:
    """Posteriors of each fold by the calibration that the other folds choose, shape [clips, 16].

    This is what scores are computed from: it prices the choice of the method in.
    """
    posteriors = np.zeros(logits.shape)
    for fold in np.unique(folds):
        held = folds == fold
        calibration = chosen_calibration(logits[~held], genres[~held], folds[~held])
        posteriors[held] = calibration.posteriors(logits[held])
    return posteriors


def compare(
    logits: NDArray[np.floating], genres: NDArray[np.int_], folds: Folds
) -> dict[str, dict[str, float]]:
    """Held-out log loss and calibration error of no calibration, each method, and the choice."""
    posteriors = {"none": Calibration().posteriors(logits)}
    posteriors |= {method: held_out_posteriors(logits, genres, folds, method) for method in METHODS}
    posteriors["nested choice"] = nested_posteriors(logits, genres, folds)
    return {name: _scores(table, genres) for name, table in posteriors.items()}


def shipped_calibration(schemes: Schemes, genres: NDArray[np.int_]) -> Calibration:
    """The calibration that goes into a card.

    It is fitted to clips whose whole source was held out, where a system was tried on such: a
    person's clips are of no source that was trained on, and there a network is less often right
    than where it knows the source. Else it is fitted to the first scheme.

    Args:
        schemes: fold of each clip and its logits, shapes [clips] and [clips, 16], by name.
        genres: index of each clip's genre, shape [clips].
    """
    folds, logits = schemes.get(SOURCE) or next(iter(schemes.values()))
    held = scored(genres, folds)
    return chosen_calibration(logits[held], genres[held], folds[held])


def across(schemes: Schemes, genres: NDArray[np.int_]) -> dict[str, dict[str, dict[str, float]]]:
    """What a calibration that was fitted to one scheme does on each: ``[fitted][scored]``.

    On its own scheme it is nested; ``none`` is no calibration.

    Args:
        schemes: fold of each clip and its logits, shapes [clips] and [clips, 16], by name.
        genres: index of each clip's genre, shape [clips].
    """
    found: dict[str, dict[str, dict[str, float]]] = {name: {} for name in ("none", *schemes)}
    for name, (folds, logits) in schemes.items():
        held = scored(genres, folds)
        clips, labels = logits[held], genres[held]
        for fitted, row in found.items():
            if fitted == name:
                posteriors = nested_posteriors(clips, labels, folds[held])
            elif fitted == "none":
                posteriors = Calibration().posteriors(clips)
            else:
                posteriors = shipped_calibration({fitted: schemes[fitted]}, genres).posteriors(
                    clips
                )
            row[name] = _scores(posteriors, labels)
    return found


def _scores(posteriors: NDArray[np.float64], genres: NDArray[np.int_]) -> dict[str, float]:
    return {
        "log_loss": round(float(clip_losses(posteriors, genres).mean()), 4),
        "calibration_error": round(reliability(posteriors, genres).error, 4),
    }


def _objective(
    parameters: NDArray[np.float64], logits: NDArray[np.float64], truth: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """Mean log loss, with the shrinkage of the biases, and its gradient.

    Args:
        parameters: logarithm of the temperature, logit of the floor, and no or 16 biases.
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
    given = (1.0 - floor) * right + floor / classes
    slopes = ((1.0 - floor) * right / given / clips)[:, None] * (softmax - truth)
    gradient = np.concatenate(
        [
            [-(slopes * scaled).sum()],
            [floor * (1.0 - floor) * np.mean((right - 1.0 / classes) / given)],
            slopes.sum(axis=0)[: len(bias)] / temperature + bias / (_BIAS_SPREAD**2 * clips),
        ]
    )
    penalty = float(bias @ bias) / (2.0 * _BIAS_SPREAD**2 * clips)
    return float(-np.log(given).mean()) + penalty, gradient
