"""Filter banks of librosa, computed once for each sample rate and tuning.

The only module of these features that needs librosa: the others are numpy and SciPy.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import librosa
import numpy as np
from librosa.filters import chroma as chroma_bank
from librosa.filters import mel as mel_bank
from librosa.filters import wavelet, wavelet_lengths
from numpy.typing import NDArray

FFT_LENGTH: Final = 2048
HOP_LENGTH: Final = 512
DEFAULT_RATE: Final = 22_050
"""librosa's default; the recipe leaves it in force for some features whatever the file's rate."""

SEMITONES: Final = 12
OCTAVES: Final = 7
_SPARSITY: Final = 0.01


class RateError(Exception):
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


@lru_cache(maxsize=8)
def mel(rate: float) -> NDArray[np.float32]:
    """Weights from power spectrum to 128 mel bands, shape [1025, 128]."""
    return np.ascontiguousarray(mel_bank(sr=rate, n_fft=FFT_LENGTH).T)


@lru_cache(maxsize=128)
def chroma(tuning: float) -> NDArray[np.float32]:
    """Weights from power spectrum at the default rate to pitch classes, shape [1025, 12]."""
    bank = chroma_bank(sr=DEFAULT_RATE, n_fft=FFT_LENGTH, tuning=tuning)
    return np.ascontiguousarray(bank.T)


def tuning(frequencies: NDArray[np.float32]) -> float:
    """Deviation from 440 Hz in semitones, -0.5 to 0.49, that fits most of the frequencies in Hz."""
    if not len(frequencies):
        return 0.0
    return float(librosa.pitch_tuning(frequencies, bins_per_octave=SEMITONES))


@lru_cache(maxsize=128)
def constant_q(rate: float, tuning: float) -> ConstantQ:
    """The bank for a sample rate in Hz and a tuning in semitones.

    Raises:
        RateError: half the rate is below the upper edge of the highest band.
    """
    lowest = librosa.note_to_hz("C1") * 2.0 ** (tuning / SEMITONES)
    frequencies = lowest * 2.0 ** (np.arange(SEMITONES * OCTAVES) / SEMITONES)
    _, cutoff = wavelet_lengths(freqs=frequencies, sr=rate)
    if cutoff > rate / 2:
        raise RateError(f"{rate:.0f} Hz is too low for seven octaves: {2 * cutoff:.0f} is needed")
    # As librosa has it: one halving less than would still hold the band, and the hop must stay
    # whole through all octaves.
    halvings = max(0, int(np.ceil(np.log2(rate / 2 / cutoff))) - 2)
    halvings = min(halvings, int(np.log2(HOP_LENGTH)) - OCTAVES + 1)
    reduction = 2**halvings
    basis, lengths = wavelet(freqs=frequencies[-SEMITONES:], sr=rate / reduction, pad_fft=True)
    size = basis.shape[1]
    response = np.fft.fft(basis * (lengths[:, None] / size), axis=1)[:, : size // 2 + 1]
    response = librosa.util.sparsify_rows(response, quantile=_SPARSITY, dtype=np.complex64)
    response = response.toarray().astype(complex) / np.sqrt(lengths)[:, None]
    # The response to a frame is response @ rfft(frame): a linear map of the frame's samples.
    impulses = np.fft.rfft(np.eye(size), axis=1)
    kernels = (impulses @ response.T).view(float)
    return ConstantQ(np.ascontiguousarray(kernels), reduction, HOP_LENGTH // reduction)
