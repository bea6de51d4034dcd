"""Body of a worker process that computes the 518 features of FMA's ``features.csv``.

It reads a file whole and at the file's own sample rate, as the published features were computed.
``model.decoding.worker`` reads the middle 30 s at one rate.
"""

from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from model.clips import Notice
from model.decoding import worker
from model.decoding.pool import Decoded
from model.frontends.fma_features.clip import FeaturesError, features_of_samples
from model.frontends.parameters import AnyFrontEnd


def serve(connection: Connection, front_end: AnyFrontEnd) -> None:
    """Report that the process is ready, then read each path until the connection closes.

    Args:
        connection: connection to the main process.
        front_end: not used; the features have no parameters.
    """
    worker.serve_with(connection, _decode)


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


def _decode(path: Path) -> Decoded:
    try:
        return Decoded(features_of_file(path)[np.newaxis])
    except FeaturesError as error:
        reason = "undecodable" if path.is_file() else "missing"
        return Decoded(None, (Notice(reason, str(error)),))
