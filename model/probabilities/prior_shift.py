"""Prior shift: estimating the class mix of a payload from the posteriors of its clips.

EM of Saerens, Latinne and Decaestecker (Adjusting the Outputs of a Classifier to New a Priori
Probabilities, Neural Computation 14, 2002), with a safeguard. Alone it maximises the likelihood of
the payload and takes the posteriors for exact. Those of a network for clips that it did not see are
not exact genre by genre, and the maximum then lies at a mix that is worse than none, however many
clips there are; it lies there even when a payload draws on all artists alike. So the estimate is
shrunk towards an anchor, and the anchor is what the payload says of the mixes that are known.
"""

from typing import Final

import numpy as np

from model.genres import FMA_MEDIUM_CLIPS
from model.probabilities.calibration import Vector, smoothed

SMOOTHING: Final = 0.1
"""Share of the uniform mix in the anchor of fma_medium."""

BEFOREHAND: Final = (0.5, 0.25, 0.25)
"""How probable the known mixes are without a payload: that of the training clips (no adaptation),
of fma_medium, and equal shares. No adaptation gets half because adapting must do no harm."""

ANCHOR_CLIPS: Final = 40
ANCHOR_SHARE: Final = 1.0
"""The anchor counts like ``ANCHOR_CLIPS`` clips more than ``ANCHOR_SHARE`` times the payload.

Chosen by simulated payloads of held-out clips (``training.evaluation.mixes``), where the estimate
may cost
0.02 nats more than no adaptation in no mix. It cost 0.01 with a share of 1, 0.02 with 0.5, and 0.11
with 0. ``ANCHOR_CLIPS`` matters for small payloads: at 20 clips 10 cost 0.008 and 40 nothing. Of
three probes that had no part in the choice, two cost at most 0.012, the weakest 0.025 at 20 clips.
"""

_STEPS: Final = 1000
_TOLERANCE: Final = 1e-6


def estimated_prior(posteriors: Vector, training_prior: Vector) -> Vector:
    """The class mix of a payload; positive, sums to 1, never less than half the anchor.

    Args:
        posteriors: calibrated posteriors under ``training_prior``, float64 of shape [clips, 16],
            rows summing to 1. Rows of clips without a prediction are left out; no row at all gives
            the mean of the known mixes, weighted by ``BEFOREHAND``.
        training_prior: prior of the training clips, all positive, shape [16].

    Returns:
        The estimate, shape [16]. The order of the clips does not matter.

    Raises:
        ValueError: the shapes do not fit, a value is not finite or negative, a row is all zeros,
            or a class of the training prior has no share.
    """
    likelihoods = _relative_likelihoods(posteriors, training_prior)
    anchor = _anchor(likelihoods, training_prior)
    strength = ANCHOR_CLIPS + ANCHOR_SHARE * len(likelihoods)
    return _em(likelihoods, anchor, strength * anchor)


def most_likely_prior(posteriors: Vector, training_prior: Vector) -> Vector:
    """The EM of 2002 without a safeguard: to be compared with, not to be used.

    Arguments, result and errors as ``estimated_prior``, but classes can end up without a share,
    and there must be a row.
    """
    likelihoods = _relative_likelihoods(posteriors, training_prior)
    return _em(likelihoods, training_prior, np.zeros_like(training_prior))


def _relative_likelihoods(posteriors: Vector, training_prior: Vector) -> Vector:
    """Posterior over prior: the likelihood of a clip in each class, but for a factor a clip."""
    if posteriors.ndim != 2 or posteriors.shape[1:] != training_prior.shape:
        raise ValueError(f"{posteriors.shape} posteriors for {training_prior.shape} classes")
    if not (np.isfinite(training_prior).all() and (training_prior > 0).all()):
        raise ValueError("every class of the training prior must have a share")
    if not np.isfinite(posteriors).all() or (posteriors < 0).any():
        raise ValueError("posteriors must be finite and not negative")
    if not (posteriors.sum(axis=1) > 0).all():
        raise ValueError("a row of posteriors is all zeros")
    return np.asarray(posteriors / training_prior, np.float64)


def _anchor(likelihoods: Vector, training_prior: Vector) -> Vector:
    """Known mixes, averaged by how probable the payload makes each."""
    uniform = np.full_like(training_prior, 1.0 / len(training_prior))
    medium = smoothed(np.array(FMA_MEDIUM_CLIPS), SMOOTHING)
    known = np.stack([training_prior, medium, uniform])
    evidence = np.log(likelihoods @ known.T).sum(axis=0) + np.log(BEFOREHAND)
    weights = np.exp(evidence - evidence.max())
    mixed = weights @ known
    return np.asarray(mixed / mixed.sum())


def _em(likelihoods: Vector, start: Vector, pseudo_counts: Vector) -> Vector:
    """Most probable mix under a Dirichlet prior with these counts beyond one, shape [classes]."""
    prior = start
    for _ in range(_STEPS):
        joint = likelihoods * prior
        counts = (joint / joint.sum(axis=1, keepdims=True)).sum(axis=0) + pseudo_counts
        last, prior = prior, counts / counts.sum()
        if np.abs(prior - last).max() < _TOLERANCE:
            break
    return np.asarray(prior)
