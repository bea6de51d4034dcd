"""Initial weights of the branches for music, and the maps from our bands to their bands.

Batch normalisation is folded into the convolution before it where nothing stands between, else
into a depthwise convolution of one frame.
"""

import tempfile
import zipfile
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from model.frontends.spectrogram import FrontEnd
from model.systems.ours import music_branches
from model.systems.ours.music_branches import BranchSpectrogram
from training.initial.checkpoint import checked

Layers = dict[str, list[NDArray[np.float32]]]

_EPSILON = 1e-3
"""Of the batch normalisation in both networks."""

_RAYLEIGH = np.pi / 4
"""Squared mean against mean square of the magnitude of noise in a bin."""

ARTIST_FFT, ARTIST_RATE = 1024, 22_050
ARTIST_MEAN, ARTIST_DEVIATION = 0.22620339, 0.25794547
MUSICNN_FFT = 512
_BAND_MAPS = {
    # The branch sums magnitudes, our bands hold powers: noise has the same mean magnitude in both.
    "artist": (music_branches.ARTIST, ARTIST_FFT**2 * _RAYLEIGH / (ARTIST_RATE / ARTIST_FFT)),
    "musicnn": (music_branches.MUSICNN, float(MUSICNN_FFT**2)),
}
"""Spectrogram of each branch with bands of its own, and the gain of its Fourier transform."""

_MUSICNN_FOLDER = "musicnn/MSD_musicnn/"


def artist_layers(path: Path, digest: str, front_end: FrontEnd) -> Layers:
    """Weights of the branch ``artist`` from ``artist_siamese_10000.h5``, by layer.

    Raises:
        CheckpointError: the file is missing or another one.
    """
    checked(path, digest)
    branch = music_branches.ARTIST
    layers = band_layers("artist", front_end)
    scale = np.full((1, branch.bands, 1), 1.0 / ARTIST_DEVIATION, np.float32)
    shift = np.full(branch.bands, -ARTIST_MEAN / ARTIST_DEVIATION, np.float32)
    layers["artist_standardised"] = [scale, shift]
    with h5py.File(path) as file:
        stored = file["model_weights"]
        for number in range(1, 6):
            name = f"conv1d_{number}"
            kernel, bias = (stored[f"{name}/{name}/{part}:0"][:] for part in ("kernel", "bias"))
            name = f"batch_normalization_{number}"
            gamma, beta, mean, variance = (
                stored[f"{name}/{name}/{part}:0"][:]
                for part in ("gamma", "beta", "moving_mean", "moving_variance")
            )
            slope = gamma / np.sqrt(variance + _EPSILON)
            layers[f"artist_{number}"] = [kernel * slope, (bias - mean) * slope + beta]
    return layers


def musicnn_layers(path: Path, digest: str, front_end: FrontEnd) -> Layers:
    """Weights of the branch ``musicnn`` from the published wheel, by layer; needs TensorFlow.

    Raises:
        CheckpointError: the file is missing or another one.
    """
    checked(path, digest)
    stored = _musicnn_variables(path)
    branch = music_branches.MUSICNN
    layers = band_layers("musicnn", front_end)
    slope, shift = _normalisation(stored, 0)
    bands = np.ones(branch.bands, np.float32)
    layers["musicnn_standardised"] = [(slope * bands)[None, :, None], shift * bands]
    for number in range(5):
        layers[f"musicnn_front{number + 1}"] = _convolution(stored, number)
        slope, shift = _normalisation(stored, number + 1)
        layers[f"musicnn_front{number + 1}_norm"] = [slope[None, None, :, None], shift]
    for number in range(3):
        kernel, bias = _convolution(stored, number + 5)
        layers[f"musicnn_middle{number + 1}"] = [kernel[:, :, 0], bias]
        slope, shift = _normalisation(stored, number + 6)
        layers[f"musicnn_middle{number + 1}_norm"] = [slope[None, :, None], shift]
    slope, shift = _normalisation(stored, 9)
    kernel = stored["dense/kernel"]
    bias = stored["dense/bias"] + shift @ kernel
    layers["musicnn_embedding"] = [kernel * slope[:, None], bias]
    slope, shift = _normalisation(stored, 10)
    layers["musicnn_embedding_norm"] = [slope[None, :, None], shift]
    return layers


def musicnn_tags(path: Path, digest: str) -> NDArray[np.float32]:
    """Weights from the features of the branch ``musicnn`` to the logits of its tags.

    Returns:
        Shape [200, 50].

    Raises:
        CheckpointError: the file is missing or another one.
    """
    return _musicnn_variables(checked(path, digest))["dense_1/kernel"]


def band_layers(name: str, front_end: FrontEnd) -> Layers:
    """The layer that maps our bands to those of a branch; it is never trained.

    Args:
        name: name of the branch. The result is empty for a branch that uses our bands.
        front_end: front end of our spectrograms.
    """
    if name not in _BAND_MAPS:
        return {}
    return {f"{name}_bands": [band_map(front_end, *_BAND_MAPS[name])]}


def band_map(front_end: FrontEnd, branch: BranchSpectrogram, gain: float) -> NDArray[np.float32]:
    """Non-negative weights from our bands to those of a branch, shape [our bands, bands].

    Args:
        front_end: front end of our spectrograms.
        branch: spectrogram of the branch.
        gain: squared length of its Fourier transform, as its window is as long.
    """
    ours, theirs = music_branches.filters(front_end, branch)
    ratio = gain / (front_end.window_length * front_end.fft_length)
    columns = [nnls(ours, theirs[:, band])[0] for band in range(branch.bands)]
    return (np.stack(columns, axis=1) * ratio).astype(np.float32)


def _musicnn_variables(path: Path) -> dict[str, NDArray[np.float32]]:
    import tensorflow as tf

    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path) as wheel:
        for name in (".index", ".data-00000-of-00001"):
            wheel.extract(_MUSICNN_FOLDER + name, folder)
        reader = tf.compat.v1.train.NewCheckpointReader(f"{folder}/{_MUSICNN_FOLDER}")
        names = reader.get_variable_to_shape_map()
        wanted = [name for name in names if "Adam" not in name]
        return {name: reader.get_tensor(name) for name in wanted}


def _convolution(stored: dict[str, NDArray[np.float32]], number: int) -> list[NDArray[np.float32]]:
    name = f"conv2d_{number}" if number else "conv2d"
    return [stored[f"{name}/kernel"], stored[f"{name}/bias"]]


def _normalisation(
    stored: dict[str, NDArray[np.float32]], number: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Slope and shift of a batch normalisation, shape [channels] each."""
    name = f"batch_normalization_{number}" if number else "batch_normalization"
    slope = stored[f"{name}/gamma"] / np.sqrt(stored[f"{name}/moving_variance"] + _EPSILON)
    return slope, stored[f"{name}/beta"] - stored[f"{name}/moving_mean"] * slope
