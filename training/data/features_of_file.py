"""One file to its 518 features, read whole and at its own sample rate as the recipe does."""

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from model.frontends.fma_features.clip import FeaturesError, features_of_samples


def features_of_file(path: Path) -> NDArray[np.float32]:
    """Features of a whole file at its own sample rate, shape [518], in the order of ``COLUMNS``.

    Raises:
        FeaturesError: the file cannot be read, holds no audio, or is sampled at too low a rate.
    """
    samples, rate = read(path)
    return features_of_samples(samples, rate)


def read(path: Path) -> tuple[NDArray[np.float32], int]:
    """A whole file with its channels averaged, and its sample rate in Hz.

    Raises:
        FeaturesError: the file is missing or libsndfile cannot read it.
    """
    if not path.is_file():
        raise FeaturesError("the file is not there")
    try:
        with soundfile.SoundFile(path) as file:  # soundfile.read would seek first: other samples
            samples, rate = file.read(dtype="float32", always_2d=True), file.samplerate
    except (soundfile.SoundFileError, OSError) as error:
        raise FeaturesError(f"cannot be decoded: {error}") from None
    return samples.mean(axis=1), rate
