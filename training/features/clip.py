"""One file to its 518 features, or the reason why not."""

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from training.features.banks import RateError
from training.features.chroma import chroma_features
from training.features.columns import summed_up
from training.features.spectrum import spectral, zero_crossing_rate


class ClipError(Exception):
    """A clip has no features; the message says why."""


def features_of_file(path: Path) -> NDArray[np.float32]:
    """Features of a whole file at its own sample rate, shape [518], in the order of ``COLUMNS``.

    Raises:
        ClipError: the file cannot be read, holds no audio, or is sampled at too low a rate.
    """
    samples, rate = read(path)
    return features_of_samples(samples, rate)


def features_of_samples(samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """Features of a mono waveform, shape [518], in the order of ``COLUMNS``.

    Args:
        samples: nominally in [-1, 1], shape [samples].
        rate: in Hz.

    Raises:
        ClipError: there is no sample, one is not finite, or the rate is too low.
    """
    if not len(samples):
        raise ClipError("no audio in it")
    if not np.isfinite(samples).all():
        raise ClipError("some samples are not finite numbers")
    transform = spectral(samples, rate)
    try:
        chroma = chroma_features(samples, rate, transform.tuning)
    except RateError as error:
        raise ClipError(str(error)) from None
    return summed_up(transform.features | chroma | {"zcr": zero_crossing_rate(samples)})


def read(path: Path) -> tuple[NDArray[np.float32], int]:
    """A whole file with its channels averaged, and its sample rate in Hz.

    Raises:
        ClipError: the file is missing or libsndfile cannot read it.
    """
    if not path.is_file():
        raise ClipError("the file is not there")
    try:
        with soundfile.SoundFile(path) as file:  # soundfile.read would seek first: other samples
            samples, rate = file.read(dtype="float32", always_2d=True), file.samplerate
    except (soundfile.SoundFileError, OSError) as error:
        raise ClipError(f"cannot be decoded: {error}") from None
    return samples.mean(axis=1), rate
