"""Convolutional networks of others' design that look at our log-mel spectrogram in their own terms.

Each was made for another spectrogram than mobilenet's. Instead of a second Fourier transform, the
power in our bands is mapped to theirs by a fixed matrix, and our frames to theirs by a fixed mean
of neighbours; what that misses, training makes up for. All layers are standard ones, so that the
networks train on every backend of Keras; batch normalisation is folded into convolutions, or is a
depthwise convolution of one frame where something stands between.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.frontends.spectrogram import FrontEnd, mel_edges, slaney_edges

if TYPE_CHECKING:
    import keras

_GRID_HZ = 3.0
"""Step of the frequency axis on which filters are compared."""


@dataclass(frozen=True)
class View:
    """The spectrogram that a branch was made for, with triangles of area one (Slaney's).

    Attributes:
        bands: mel bands on Slaney's scale, from 0 Hz.
        fmax: upper edge of the last band in Hz.
        hop_seconds: from one frame to the next.
        window_seconds: length of the Hann window.
        patch: frames that the branch sees at once.
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


ARTIST = View(128, 11_025.0, 512 / 22_050, 1024 / 22_050, 129, 10.0, True)
"""Of the artist network: FFT of 1024 and hop of 512 samples at 22.05 kHz, patches of 3 s."""

MUSICNN = View(96, 8_000.0, 256 / 16_000, 512 / 16_000, 187, 10_000.0, False)
"""Of musicnn: FFT of 512 and hop of 256 samples at 16 kHz, patches of 3 s."""


def view_frames(front_end: FrontEnd, view: View, frames: int) -> int:
    """Frames of a view of ``frames`` frames of ours, at least one patch."""
    seconds = frames * front_end.hop_length / front_end.sample_rate
    return max(view.patch, round(seconds / view.hop_seconds))


def frame_map(
    front_end: FrontEnd, view: View, frames: int
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Which of our frames a view's frame is a mean of, and with what weights.

    The weights are a Hann window's square, which is how much each instant adds to a power spectrum.

    Args:
        front_end: of our spectrograms.
        view: of the branch.
        frames: length of our spectrogram.

    Returns:
        Indices and weights, each of shape [taps, the view's frames]; weights sum to 1 over taps.
    """
    hop = front_end.hop_length / front_end.sample_rate
    centres = np.linspace(0.0, frames - 1.0, view_frames(front_end, view, frames))
    reach = max(1.0, view.window_seconds / hop / 2.0)
    offsets = np.arange(-math.floor(reach), math.floor(reach) + 1)
    nearest = np.round(centres)[None] + offsets[:, None]
    away = np.clip(np.abs(nearest - centres[None]) / reach, 0.0, 1.0)
    weights = np.cos(0.5 * np.pi * away) ** 4
    inside = (nearest >= 0) & (nearest < frames)
    weights = np.where(inside, weights, 0.0)
    indices = np.clip(nearest, 0, frames - 1).astype(np.intp)
    return indices, (weights / weights.sum(axis=0)).astype(np.float32)


def filters(front_end: FrontEnd, view: View) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Our triangles and a view's on one frequency axis, shapes [steps, our bands], [steps, bands].

    Both weigh power per Hz, so that one as a mean of the other is what maps our bands to theirs.
    """
    frequencies = np.arange(0.0, front_end.sample_rate / 2, _GRID_HZ)
    turn = 2j * np.pi * frequencies[:, None] / front_end.preemphasis_rate
    response = np.abs(1.0 - front_end.preemphasis * np.exp(-turn)) ** 2
    edges = slaney_edges(view.bands, view.fmax)
    areas = 2.0 / (edges[2:] - edges[:-2])
    ours = _triangles(frequencies, mel_edges(front_end)) * response
    return ours, _triangles(frequencies, edges) * areas


def _triangles(frequencies: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    rising = (frequencies[:, None] - edges[:-2]) / np.diff(edges)[:-1]
    falling = (edges[2:] - frequencies[:, None]) / np.diff(edges)[1:]
    return np.asarray(np.maximum(0.0, np.minimum(rising, falling)))


def compressed(
    log_mel: "keras.KerasTensor", front_end: FrontEnd, view: View, frames: int, name: str
) -> "keras.KerasTensor":
    """A view's spectrogram of ours, cut to patches.

    Args:
        log_mel: ours, shape [batch, frames, our bands].
        front_end: that made it.
        view: what is wanted.
        frames: length of ours.
        name: of the branch, before the names of its layers.

    Returns:
        Shape [batch * patches, patch, bands]; see ``patches``.
    """
    from keras import layers, ops

    power = ops.exp(log_mel * front_end.scale - front_end.shift)
    mapped = layers.Dense(view.bands, use_bias=False, trainable=False, name=f"{name}_bands")(power)
    indices, weights = frame_map(front_end, view, frames)
    seen = sum(
        ops.take(mapped, tap, axis=1) * share[:, None]
        for tap, share in zip(indices, weights, strict=True)
    )
    if view.magnitude:
        seen = ops.sqrt(seen)
    seen = ops.log10(1.0 + view.compression * seen)
    starts = patches(len(indices[0]), view.patch)
    cut = ops.stack([seen[:, start : start + view.patch] for start in starts], axis=1)
    return ops.reshape(cut, (-1, view.patch, view.bands))


def patches(frames: int, patch: int) -> list[int]:
    """First frames of patches spread evenly over a spectrogram, as many as fit best."""
    count = max(1, round(frames / patch))
    return [int(start) for start in np.linspace(0, frames - patch, count).round()]


def artist(log_mel: "keras.KerasTensor", front_end: FrontEnd, frames: int) -> "keras.KerasTensor":
    """One-dimensional convolutions over time, made to tell artists apart; 256 features.

    Park, Lee, Park, Ha and Nam, Representation Learning of Music Using Artist Labels, ISMIR 2018.

    Args:
        log_mel: our spectrogram, shape [batch, frames, our bands].
        front_end: that made it.
        frames: its length.

    Returns:
        Features, mean over the patches, shape [batch, 256].
    """
    from keras import layers

    x = compressed(log_mel, front_end, ARTIST, frames, "artist")
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
    """Filters as tall as a timbre and as long as a rhythm, then residual layers; 200 features.

    Pons and Serra, musicnn: Pre-trained Convolutional Neural Networks for Music Audio Tagging,
    ISMIR late-breaking session 2019; figure 1.

    Args:
        log_mel: our spectrogram, shape [batch, frames, our bands].
        front_end: that made it.
        frames: its length.

    Returns:
        Features, mean over the patches, shape [batch, 200].
    """
    from keras import layers, ops

    x = compressed(log_mel, front_end, MUSICNN, frames, "musicnn")
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
"""Filters and kernels of frames by bands: two of timbre, three of time."""


def _mean_of_patches(
    features: "keras.KerasTensor", front_end: FrontEnd, view: View, frames: int
) -> "keras.KerasTensor":
    from keras import ops

    count = len(patches(view_frames(front_end, view, frames), view.patch))
    return ops.mean(ops.reshape(features, (-1, count, features.shape[-1])), axis=1)
