"""Prior shift: estimates the class prior of a set of clips from their posteriors.

The method is the EM algorithm of Saerens, Latinne and Decaestecker (Adjusting the Outputs of a
Classifier to New a Priori Probabilities, Neural Computation 14, 2002) with regularisation. The
plain algorithm assumes exact posteriors. With a network's posteriors for unseen clips, its estimate
can be worse than no adaptation, however many clips there are. Therefore the estimate is shrunk
towards an anchor: the mean of three known priors, weighted by their likelihood for these clips.
"""

from typing import Final

import numpy as np

from model.genres import FMA_MEDIUM_CLIPS
from model.probabilities.calibration import FloatArray, smoothed

SMOOTHING: Final = 0.1
"""Share of the uniform prior in the smoothed prior of fma_medium."""

KNOWN_PRIOR_WEIGHTS: Final = (0.5, 0.25, 0.25)
"""Probability of each known prior before any clip is seen: the training prior (no adaptation), the
prior of fma_medium, and the uniform prior. No adaptation gets half because adapting must not harm.
"""

ANCHOR_CLIPS: Final = 40
ANCHOR_SHARE: Final = 1.0
"""Weight of the anchor in clips: ``ANCHOR_CLIPS`` + ``ANCHOR_SHARE`` times the number of clips.

Chosen on simulated payloads of held-out clips (``training.evaluation.mixes``), with the condition
that the estimate costs at most 0.02 nats more than no adaptation in every mix. The largest cost was
0.01 with a share of 1, 0.02 with 0.5, and 0.11 with 0. ``ANCHOR_CLIPS`` matters for small payloads:
with 20 clips, 10 cost 0.008 and 40 nothing. Of three classifiers that were not used for the choice,
two cost at most 0.012 and the weakest 0.025 with 20 clips.
"""

_STEPS: Final = 1000
_TOLERANCE: Final = 1e-6


def estimated_prior(posteriors: FloatArray, training_prior: FloatArray) -> FloatArray:
    """The estimated class prior of a set of clips.

    Args:
        posteriors: calibrated posteriors under ``training_prior``, float64 of shape [clips, 16],
            rows summing to 1. Leave out clips without a prediction. Without any row the result is
            the mean of the known priors, weighted by ``KNOWN_PRIOR_WEIGHTS``.
        training_prior: prior of the training clips, all positive, shape [16].

    Returns:
        Shape [16], positive, sum 1, at least half the anchor. The order of clips does not matter.

    Raises:
        ValueError: the shapes do not fit, a value is not finite or negative, a row is all zeros,
            or a class of the training prior is not positive.
    """
    likelihoods = _relative_likelihoods(posteriors, training_prior)
    anchor = _anchor(likelihoods, training_prior)
    strength = ANCHOR_CLIPS + ANCHOR_SHARE * len(likelihoods)
    return expectation_maximization(likelihoods, anchor, strength * anchor)


def expectation_maximization(
    likelihoods: FloatArray, start: FloatArray, pseudo_counts: FloatArray
) -> FloatArray:
    """The most probable class mix under a Dirichlet prior, shape [classes].

    Args:
        likelihoods: likelihood of each clip in each class, up to a factor for each clip, shape
            [clips, classes].
        start: mix to start from, shape [classes].
        pseudo_counts: parameters of the Dirichlet prior minus one, shape [classes]; all 0 gives
            the maximum-likelihood mix of Saerens et al., in which a class can have the share 0.
    """
    prior = start
    for _ in range(_STEPS):
        joint = likelihoods * prior
        counts = (joint / joint.sum(axis=1, keepdims=True)).sum(axis=0) + pseudo_counts
        last, prior = prior, counts / counts.sum()
        if np.abs(prior - last).max() < _TOLERANCE:
            break
    return np.asarray(prior)


def _relative_likelihoods(posteriors: FloatArray, training_prior: FloatArray) -> FloatArray:
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


def _anchor(likelihoods: FloatArray, training_prior: FloatArray) -> FloatArray:
    """Mean of the known priors, weighted by their posterior probability."""
    uniform = np.full_like(training_prior, 1.0 / len(training_prior))
    medium = smoothed(np.array(FMA_MEDIUM_CLIPS), SMOOTHING)
    known = np.stack([training_prior, medium, uniform])
    evidence = np.log(likelihoods @ known.T).sum(axis=0) + np.log(KNOWN_PRIOR_WEIGHTS)
    weights = np.exp(evidence - evidence.max())
    mixed = weights @ known
    return np.asarray(mixed / mixed.sum())
