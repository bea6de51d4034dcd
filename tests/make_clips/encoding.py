"""Samples to mp3s, and the limits that these must keep."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf

from tests.make_clips.samples import RATE, Samples, in_channels

PEAK = 0.7  # full scale is 1; room for the overshoot of the encoder


@dataclass(frozen=True)
class Encoding:
    """How a clip is stored: `level` is the encoder's compression level from 0 to 1."""

    channels: int
    mode: str
    level: float


def encode(samples: Samples, encoding: Encoding, path: Path) -> None:
    """Write samples as an mp3 with its peak at `PEAK`."""
    mixed = in_channels(samples, encoding.channels)
    sf.write(
        path,
        mixed * (PEAK / np.abs(mixed).max()),
        RATE,
        format="MP3",
        subtype="MPEG_LAYER_III",
        bitrate_mode=encoding.mode,
        compression_level=encoding.level,
    )


def check(path: Path) -> tuple[float, int]:
    """Decode a clip, raise when it breaks the limits, return its seconds and bytes."""
    samples, rate = sf.read(path, always_2d=True)
    seconds, size = len(samples) / rate, path.stat().st_size
    level = float(np.sqrt(np.mean(samples**2)))
    peak = float(np.abs(samples).max())
    if not (8 <= seconds <= 14 and size < 150_000 and level > 0.02 and peak < 0.99):
        raise ValueError(
            f"{path.name}: {seconds:.2f} s, {size} bytes, rms {level:.3f}, peak {peak:.3f}"
        )
    return seconds, size
