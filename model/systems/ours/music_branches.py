"""Published convolutional networks for music, as branches of ``model.systems.ours.fusion``.

Each network was designed for a spectrogram of its own. No second Fourier transform is computed: a
fixed matrix maps the power in our mel bands to the bands of the branch, and fixed means of
neighbouring frames map our frames to its frames. Fine-tuning corrects the error of the mapping.
All layers train on every backend of Keras. Batch normalisation is folded into the convolution
before it, or is a depthwise convolution of one frame where an activation stands between.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.frontends.spectrogram import (
    FrontEnd,
    mel_edges,
    response,
    slaney_edges,
    triangles,
)
from model.systems.base import window_starts

if TYPE_CHECKING:
    import keras

_GRID_HZ = 3.0
"""Step of the frequency axis on which filters are compared."""


@dataclass(frozen=True)
class BranchSpectrogram:
    """The log-mel spectrogram for which a branch was designed, with triangular filters of area 1.

    Attributes:
        bands: mel bands on Slaney's scale, from 0 Hz.
        fmax: upper edge of the last band in Hz.
        hop_seconds: seconds from one frame to the next.
        window_seconds: length of the Hann window.
        patch: frames of one input of the branch.
        compression: factor c of log10(1 + c x).
        magnitude: whether x is a magnitude instead of a power.
    """

    bands: int
    fmax: float
    hop_seconds: float
    window_seconds: float
    patch: int
    compression: float
    magnitude: bool


ARTIST = BranchSpectrogram(128, 11_025.0, 512 / 22_050, 1024 / 22_050, 129, 10.0, True)
"""Input of ``artist``: FFT of 1024 and hop of 512 samples at 22.05 kHz, patches of 3 s."""

MUSICNN = BranchSpectrogram(96, 8_000.0, 256 / 16_000, 512 / 16_000, 187, 10_000.0, False)
"""Input of ``musicnn``: FFT of 512 and hop of 256 samples at 16 kHz, patches of 3 s."""


def branch_frames(front_end: FrontEnd, branch: BranchSpectrogram, frames: int) -> int:
    """Frames of a branch's spectrogram for ``frames`` frames of ours, at least one patch."""
    seconds = frames * front_end.hop_length / front_end.sample_rate
    return max(branch.patch, round(seconds / branch.hop_seconds))


