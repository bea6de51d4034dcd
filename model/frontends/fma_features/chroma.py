"""Features that come from the constant-Q transform, which is computed once."""

import numpy as np
import scipy.ndimage
import soxr
from numpy.typing import NDArray

from model.frontends.fma_features import constantq
from model.frontends.fma_features.banks import SEMITONES
from model.frontends.fma_features.constantq import OCTAVES
from model.frontends.fma_features.spectrum import Frames, normalised

_CHUNK_FRAMES = 256
_QUANTISATION = (0.4, 0.2, 0.1, 0.05)
_SMOOTHING_FRAMES = 41


def chroma_features(samples: NDArray[np.floating], rate: float, tuning: float) -> dict[str, Frames]:
    """Chroma, CENS chroma and the tonal centroid of a waveform, shapes [frames, values].

    Args:
        samples: mono, shape [samples], at least one.
        rate: sample rate in Hz.
        tuning: deviation from A4 = 440 Hz in semitones.

    Raises:
        RateError: the sample rate is too low for seven octaves.
    """
    semitones = semitones_of(samples, rate, tuning)
    # From C1, twelve to the octave: every twelfth is the same pitch class.
    folded = semitones.reshape(len(semitones), OCTAVES, SEMITONES).sum(axis=1)
    cens = _cens(folded)
    return {
        "chroma_cqt": normalised(folded, np.inf),
        "chroma_cens": cens,
        "tonnetz": _tonnetz(cens),
    }


def semitones_of(samples: NDArray[np.floating], rate: float, tuning: float) -> Frames:
    """Magnitudes of 84 semitones from C1, shape [frames, 84]; arguments as ``chroma_features``.

    Raises:
        RateError: the sample rate is too low for seven octaves.
    """
    bank = constantq.bank(rate, tuning)
    samples, hop = _lowered(samples, bank.reduction), bank.hop
    octaves: list[Frames] = []
    for octave in range(OCTAVES):
        if octave:
            samples, hop = _lowered(samples, 2), hop // 2
        octaves.append(_octave(samples, hop, bank.kernels))
    frames = min(map(len, octaves))
    return np.concatenate([octave[:frames] for octave in reversed(octaves)], axis=1)


def _lowered(samples: NDArray[np.floating], factor: int) -> NDArray[np.float32]:
    """The waveform at a lower rate, with the energy that it had."""
    if factor == 1:
        return samples
    wanted = -(-len(samples) // factor)
    lowered = soxr.resample(samples, factor, 1, quality="soxr_hq")[:wanted]
    lowered /= np.sqrt(1.0 / factor)
    return np.pad(lowered, (0, wanted - len(lowered)))


def _octave(samples: NDArray[np.floating], hop: int, kernels: NDArray[np.float64]) -> Frames:
    size = len(kernels)
    padded = np.pad(samples, size // 2)
    framed = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    magnitude = np.empty((len(framed), kernels.shape[1] // 2), np.float32)
    for start in range(0, len(framed), _CHUNK_FRAMES):
        chunk = slice(start, start + _CHUNK_FRAMES)
        response = framed[chunk].astype(np.float64) @ kernels
        magnitude[chunk] = np.abs(response.view(complex))
    return magnitude


def _cens(chroma: Frames) -> Frames:
    """Chroma as shares, in five steps of loudness, smoothed over 41 frames, of unit energy."""
    shares = normalised(chroma, 1)
    steps = sum((shares > step).astype(np.float32) for step in _QUANTISATION)
    steps = np.asarray(steps) * np.float32(1 / len(_QUANTISATION))
    window = np.hanning(_SMOOTHING_FRAMES + 2)
    window /= window.sum()
    return normalised(scipy.ndimage.convolve1d(steps, window, axis=0, mode="constant"), 2)


def _tonnetz(chroma: Frames) -> Frames:
    """Places on the circles of fifths, minor and major thirds (Harte, Sandler and Gasser, 2006)."""
    steps = np.outer([7 / 6, 7 / 6, 3 / 2, 3 / 2, 2 / 3, 2 / 3], np.arange(SEMITONES))
    steps[::2] -= 0.5
    places = np.array([[1], [1], [1], [1], [0.5], [0.5]]) * np.cos(np.pi * steps)
    return np.asarray(normalised(chroma, 1) @ places.T)
