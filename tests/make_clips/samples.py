"""Samples, and what is done to those of every clip."""

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float64]  # (samples, channels), full scale at 1
RATE = 44_100  # samples per second of every clip


def shaped(samples: Samples, seconds: float) -> Samples:
    """Cut or pad to a length in seconds and fade the end."""
    length = round(seconds * RATE)
    cut = np.zeros((length, samples.shape[1]))
    cut[: len(samples)] = samples[:length]
    fade = round(0.6 * RATE)
    cut[-fade:] *= np.cos(np.linspace(0, np.pi / 2, fade))[:, None] ** 2
    return cut


def in_channels(samples: Samples, channels: int) -> Samples:
    """Return the samples as mono (the mean) or stereo (mono doubled)."""
    if channels == 1:
        mean: Samples = samples.mean(axis=1, keepdims=True)
        return mean
    return np.repeat(samples, 2, axis=1) if samples.shape[1] == 1 else samples
