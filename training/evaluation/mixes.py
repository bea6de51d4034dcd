"""Simulates test sets of other class mixes, and compares priors by their log loss on them.

A test set is drawn from held-out clips: its artists or other groups with replacement, its genres
from a mix, and the clips of a genre from the drawn groups. All priors adapt the posteriors of the
same test sets.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from grader.judging.metrics import clip_losses
from model.genres import FMA_MEDIUM_CLIPS, GENRES
from model.probabilities.calibration import FloatArray, adapt, smoothed
from model.probabilities.prior_shift import estimated_prior, expectation_maximization
from training.evaluation.bootstrap import group_draws

Prior = Callable[[FloatArray], FloatArray]
"""From the posteriors of a test set, shape [clips, 16], to its expected mix, shape [16]."""

SIZES: Final = {20: 200, 200: 40, 2000: 8}
"""Number of simulated test sets by the number of clips of a test set."""
SHARES: Final = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5)
"""Shares of the uniform mix in fma_medium's that are compared."""
UNADAPTED: Final = "train"
ESTIMATE: Final = "estimate"
MAXIMUM: Final = "EM alone"
ORACLE: Final = "true mix"
RANDOM_MIX: Final = "Dirichlet"
"""Beginning of the names of mixes that are drawn at random."""
_DIRICHLET: Final = (1.0, 1.0, 1.0, 0.3, 0.3, 0.3)
_LEAST: Final = 1e-3  # share of the uniform mix that keeps every prior positive


def share_name(share: float) -> str:
    """Name of fma_medium's mix with a share of the uniform mix."""
    return f"fma + {share:.0%}" if share else "fma"


def simulate(
    posteriors: FloatArray,
    genres: NDArray[np.int_],
    groups: Sequence[str],
    training_prior: FloatArray,
    sizes: Mapping[int, int] = SIZES,
    seed: int = 0,
) -> dict[str, Any]:
    """Log loss of every prior under every mix, rounded for a results file.

    Args:
        posteriors: calibrated held-out posteriors under ``training_prior``, shape [clips, 16].
        genres: index of each clip's genre, shape [clips].
        groups: group of each clip.
        training_prior: prior of the training clips, all positive, shape [16].
        sizes: number of test sets by the number of clips of a test set.
        seed: seed of mixes, groups and clips.

    Returns:
        ``losses[mix][size][prior]``: mean log loss in nats over the test sets of a size;
        ``mean[prior]``: mean over all mixes and sizes; ``largest_excess[prior]``: largest loss
        above that of ``UNADAPTED``.
    """
    priors, mixes = _priors(training_prior), _mixes(genres, seed)
    names = [*priors, ORACLE]
    drawn = group_draws(groups, max(sizes.values()), seed)
    losses = np.zeros((len(mixes), len(sizes), len(names)))
    for row, mix in enumerate(mixes.values()):
        priors[ORACLE] = _constant(smoothed(mix, _LEAST))
        for column, (size, test_sets) in enumerate(sizes.items()):
            rng = np.random.default_rng([seed, size])
            for number in range(test_sets):
                chosen = draw_test_set(genres, drawn[number], mix, size, rng)
                rows = posteriors[chosen]
                tables = [adapt(rows, training_prior, priors[name](rows)) for name in names]
                means = [clip_losses(table, genres[chosen]).mean() for table in tables]
                losses[row, column] += np.array(means) / test_sets
    excess = (losses - losses[:, :, [names.index(UNADAPTED)]]).max(axis=(0, 1))
    return {
        "losses": {
            mix: {
                str(size): _by_name(names, losses[row, column]) for column, size in enumerate(sizes)
            }
            for row, mix in enumerate(mixes)
        },
        "mean": _by_name(names, losses.mean(axis=(0, 1))),
        "largest_excess": _by_name(names, excess),
    }


def draw_test_set(
    genres: NDArray[np.int_],
    weights: NDArray[np.float64],
    mix: FloatArray,
    size: int,
    rng: np.random.Generator,
) -> NDArray[np.int_]:
    """Indices of the clips of a simulated test set, shape [size].

    Args:
        genres: index of each clip's genre, shape [clips].
        weights: how often each clip's group was drawn, shape [clips]; all clips of a genre without
            a drawn group are equally probable.
        mix: share of each genre, 0 for a genre without clips, shape [16].
        size: number of clips.
        rng: random number generator.
    """
    wanted = rng.choice(len(mix), size=size, p=mix)
    chosen = np.zeros(size, int)
    for genre in np.unique(wanted):
        clips = np.flatnonzero(genres == genre)
        odds = weights[clips] if weights[clips].any() else np.ones(len(clips))
        positions = wanted == genre
        chosen[positions] = rng.choice(clips, size=int(positions.sum()), p=odds / odds.sum())
    return chosen


def _by_name(names: Sequence[str], values: NDArray[np.float64]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in zip(names, values.tolist(), strict=True)}


def _mixes(genres: NDArray[np.int_], seed: int) -> dict[str, FloatArray]:
    """Class mixes by name, over the genres that have clips."""
    own = np.bincount(genres, minlength=len(GENRES))
    mixes = {
        "fma_medium": np.array(FMA_MEDIUM_CLIPS, float),
        "uniform": np.ones(len(GENRES)),
        "of the clips": own.astype(float),
    }
    rng = np.random.default_rng(seed)
    for number, concentration in enumerate(_DIRICHLET, start=1):
        drawn = rng.dirichlet(np.full(len(GENRES), concentration))
        mixes[f"{RANDOM_MIX}({concentration:g}) {number}"] = drawn
    return {name: mix * (own > 0) / (mix * (own > 0)).sum() for name, mix in mixes.items()}


def _priors(training_prior: FloatArray) -> dict[str, Prior]:
    medium = np.array(FMA_MEDIUM_CLIPS)
    priors = {UNADAPTED: _constant(training_prior)}
    priors |= {share_name(share): _constant(smoothed(medium, share)) for share in SHARES}
    priors["uniform"] = _constant(np.full(len(GENRES), 1.0 / len(GENRES)))
    priors[ESTIMATE] = lambda rows: estimated_prior(rows, training_prior)
    priors[MAXIMUM] = lambda rows: smoothed(_most_likely_prior(rows, training_prior), _LEAST)
    return priors


def _most_likely_prior(posteriors: FloatArray, training_prior: FloatArray) -> FloatArray:
    """The maximum-likelihood mix of Saerens et al. (2002); a genre can have the share 0."""
    no_counts = np.zeros_like(training_prior)
    return expectation_maximization(posteriors / training_prior, training_prior, no_counts)


def _constant(prior: FloatArray) -> Prior:
    return lambda rows: prior
