"""The 518 FMA features by their published definition, each by a function of librosa.

Reference of ``benchmarks.features`` and of the tests. Features share the spectrum and the
constant-Q transform, nothing else.
"""

import warnings
from collections.abc import Callable
from pathlib import Path

import librosa
import numpy as np
import scipy.stats
from numpy.typing import NDArray

ORDER = {
    "chroma_cens": 12, "chroma_cqt": 12, "chroma_stft": 12, "mfcc": 20, "rmse": 1,
    "spectral_bandwidth": 1, "spectral_centroid": 1, "spectral_contrast": 7,
    "spectral_rolloff": 1, "tonnetz": 6, "zcr": 1,
}  # fmt: skip
STATISTICS: dict[str, Callable[..., NDArray[np.floating]]] = {
    "kurtosis": scipy.stats.kurtosis,
    "max": np.max,
    "mean": np.mean,
    "median": np.median,
    "min": np.min,
    "skew": scipy.stats.skew,
    "std": np.std,
}


def features_of_file(path: Path) -> NDArray[np.float32]:
    """The features of a file, shape [518], in the order of FMA's table."""
    samples, rate = librosa.load(path, sr=None)
    return features_of_samples(samples, rate)


def features_of_samples(samples: NDArray[np.float32], rate: float) -> NDArray[np.float32]:
    """The features of a waveform, shape [518]; nan for the moments of a constant feature."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of clips shorter than a frame, and of constant features
        frames = _from_constant_q(samples, rate) | _from_spectrum(samples, rate)
        frames["zcr"] = librosa.feature.zero_crossing_rate(samples, frame_length=2048)
        columns = [
            statistic(frames[name], axis=1) for name in ORDER for statistic in STATISTICS.values()
        ]
    return np.concatenate(columns).astype(np.float32)


def _from_constant_q(samples: NDArray[np.float32], rate: float) -> dict[str, NDArray[np.floating]]:
    semitones = np.abs(
        librosa.cqt(samples, sr=rate, hop_length=512, n_bins=84, bins_per_octave=12, tuning=None)
    )
    # Said outright, because librosa's default became 36 with version 0.8.
    octave = {"n_chroma": 12, "n_octaves": 7, "bins_per_octave": 12}
    cens = librosa.feature.chroma_cens(C=semitones, **octave)
    return {
        "chroma_cqt": librosa.feature.chroma_cqt(C=semitones, **octave),
        "chroma_cens": cens,
        "tonnetz": librosa.feature.tonnetz(chroma=cens),
    }


def _from_spectrum(samples: NDArray[np.float32], rate: float) -> dict[str, NDArray[np.floating]]:
    magnitude = np.abs(librosa.stft(samples, n_fft=2048, hop_length=512))
    mel = librosa.feature.melspectrogram(S=magnitude**2, sr=rate)
    return {
        "chroma_stft": librosa.feature.chroma_stft(S=magnitude**2, n_chroma=12),
        "mfcc": librosa.feature.mfcc(S=librosa.power_to_db(mel), n_mfcc=20),
        "rmse": librosa.feature.rms(S=magnitude),
        "spectral_bandwidth": librosa.feature.spectral_bandwidth(S=magnitude),
        "spectral_centroid": librosa.feature.spectral_centroid(S=magnitude),
        "spectral_contrast": librosa.feature.spectral_contrast(S=magnitude, n_bands=6),
        "spectral_rolloff": librosa.feature.spectral_rolloff(S=magnitude),
    }
