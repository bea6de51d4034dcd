"""The features that are computed from the short-time Fourier transform.

A frame is 2048 samples under a Hann window, centred and padded with zeros; the hop is 512 samples.
The transform is in double precision, like librosa's. In single precision, values above the
bandwidth of an mp3 would be mostly rounding noise, which changes spectral contrast.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from model.frontends.fma_features import banks
from model.frontends.fma_features.banks import DEFAULT_RATE, FFT_LENGTH, HOP_LENGTH
from model.frontends.spectrogram import hann, sparse_filterbank

_BINS = FFT_LENGTH // 2 + 1
_CHUNK_FRAMES = 32
_STORED_FRAMES = 20_000
"""For longer recordings, spectra (80 MB at this length) are computed twice instead of stored."""

_ROLLOFF = 0.85
_MFCCS = 20
_PITCH_HZ = (150.0, 4000.0)
_PEAK_SHARE = 0.1
_LEAST_DB_OF = 1e-10
_RANGE_DB = 80.0
_TINY = float(np.finfo(np.float32).tiny)

Frames = NDArray[np.floating]
"""Values of one feature, shape [frames, values]."""


@dataclass(frozen=True)
class Spectral:
    """Features of a clip from its transform.

    Attributes:
        features: values by name, shape [frames, values].
        tuning: tuning of the clip, in semitones.
    """

    features: dict[str, Frames]
    tuning: float


@dataclass(frozen=True)
class Band:
    """Bins of a band of spectral contrast, and how many of them make a peak or a valley."""

    bins: slice
    few: int


def spectral(samples: NDArray[np.floating], rate: int) -> Spectral:
    """All features of the transform of a waveform.

    Args:
        samples: mono, shape [samples], at least one.
        rate: sample rate in Hz. As in the published definition, only the mel bands and the tuning
            for the constant-Q transform use it; all other features assume 22,050 Hz.
    """
    collected: dict[str, list[Frames]] = {}
    own_peaks, default_peaks = [], []
    stored: list[NDArray[np.float32]] = []
    store = len(samples) // HOP_LENGTH < _STORED_FRAMES
    for squares in _squared(samples):
        magnitude, power = _rounded(squares)
        chunk = _moments(magnitude) | _extremes(magnitude)
        chunk["spectral_rolloff"] = _rolloff(magnitude)
        chunk["rmse"] = _rms(squares)
        chunk["mel"] = _mel(power, rate)
        for name, values in chunk.items():
            collected.setdefault(name, []).append(values)
        own_peaks.append(_peaks(magnitude, rate))
        default_peaks.append(_peaks(power, DEFAULT_RATE))
        if store:
            stored.append(power)
    features = {name: np.concatenate(parts) for name, parts in collected.items()}
    features["mfcc"] = _mfcc(features.pop("mel"))
    peak, valley = features.pop("peak"), features.pop("valley")
    features["spectral_contrast"] = decibels(peak) - decibels(valley)
    powers = stored if store else (_rounded(squares)[1] for squares in _squared(samples))
    bank = banks.chroma(_tuning(default_peaks))
    features["chroma_stft"] = normalised(np.concatenate([power @ bank for power in powers]), np.inf)
    return Spectral(features, _tuning(own_peaks))


def zero_crossing_rate(samples: NDArray[np.floating]) -> Frames:
    """Share of samples at which the sign changes in each frame, shape [frames, 1].

    Up to 1e-10 a value counts as zero, and zero as positive; the ends are continued evenly.
    """
    negative = np.pad(samples, FFT_LENGTH // 2, mode="edge") < -1e-10
    crossings = np.flatnonzero(negative[1:] != negative[:-1])
    starts = np.arange(1 + len(samples) // HOP_LENGTH) * HOP_LENGTH
    first, last = np.searchsorted(crossings, np.stack([starts, starts + FFT_LENGTH - 1]))
    counts = last - first
    return np.asarray(counts / FFT_LENGTH)[:, None]


def normalised(values: Frames, order: float) -> Frames:
    """Rows divided by their norm of that order; rows with a norm near 0 stay unchanged."""
    length = np.linalg.norm(values.astype(np.float64), order, axis=1, keepdims=True)
    length[length < _TINY] = 1.0
    return np.asarray(values / length, values.dtype)


def decibels(power: Frames) -> Frames:
    """10 lg, at least of 1e-10, and not more than 80 dB below the loudest of all."""
    levels = 10.0 * np.log10(np.maximum(_LEAST_DB_OF, power))
    return np.asarray(np.maximum(levels, levels.max() - _RANGE_DB))


def _squared(samples: NDArray[np.floating]) -> Iterator[NDArray[np.float64]]:
    """Squared magnitudes of a few frames at a time, shape [few, 1025]."""
    padded = np.pad(samples, FFT_LENGTH // 2)
    framed = np.lib.stride_tricks.sliding_window_view(padded, FFT_LENGTH)[::HOP_LENGTH]
    window = hann(FFT_LENGTH)
    for start in range(0, len(framed), _CHUNK_FRAMES):
        spectrum = scipy.fft.rfft(framed[start : start + _CHUNK_FRAMES] * window, axis=1)
        parts = spectrum.view(np.float64).reshape(*spectrum.shape, 2)
        np.square(parts, out=parts)
        yield parts[..., 0] + parts[..., 1]


def _rounded(squares: NDArray[np.float64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Magnitude and power in single precision, the one the square of the other."""
    magnitude = np.sqrt(squares).astype(np.float32)
    return magnitude, magnitude * magnitude


