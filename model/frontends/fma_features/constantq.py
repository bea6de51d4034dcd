"""The bank of the constant-Q transform: one octave of wavelets, used for all seven.

Schoerkhuber and Klapuri, Constant-Q Transform Toolbox for Music Processing, 2010, as librosa has
it; tests compare it.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.errors import GenreError
from model.frontends.fma_features.banks import HOP_LENGTH, SEMITONES
from model.frontends.spectrogram import hann

OCTAVES: Final = 7

_C1_HZ: Final = 440.0 * 2.0 ** (-45 / 12)
_SPARSITY: Final = 0.01
"""Share of a response's magnitude that is dropped, its smallest parts."""

_HANN_BINS: Final = 1.50018310546875
"""Equivalent noise bandwidth of the window in bins: librosa's figure, found with 16,384 samples."""


class RateError(GenreError):
    """A sample rate is too low for the seven octaves; the message says what is needed."""


@dataclass(frozen=True)
class ConstantQ:
    """What turns a waveform into the semitones of seven octaves from C1.

    Every octave is the same as the one above it at half the sample rate, so that one bank does.

    Attributes:
        kernels: real and imaginary parts in turn, shape [samples of a frame, 24].
        reduction: the waveform is resampled to ``rate / reduction`` for the highest octave.
        hop: samples between two frames there.
    """

    kernels: NDArray[np.float64]
    reduction: int
    hop: int


@lru_cache(maxsize=128)
def bank(rate: float, tuning: float) -> ConstantQ:
    """The bank for a sample rate in Hz and a tuning in semitones.

    Raises:
        RateError: half the rate is below the upper edge of the highest band.
    """
    steps = tuning + np.arange(SEMITONES * OCTAVES)
    frequencies = (_C1_HZ * 2.0 ** (steps / SEMITONES))[-SEMITONES:]
    cutoff = float(frequencies[-1]) * (1.0 + 0.5 * _HANN_BINS / quality())
    if cutoff > rate / 2:
        raise RateError(f"{rate:.0f} Hz is too low for seven octaves: {2 * cutoff:.0f} is needed")
    # As librosa has it: one halving less than would still hold the band, and the hop must stay
    # whole through all octaves.
    halvings = max(0, int(np.ceil(np.log2(rate / 2 / cutoff))) - 2)
    halvings = min(halvings, int(np.log2(HOP_LENGTH)) - OCTAVES + 1)
    reduction = 2**halvings
    lengths = quality() * (rate / reduction) / frequencies
    waves = wavelets(frequencies, rate / reduction)
    size = waves.shape[1]
    response = np.fft.fft(waves * (lengths[:, None] / size), axis=1)[:, : size // 2 + 1]
    response = without_least(response).astype(np.complex64).astype(complex)
    response /= np.sqrt(lengths)[:, None]
    # The response to a frame is response @ rfft(frame): a linear map of the frame's samples.
    impulses = np.fft.rfft(np.eye(size), axis=1)
    kernels = (impulses @ response.T).view(float)
    return ConstantQ(np.ascontiguousarray(kernels), reduction, HOP_LENGTH // reduction)


def quality() -> float:
    """Frequency over bandwidth, of bands that are two semitones wide and meet their neighbours'."""
    step: float = 2.0 ** (2 / SEMITONES)
    return (step + 1.0) / (step - 1.0)


def wavelets(frequencies: NDArray[np.float64], rate: float) -> NDArray[np.complex64]:
    """Tones of equally many periods under Hann windows, each with magnitudes that sum to 1.

    Args:
        frequencies: frequencies of the tones in Hz, shape [tones].
        rate: sample rate in Hz.

    Returns:
        Shape [tones, samples], centred, as many samples as a power of two.
    """
    lengths = quality() * rate / frequencies
    size = 2 ** int(np.ceil(np.log2(lengths.max())))
    found = np.zeros((len(frequencies), size), np.complex64)
    for row, frequency, length in zip(found, frequencies, lengths, strict=True):
        times = np.arange(-length // 2, length // 2)
        window = hann(len(times))
        first = (size - len(times)) // 2
        tone = window * np.exp(2j * np.pi * times * frequency / rate)
        row[first : first + len(times)] = tone / window.sum()
    return found


def without_least(response: NDArray[np.complexfloating]) -> NDArray[np.complexfloating]:
    """Rows without their smallest entries, which together are less than a hundredth of the sum."""
    magnitude = np.abs(response)
    ordered = np.sort(magnitude, axis=1)
    share = np.cumsum(ordered / magnitude.sum(axis=1, keepdims=True), axis=1)
    threshold = np.take_along_axis(ordered, (share < _SPARSITY).argmin(axis=1)[:, None], axis=1)
    return np.where(magnitude >= threshold, response, 0)
