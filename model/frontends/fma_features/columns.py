"""Names and order of the 518 features, and the statistics that they are made of."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

SIZES: Final = {
    "chroma_cens": 12,
    "chroma_cqt": 12,
    "chroma_stft": 12,
    "mfcc": 20,
    "rmse": 1,
    "spectral_bandwidth": 1,
    "spectral_centroid": 1,
    "spectral_contrast": 7,
    "spectral_rolloff": 1,
    "tonnetz": 6,
    "zcr": 1,
}
"""Values a frame of each feature, in the order of the table, which is the alphabet's."""

STATISTICS: Final = ("kurtosis", "max", "mean", "median", "min", "skew", "std")
"""Over the frames of a clip, in the order of the table."""

LEVELS: Final = ("feature", "statistics", "number")

COLUMNS: Final = tuple(
    (feature, statistic, f"{number:02d}")
    for feature, size in SIZES.items()
    for statistic in STATISTICS
    for number in range(1, size + 1)
)
"""Labels of all columns: feature, statistic and number in the feature, counted from 01."""

_CONSTANT = 1e-6


def summed_up(frames: dict[str, NDArray[np.floating]]) -> NDArray[np.float32]:
    """Statistics of all features, shape [518], in the order of ``COLUMNS``.

    Args:
        frames: values of each frame by feature, shape [frames, size].
    """
    parts = [statistics(frames[feature]).ravel() for feature in SIZES]
    return np.concatenate(parts).astype(np.float32)


def statistics(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """``STATISTICS`` of each column, shape [7, columns], from values of shape [frames, columns].

    Skew and kurtosis are those of the sample, without correction for its size. A column that does
    not change has skew 0 and kurtosis -3, as SciPy gave when FMA was made; today it gives nan.
    """
    values = np.ascontiguousarray(values.T, np.float64)
    mean = values.mean(axis=1)
    apart = values - mean[:, None]
    squares = apart * apart
    variance = squares.mean(axis=1)
    constant = variance <= (_CONSTANT * mean) ** 2
    scale = np.where(constant, 1.0, variance)
    skew = np.where(constant, 0.0, (squares * apart).mean(axis=1) / scale**1.5)
    kurtosis = np.where(constant, 0.0, (squares * squares).mean(axis=1) / scale**2) - 3.0
    median = np.median(values, axis=1)
    extremes = values.max(axis=1), values.min(axis=1)
    return np.stack([kurtosis, extremes[0], mean, median, extremes[1], skew, np.sqrt(variance)])
