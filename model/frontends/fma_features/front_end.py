"""The front end of systems on the 518 FMA features of a clip, which form its only frame."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from model.clips import LONGEST_SECONDS
from model.frontends.spectrogram import levelled, within

_LEAST_RATE = 11_025


@dataclass(frozen=True)
class ClipFeatures:
    """The features of ``model.frontends.fma_features.clip`` for a whole clip.

    The published definition uses each file's own sample rate. Here all clips are resampled to one
    rate first, as for every front end.

    Attributes:
        sample_rate: sample rate of the waveform in Hz; at least 11,025.
        band_limit_hz: frequencies above it in Hz are removed from the waveform, 0 for no limit. It
            is the highest frequency in the training clips.
    """

    sample_rate: int
    band_limit_hz: float = 0.0

    kind: ClassVar[str] = "features"
    dtype: ClassVar[DTypeLike] = np.float32
    """Half precision has neither the range nor the digits: features go from 1e-5 to 1e4."""

    def __post_init__(self) -> None:
        if self.sample_rate < _LEAST_RATE:
            raise ValueError(f"sample_rate {self.sample_rate}: less than {_LEAST_RATE}")
        if not (math.isfinite(self.band_limit_hz) and self.band_limit_hz >= 0):
            raise ValueError(f"band_limit_hz {self.band_limit_hz}: not a frequency")

    @property
    def hop_length(self) -> int:
        """Samples of the longest part of a clip that is used, which the frame describes."""
        return int(LONGEST_SECONDS * self.sample_rate)

    @property
    def width(self) -> int:
        """Number of values in a frame."""
        from model.frontends.fma_features.columns import COLUMNS

        return len(COLUMNS)

    def compute(self, waveform: NDArray[np.float32]) -> NDArray[np.float32]:
        """Features of a mono waveform at ``sample_rate``, shape [1, 518], all finite.

        Args:
            waveform: shape [samples], at least one, finite; see ``levelled``.
        """
        from model.frontends.fma_features.clip import features_of_samples

        samples = self._limited(levelled(waveform))
        return features_of_samples(samples, self.sample_rate)[None]

    def _limited(self, waveform: NDArray[np.float32]) -> NDArray[np.floating]:
        """The waveform without what is above ``band_limit_hz``; same shape.

        It is in double precision, because spectral contrast would hear the rounding noise that
        single precision leaves above the limit.
        """
        if not self.band_limit_hz:
            return waveform
        import scipy.fft

        length = scipy.fft.next_fast_len(len(waveform), real=True)
        spectrum = scipy.fft.rfft(waveform.astype(np.float64), length)
        frequencies = scipy.fft.rfftfreq(length, 1.0 / self.sample_rate)
        spectrum *= within(frequencies, self.band_limit_hz)
        return np.asarray(scipy.fft.irfft(spectrum, length)[: len(waveform)])
