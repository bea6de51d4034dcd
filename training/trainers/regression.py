"""Logistic regressions on features: the last layer, and the teacher that gives it soft targets.

The teacher is a logistic regression on joined embeddings of public networks. Its posteriors of a
clip come from a regression that was not fitted to the clip's group. They are part of the targets of
the last layer (Hinton, Vinyals and Dean, Distilling the Knowledge in a Neural Network, 2015).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from model.genres import GENRES

_NO_SHARE = 0.01
"""Share of a genre in a target up to which the genre is ignored, to save time."""

_SILENT = 1e-8
"""Standard deviation up to which a feature counts as constant."""


@dataclass(frozen=True)
class Probe:
    """A linear classifier of raw features: ``logits = features @ weights + bias``."""

    weights: NDArray[np.float64]
    bias: NDArray[np.float64]

    def posteriors(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """Softmax of the logits, shape [clips, 16]."""
        logits = features @ self.weights + self.bias
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def fit_probe(
    features: NDArray[np.floating],
    genres: NDArray[np.int_] | NDArray[np.floating],
    strength: float,
    feature_scale_floor: float = 0.0,
    clip_weights: NDArray[np.floating] | None = None,
) -> Probe:
    """Logistic regression on standardised features.

    Args:
        features: shape [clips, features].
        genres: index into ``GENRES``, shape [clips], or a share of each genre, shape [clips, 16].
        strength: scikit-learn's C.
        feature_scale_floor: added in quadrature to each feature's standard deviation, as a share
            of the median standard deviation. Without it, standardisation would amplify a feature
            that is almost constant in these clips.
        clip_weights: weight of each clip, shape [clips], or None for equal weights. Weights change
            the regression but not the prior: its posteriors have the clips' own mix of genres.
    """
    spread = features.std(axis=0, dtype=np.float64)
    scale = np.hypot(spread, feature_scale_floor * np.median(spread))
    scale[scale < _SILENT] = 1.0
    mean = features.mean(axis=0, dtype=np.float64)
    shares = np.eye(len(GENRES))[genres] if genres.ndim == 1 else genres
    clips, named = np.nonzero(shares > _NO_SHARE)  # a clip counts for each genre by its share
    regression = LogisticRegression(C=strength, max_iter=400)
    standardised = (features - mean) / scale
    importance = np.ones(len(shares)) if clip_weights is None else np.asarray(clip_weights)
    importance = importance / importance.mean()
    regression.fit(
        standardised[clips], named, sample_weight=(shares * importance[:, None])[clips, named]
    )
    weights = np.zeros((features.shape[1], len(GENRES)))
    # A genre without clips in this part gets a logit that no softmax will notice.
    bias = np.full(len(GENRES), -15.0)
    slopes, offsets = regression.coef_, regression.intercept_
    if len(regression.classes_) == 2:  # one logit for two classes: that of the second
        slopes = np.concatenate([np.zeros_like(slopes), slopes])
        offsets = np.concatenate([np.zeros(1), offsets])
    slopes = slopes / scale
    weights[:, regression.classes_] = slopes.T
    mix, weighted_mix = shares.mean(axis=0), (shares * importance[:, None]).mean(axis=0)
    prior_shift = np.log(mix[regression.classes_] / weighted_mix[regression.classes_])
    bias[regression.classes_] = offsets - slopes @ mean + prior_shift
    return Probe(weights, bias)


def balancing_weights(
    genres: NDArray[np.int_], groups: Sequence[str], exponent: float
) -> NDArray[np.float64]:
    """Weights that count clips of frequent artists and genres less, shape [clips]; mean 1.

    Args:
        genres: index of each clip's genre, shape [clips].
        groups: artist, or the best substitute for the artist, of each clip.
        exponent: a weight is (clips of the artist x clips of the genre)^-exponent.
    """
    _, own = np.unique(np.array(groups), return_inverse=True)
    counts = np.bincount(own)[own] * np.bincount(genres)[genres]
    weights = counts.astype(np.float64) ** -exponent
    return np.asarray(weights / weights.mean())


def soft_targets(
    features: NDArray[np.float32],
    genres: NDArray[np.int_],
    groups: list[str],
    strength: float,
    seed: int,
    cache: Path,
) -> NDArray[np.float64]:
    """Posteriors of clips from regressions that did not see the clip's group, shape [clips, 16].

    Args:
        features: the teacher's, shape [clips, features].
        genres: index of each clip's genre, shape [clips].
        groups: artist of each clip.
        strength: scikit-learn's C.
        seed: seed of the folds.
        cache: folder where they are kept for other systems on the same clips.
    """
    digest = hashlib.sha256(features.tobytes() + genres.tobytes())
    digest.update(f"{groups} {strength} {seed}".encode())
    cached = cache / f"soft_targets_{digest.hexdigest()[:16]}.npy"
    if cached.exists():
        return np.asarray(np.load(cached))
    targets = np.zeros((len(genres), len(GENRES)))
    folds = StratifiedGroupKFold(4, shuffle=True, random_state=seed)
    for train, held in folds.split(features, genres, groups):
        targets[held] = fit_probe(features[train], genres[train], strength).posteriors(
            features[held]
        )
    np.save(cached, targets)
    return targets
