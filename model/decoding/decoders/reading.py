"""What a decoder gives: mono samples, and what it believes about the whole file."""

from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

MP3 = "MPEG_LAYER_III"
"""The ``form`` of an ordinary file."""

_MOST_VALUES = 100_000_000
"""400 MB: 30 s of 7.1 at 192 kHz are 46 million."""

_CANCELLED = 1e-3
_QUIET = 1e-2
"""Peak to peak; a mean louder than this did not cancel out, which spares a look at all samples."""


@dataclass(frozen=True)
class Reading:
    """What one decoder made of a file.

    Attributes:
        samples: a part of the recording, mono float32, shape [samples]; may be empty.
        rate: samples per second.
        length: seconds of the whole recording, believed or counted; of ffmpeg only those of
            ``samples`` where it decoded from a given start.
        channels: the most channels at any time.
        form: what the content is, ``MP3`` for an ordinary file.
        failure: what went wrong on the way; empty when nothing did.
        rates: number of different sample rates met on the way.
    """

    samples: NDArray[np.float32]
    rate: int
    length: float
    channels: int
    form: str
    failure: str = ""
    rates: int = 1

    @property
    def seconds(self) -> float:
        """Seconds of audio in ``samples``."""
        return len(self.samples) / self.rate


def check_size(seconds: float, rate: int, channels: int) -> None:
    """Refuse a file before its samples take memory, because of absurdly many channels mostly.

    Args:
        seconds: length of what will be decoded.
        rate: samples per second.
        channels: number of channels.

    Raises:
        ValueError: that is more than 100 million values.
    """
    if seconds * rate * channels > _MOST_VALUES:
        raise ValueError(
            f"{seconds:.0f} s of {channels} channels at {rate} Hz are more than may be decoded"
        )


def mono(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean of the channels, or the widest of them where they cancel each other out.

    Args:
        samples: shape [frames, channels].
    """
    channels = samples.shape[1]
    # Adding whole channels is twenty times quicker than mean(axis=1) over interleaved ones.
    mean: NDArray[np.float32] = reduce(np.add, samples.T) * np.float32(1.0 / channels)
    quiet = channels > 1 and len(mean) and np.ptp(mean) < _QUIET
    if quiet and np.ptp(mean) < _CANCELLED * np.ptp(samples):
        mean = samples[:, int(np.ptp(samples, axis=0).argmax())].copy()
    return mean
