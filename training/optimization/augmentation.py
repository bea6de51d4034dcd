"""Random variations of a log-mel spectrogram, for training only."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.frontends.spectrogram import FrontEnd


@dataclass(frozen=True)
class Augmentation:
    """How much a training crop is varied.

    Attributes:
        short: share of crops that are cut to ``short_frames`` and repeated to full length, so that
            a clip's length tells nothing of its genre.
        short_frames: length of such a cut, in frames.
        gain_db: standard deviation of the level, in dB.
        equalizer_db: standard deviation of a smooth random change of timbre, in dB.
        low_pass: share of crops whose upper bands are silenced.
        masks: number of time masks and of band masks (Park et al., SpecAugment, 2019).
        mask_frames: longest time mask, in frames.
        mask_bands: widest band mask, in bands.
    """

    short: float = 0.3
    short_frames: int = 210
    gain_db: float = 4.0
    equalizer_db: float = 3.0
    low_pass: float = 0.1
    masks: int = 1
    mask_frames: int = 60
    mask_bands: int = 16


def crop(
    log_mel: NDArray[np.floating],
    frames: int,
    settings: Augmentation | None,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """A random stretch of a spectrogram, repeated where it is shorter than ``frames``."""
    short = settings is not None and rng.random() < settings.short
    length = settings.short_frames if settings and short else frames
    length = min(length, len(log_mel))
    start = int(rng.integers(len(log_mel) - length + 1))
    turn = int(rng.integers(length)) if length < frames else 0
    index = start + (turn + np.arange(frames)) % length
    cropped: NDArray[np.float32] = log_mel[index].astype(np.float32)
    return cropped


def augment(
    log_mel: NDArray[np.float32],
    front_end: FrontEnd,
    settings: Augmentation,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Change level, timbre, bandwidth, and blank some frames and bands; same shape."""
    frames, bands = log_mel.shape
    floor = np.float32((np.log(front_end.offset) + front_end.shift) / front_end.scale)
    step = np.log(10.0) / 10.0 / front_end.scale
    curve = rng.normal(0.0, settings.gain_db) + settings.equalizer_db * _smooth(bands, rng)
    varied: NDArray[np.float32] = np.maximum(log_mel + (step * curve).astype(np.float32), floor)
    if rng.random() < settings.low_pass:
        varied[:, int(rng.integers(bands // 2, bands)) :] = floor
    for _ in range(settings.masks):
        width = int(rng.integers(min(settings.mask_frames, frames) + 1))
        start = int(rng.integers(frames - width + 1))
        varied[start : start + width] = floor
        width = int(rng.integers(min(settings.mask_bands, bands) + 1))
        start = int(rng.integers(bands - width + 1))
        varied[:, start : start + width] = floor
    return varied


def _smooth(bands: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """A random curve over the bands of about unit variance: three slow cosines."""
    phase = np.pi * (np.arange(bands) + 0.5) / bands
    waves = np.cos(phase[None] * np.arange(1, 4)[:, None])
    return np.asarray(rng.normal(0.0, np.sqrt(2 / 3), 3) @ waves)
