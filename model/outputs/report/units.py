"""Probabilities as the page has them: rounded once, so that charts and filters count the same."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

UNIT: Final = 1e-4
"""The page has probabilities as whole numbers of this."""

LEVELS: Final = 10
"""Number of equal steps of confidence in the histogram and the reliability diagram."""

ONE: Final = round(1 / UNIT)
"""A probability of 1 in units."""


def in_units(probabilities: Sequence[float] | NDArray[np.float64]) -> list[int]:
    """Probabilities as whole numbers of ``UNIT``."""
    return [int(value) for value in np.rint(np.asarray(probabilities, np.float64) / UNIT)]


def first_genre(units: Sequence[int]) -> tuple[int, int]:
    """Index of the most probable genre, the first of several, and the step of its probability."""
    top = max(units)
    return units.index(top), min(LEVELS - 1, top * LEVELS // ONE)
