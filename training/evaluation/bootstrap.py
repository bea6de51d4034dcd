"""Bootstrap intervals by resampling groups, because clips of one artist are not independent.

Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13: percentiles of a
statistic over draws of groups with replacement. A draw is a weight for each clip, so that any
weighted score of ``grader.judging.metrics`` can be resampled.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.float64]
"""How often each clip is in a draw, shape [clips]."""

DRAWS: Final = 1000
LEVEL: Final = 0.95


def group_draws(groups: Sequence[str], draws: int = DRAWS, seed: int = 0) -> Weights:
    """How often each clip is drawn, shape [draws, clips].

    Args:
        groups: group of each clip; all clips of a group are drawn together.
        draws: number of draws, each of as many groups as there are.
        seed: seed of the draws; the same seed and groups give the same draws, so that two systems
            can be compared draw by draw.
    """
    _, group_of = np.unique(np.array(groups), return_inverse=True)
    count = int(group_of.max()) + 1
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(count, np.full(count, 1.0 / count), size=draws)
    return drawn[:, group_of].astype(np.float64)


def intervals(
    statistic: Callable[[Weights], NDArray[np.float64]], draws: Weights, level: float = LEVEL
) -> NDArray[np.float64]:
    """Lower and upper ends of a statistic's percentile intervals, shape [2, values].

    Args:
        statistic: values of a draw, shape [values]; NaN for a value that no drawn clip defines.
        draws: result of ``group_draws``, shape [draws, clips].
        level: share of the draws inside the interval.
    """
    values = np.stack([statistic(weights) for weights in draws])
    ends: NDArray[np.float64] = np.full((2, values.shape[1]), np.nan)
    # A value that is NaN in every draw has no interval; numpy would warn about it.
    defined = ~np.isnan(values).all(axis=0)
    quantiles = [(1 - level) / 2, (1 + level) / 2]
    ends[:, defined] = np.nanquantile(values[:, defined], quantiles, axis=0)
    return ends
