"""Sounds for tests of the 518 features, and what counts as equal to the recipe's values."""

import numpy as np

from model.frontends.fma_features.columns import COLUMNS

CONSTANT = {"skew": 0.0, "kurtosis": -3.0}
"""Of a feature that never changes, by the SciPy of 2017; today's gives nan."""


def agree(ours: np.ndarray, reference: np.ndarray) -> None:
    expected = reference.copy()
    for index, (_, statistic, _) in enumerate(COLUMNS):
        if np.isnan(expected[index]):
            expected[index] = CONSTANT[statistic]
    # SciPy sums third and fourth powers in single precision, ours in double.
    loose = [statistic in ("skew", "kurtosis") for _, statistic, _ in COLUMNS]
    tolerance = np.where(loose, 2e-4, 1e-5)
    np.testing.assert_array_less(np.abs(ours - expected), tolerance + tolerance * np.abs(expected))


def noise(seconds: float, rate: int, seed: int = 0) -> np.ndarray:
    """Noise with a beat and a tone out of tune, float32."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * rate)) / rate
    tone = 0.3 * np.sin(2 * np.pi * 452.0 * time) + 0.1 * np.sin(2 * np.pi * 1356.0 * time)
    beat = 0.2 * rng.normal(size=len(time)) * np.exp(-6 * (time % 0.5))
    return (tone + beat).astype(np.float32)
