"""Filter banks from the power spectrum, computed once for each sample rate and tuning.

The shapes are librosa's defaults; tests compare them.
"""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.frontends.spectrogram import FrontEnd

FFT_LENGTH: Final = 2048
HOP_LENGTH: Final = 512
DEFAULT_RATE: Final = 22_050
"""librosa's default, which the published definition uses for some features at every rate."""

SEMITONES: Final = 12
MEL_BANDS: Final = 128

_A0_HZ: Final = 27.5
_FAR_BELOW: Final = 1.5
"""Octaves from the first bin down to where the bank puts 0 Hz, which is in no octave."""

_CENTRE_OCTAVE: Final = 5.0
_OCTAVE_SPREAD: Final = 2.0


def mel(rate: int) -> FrontEnd:
    """The front end whose filterbank gives 128 mel bands on Slaney's scale, of 1025 bins."""
    return FrontEnd(
        sample_rate=rate,
        fft_length=FFT_LENGTH,
        window_length=FFT_LENGTH,
        hop_length=HOP_LENGTH,
        mel_bands=MEL_BANDS,
        fmin=0.0,
        fmax=rate / 2,
        offset=1.0,
        bands="slaney",
    )


@lru_cache(maxsize=128)
def chroma(tuning: float) -> NDArray[np.float32]:
    """Weights from power spectrum at the default rate to pitch classes, shape [1025, 12].

    Each bin is weighted by a Gaussian over the circle of twelve semitones, of unit energy and at
    least two semitones wide, and by a Gaussian over octaves around the fifth (Ellis, Chroma Feature
    Analysis and Synthesis, 2007, as librosa has it).
    """
    places = SEMITONES * octaves(np.arange(1, FFT_LENGTH) * DEFAULT_RATE / FFT_LENGTH, tuning)
    places = np.concatenate([places[:1] - _FAR_BELOW * SEMITONES, places])
    widths = np.maximum(np.diff(places, append=places[-1] + 1.0), 1.0)
    half = SEMITONES / 2
    apart = (places[:, None] - np.arange(SEMITONES) + half) % SEMITONES - half
    bells = np.exp(-2.0 * (apart / widths[:, None]) ** 2)
    bells /= np.linalg.norm(bells, axis=1, keepdims=True)
    off_centre = (places / SEMITONES - _CENTRE_OCTAVE) / _OCTAVE_SPREAD
    bells *= np.exp(-0.5 * off_centre**2)[:, None]
    from_c = np.roll(bells, -3, axis=1)  # places count from A
    return np.ascontiguousarray(from_c[: FFT_LENGTH // 2 + 1], np.float32)


def octaves(frequencies: NDArray[np.floating], tuning: float = 0.0) -> NDArray[np.floating]:
    """Octaves above A0 of frequencies in Hz, with a tuning in semitones."""
    return np.asarray(np.log2(frequencies / (_A0_HZ * 2.0 ** (tuning / SEMITONES))))


def tuning(frequencies: NDArray[np.float32]) -> float:
    """Deviation from 440 Hz in semitones, -0.5 to 0.49, that fits most of the frequencies in Hz.

    The resolution is 0.01. Of several equally frequent deviations, the lowest is the result.
    """
    audible = frequencies[frequencies > 0]
    if not len(audible):
        return 0.0
    apart = (SEMITONES * octaves(audible)) % 1.0
    apart = np.where(apart >= 0.5, apart - 1.0, apart)
    counts, edges = np.histogram(apart, np.linspace(-0.5, 0.5, 101))
    return float(edges[counts.argmax()])
