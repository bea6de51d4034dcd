"""The front end of systems on the 518 FMA features of a clip, which form its only frame."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from model.clips import LONGEST_SECONDS
from model.frontends.spectrogram import levelled

_LEAST_RATE = 11_025


@dataclass(frozen=True)
class ClipFeatures:
    """The features of ``model.frontends.fma_features.clip`` for a whole clip.

    The published definition uses each file's own sample rate. Here all clips are resampled to one
    rate first, as for every front end.

    Attributes:
        sample_rate: sample rate of the waveform in Hz; at least 11,025.
    """

    sample_rate: int

    kind: ClassVar[str] = "features"
    dtype: ClassVar[DTypeLike] = np.float32
    """Half precision has neither the range nor the digits: features go from 1e-5 to 1e4."""

    def __post_init__(self) -> None:
        if self.sample_rate < _LEAST_RATE:
            raise ValueError(f"sample_rate {self.sample_rate}: less than {_LEAST_RATE}")

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

        return features_of_samples(levelled(waveform), self.sample_rate)[None]
