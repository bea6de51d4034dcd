"""The 518 features of a waveform."""

import numpy as np
from numpy.typing import NDArray

from model.errors import GenreError
from model.frontends.fma_features.chroma import chroma_features
from model.frontends.fma_features.columns import summed_up
from model.frontends.fma_features.constantq import RateError
from model.frontends.fma_features.spectrum import spectral, zero_crossing_rate


class FeaturesError(GenreError):
    """A clip has no features; the message says why."""


def features_of_samples(samples: NDArray[np.floating], rate: int) -> NDArray[np.float32]:
    """Features of a mono waveform, shape [518], in the order of ``COLUMNS``.

    Args:
        samples: nominally in [-1, 1], shape [samples].
        rate: sample rate in Hz.

    Raises:
        FeaturesError: there is no sample, one is not finite, or the rate is too low.
    """
    if not len(samples):
        raise FeaturesError("no audio in it")
    if not np.isfinite(samples).all():
        raise FeaturesError("some samples are not finite numbers")
    transform = spectral(samples, rate)
    try:
        chroma = chroma_features(samples, rate, transform.tuning)
    except RateError as error:
        raise FeaturesError(str(error)) from None
    return summed_up(transform.features | chroma | {"zcr": zero_crossing_rate(samples)})