def _moments(magnitude: NDArray[np.float32]) -> dict[str, Frames]:
    """Mean and standard deviation of the frequency, in Hz, weighted with the magnitude."""
    frequencies = np.arange(_BINS) * DEFAULT_RATE / FFT_LENGTH
    powers = np.stack([np.ones(_BINS), frequencies, frequencies**2], axis=1)
    total, first, second = (magnitude.astype(np.float64) @ powers).T
    total = np.where(total < _TINY, np.inf, total)
    centroid = first / total
    variance = np.maximum(second / total - centroid**2, 0.0)
    return {
        "spectral_centroid": centroid[:, None],
        "spectral_bandwidth": np.sqrt(variance)[:, None],
    }


def _extremes(magnitude: NDArray[np.float32]) -> dict[str, Frames]:
    """Mean of the strongest and of the weakest bins of each band, shapes [frames, 7]."""
    bands = contrast_bands()
    peak = np.empty((len(magnitude), len(bands)))
    valley = np.empty_like(peak)
    for number, band in enumerate(bands):
        values = magnitude[:, band.bins]
        if band.few == 1:
            peak[:, number], valley[:, number] = values.max(axis=1), values.min(axis=1)
        else:
            ordered = np.sort(values, axis=1)
            peak[:, number] = ordered[:, -band.few :].mean(axis=1)
            valley[:, number] = ordered[:, : band.few].mean(axis=1)
    return {"peak": peak, "valley": valley}


@lru_cache(maxsize=1)
def contrast_bands() -> tuple[Band, ...]:
    """Bands of spectral contrast: to 200 Hz, six octaves, the last to the end.

    Each octave begins one bin early, and each band but the last ends one bin early. A fiftieth of
    the bins is a peak or a valley, counted before that bin is taken away.
    """
    frequencies = np.arange(_BINS) * DEFAULT_RATE / FFT_LENGTH
    edges = np.concatenate([[0.0], 200.0 * 2.0 ** np.arange(7)])
    bands = []
    for number in range(7):
        inside = (frequencies >= edges[number]) & (frequencies <= edges[number + 1])
        used = np.flatnonzero(inside)
        start = int(used[0]) - (number > 0)
        stop = _BINS if number == 6 else int(used[-1]) + 1
        few = max(1, int(np.rint(0.02 * (stop - start))))
        bands.append(Band(slice(start, stop - (number < 6)), few))
    return tuple(bands)


def _rolloff(magnitude: NDArray[np.float32]) -> Frames:
    """Frequency in Hz below which 85 % of the magnitude lies, shape [frames, 1]."""
    total = np.cumsum(magnitude, axis=1)
    below = np.count_nonzero(total < np.float32(_ROLLOFF) * total[:, -1:], axis=1)
    return np.asarray(below * (DEFAULT_RATE / FFT_LENGTH))[:, None]


def _rms(squares: NDArray[np.float64]) -> Frames:
    """Root mean square of each windowed frame, from the half spectrum, shape [frames, 1]."""
    total = 2.0 * squares.sum(axis=1) - squares[:, 0] - squares[:, -1]
    return np.asarray(np.sqrt(np.maximum(total, 0.0)) / FFT_LENGTH)[:, None]


def _mel(power: NDArray[np.float32], rate: int) -> Frames:
    return np.asarray((sparse_filterbank(banks.mel(rate)) @ power.T).T)


def _mfcc(mel: Frames) -> Frames:
    cepstrum = scipy.fft.dct(decibels(mel), axis=1, type=2, norm="ortho")
    return np.asarray(cepstrum[:, :_MFCCS])


def _peaks(spectrum: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """Frequency in Hz and height of the spectral peaks of some frames, shape [2, peaks].

    A peak is a bin between 150 and 4000 Hz above its neighbours and a tenth of the frame's
    strongest bin; a parabola through the three gives its place and height.
    """
    low, high = np.searchsorted(
        np.arange(_BINS) * (rate / FFT_LENGTH), (_PITCH_HZ[0], min(_PITCH_HZ[1], rate / 2))
    )
    centre = spectrum[:, low:high]
    above = centre > np.float32(_PEAK_SHARE) * spectrum.max(axis=1, keepdims=True)
    above &= centre > spectrum[:, low - 1 : high - 1]
    above &= centre >= spectrum[:, low + 1 : high + 1]
    frame, place = np.nonzero(above)
    place += low
    height = spectrum[frame, place]
    before, after = spectrum[frame, place - 1], spectrum[frame, place + 1]
    bend = before + after - 2 * height
    slope = (after - before) / 2
    flat = np.abs(slope) >= np.abs(bend)
    shift = np.where(flat, 0, -slope / np.where(flat, 1, bend))
    return np.stack([(place + shift) * (rate / FFT_LENGTH), height + slope * shift / 2]).astype(
        np.float32
    )


def _tuning(peaks: list[NDArray[np.float32]]) -> float:
    """Tuning in semitones by the upper half of the peaks."""
    frequencies, heights = np.concatenate(peaks, axis=1)
    if not len(heights):
        return 0.0
    return banks.tuning(frequencies[heights >= np.median(heights)])