def frame_map(
    front_end: FrontEnd, branch: BranchSpectrogram, frames: int
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """For each frame of a branch's spectrogram, our frames and their weights in a weighted mean.

    The weights are the square of a Hann window: the share of each instant in a power spectrum.

    Args:
        front_end: front end of our spectrogram.
        branch: spectrogram of the branch.
        frames: length of our spectrogram.

    Returns:
        Indices and weights, each of shape [taps, frames of the branch]; weights sum to 1 over taps.
    """
    hop = front_end.hop_length / front_end.sample_rate
    centres = np.linspace(0.0, frames - 1.0, branch_frames(front_end, branch, frames))
    reach = max(1.0, branch.window_seconds / hop / 2.0)
    offsets = np.arange(-math.floor(reach), math.floor(reach) + 1)
    nearest = np.round(centres)[None] + offsets[:, None]
    away = np.clip(np.abs(nearest - centres[None]) / reach, 0.0, 1.0)
    weights = np.cos(0.5 * np.pi * away) ** 4
    inside = (nearest >= 0) & (nearest < frames)
    weights = np.where(inside, weights, 0.0)
    indices = np.clip(nearest, 0, frames - 1).astype(np.intp)
    return indices, (weights / weights.sum(axis=0)).astype(np.float32)


def filters(
    front_end: FrontEnd, branch: BranchSpectrogram
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Our filters and those of a branch, sampled at the same frequencies.

    Returns:
        Shapes [frequencies, our bands] and [frequencies, bands of the branch].
    """
    frequencies = np.arange(0.0, front_end.sample_rate / 2, _GRID_HZ)
    ours = triangles(frequencies, mel_edges(front_end), unit_area=False)
    ours *= response(front_end, frequencies)[:, None]
    edges = slaney_edges(branch.bands, branch.fmax)
    return ours, triangles(frequencies, edges, unit_area=True)


def _branch_patches(
    log_mel: "keras.KerasTensor",
    front_end: FrontEnd,
    branch: BranchSpectrogram,
    frames: int,
    name: str,
) -> "keras.KerasTensor":
    """The spectrogram of a branch in patches, shape [batch * patches, patch, bands]."""
    from keras import layers, ops

    power = ops.exp(log_mel * front_end.scale - front_end.shift)
    mapped = layers.Dense(branch.bands, use_bias=False, trainable=False, name=f"{name}_bands")(
        power
    )
    indices, weights = frame_map(front_end, branch, frames)
    converted = sum(
        ops.take(mapped, tap, axis=1) * share[:, None]
        for tap, share in zip(indices, weights, strict=True)
    )
    if branch.magnitude:
        converted = ops.sqrt(converted)
    converted = ops.log10(1.0 + branch.compression * converted)
    starts = window_starts(len(indices[0]), branch.patch)
    cut = ops.stack([converted[:, start : start + branch.patch] for start in starts], axis=1)
    return ops.reshape(cut, (-1, branch.patch, branch.bands))


def artist(log_mel: "keras.KerasTensor", front_end: FrontEnd, frames: int) -> "keras.KerasTensor":
    """One-dimensional convolutions over time, pretrained to recognise artists; 256 features.

    Park, Lee, Park, Ha and Nam, Representation Learning of Music Using Artist Labels, ISMIR 2018.

    Args:
        log_mel: our spectrogram, shape [batch, frames, our bands].
        front_end: front end of our spectrogram.
        frames: length of our spectrogram.

    Returns:
        Features, mean over the patches, shape [batch, 256].
    """
    from keras import layers

    x = _branch_patches(log_mel, front_end, ARTIST, frames, "artist")
    x = layers.DepthwiseConv1D(1, name="artist_standardised")(x)
    for number, (filters, kernel, pool) in enumerate(_ARTIST_STAGES, 1):
        x = layers.Conv1D(
            filters, kernel, padding="same", activation="relu", name=f"artist_{number}"
        )(x)
        if pool > 1:
            x = layers.MaxPooling1D(pool)(x)
    x = layers.GlobalMaxPooling1D()(x)
    return _mean_of_patches(x, front_end, ARTIST, frames)


def musicnn(log_mel: "keras.KerasTensor", front_end: FrontEnd, frames: int) -> "keras.KerasTensor":
    """Tall filters for timbre and long filters for rhythm, then residual layers; 200 features.

    Pons and Serra, musicnn: Pre-trained Convolutional Neural Networks for Music Audio Tagging,
    ISMIR late-breaking session 2019; figure 1.

    Args:
        log_mel: our spectrogram, shape [batch, frames, our bands].
        front_end: front end of our spectrogram.
        frames: length of our spectrogram.

    Returns:
        Features, mean over the patches, shape [batch, 200].
    """
    from keras import layers, ops

    x = _branch_patches(log_mel, front_end, MUSICNN, frames, "musicnn")
    x = layers.DepthwiseConv1D(1, name="musicnn_standardised")(x)
    image = layers.Reshape((MUSICNN.patch, MUSICNN.bands, 1))(x)
    parts = []
    for number, (filters, kernel) in enumerate(_MUSICNN_FILTERS, 1):
        timbral = kernel[1] > 1
        part = layers.ZeroPadding2D((kernel[0] // 2, 0))(image) if timbral else image
        part = layers.Conv2D(
            filters,
            kernel,
            padding="valid" if timbral else "same",
            activation="relu",
            name=f"musicnn_front{number}",
        )(part)
        part = layers.DepthwiseConv2D(1, name=f"musicnn_front{number}_norm")(part)
        parts.append(ops.max(part, axis=2))
    stages = [layers.Concatenate()(parts)]
    for number in range(1, 4):
        x = layers.Conv1D(64, 7, padding="same", activation="relu", name=f"musicnn_middle{number}")(
            stages[-1]
        )
        x = layers.DepthwiseConv1D(1, name=f"musicnn_middle{number}_norm")(x)
        stages.append(x if number == 1 else x + stages[-1])
    x = layers.Concatenate()(stages)
    x = ops.stack([ops.max(x, axis=1), ops.mean(x, axis=1)], axis=2)
    x = layers.Dense(200, activation="relu", name="musicnn_embedding")(layers.Flatten()(x))
    x = layers.DepthwiseConv1D(1, name="musicnn_embedding_norm")(layers.Reshape((1, 200))(x))
    return _mean_of_patches(layers.Flatten()(x), front_end, MUSICNN, frames)


_ARTIST_STAGES = ((128, 4, 4), (128, 4, 4), (128, 4, 4), (128, 2, 2), (256, 1, 1))
"""Filters, kernel and pooling, in frames."""

_MUSICNN_FILTERS = (
    (204, (7, 38)),
    (204, (7, 67)),
    (51, (128, 1)),
    (51, (64, 1)),
    (51, (32, 1)),
)
"""Filters, and kernels in frames and bands: two for timbre, three for rhythm."""


def _mean_of_patches(
    features: "keras.KerasTensor", front_end: FrontEnd, branch: BranchSpectrogram, frames: int
) -> "keras.KerasTensor":
    from keras import ops

    count = len(window_starts(branch_frames(front_end, branch, frames), branch.patch))
    if count == 1:  # TensorFlow's graph optimizer loses a dimension of a mean over one patch
        return features
    return ops.mean(ops.reshape(features, (-1, count, features.shape[-1])), axis=1)
