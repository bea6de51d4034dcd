"""Front end and window length with which each architecture is trained, by its name.

Training writes them into the card of the system; prediction reads them only there.
"""

from dataclasses import replace
from typing import Final

from model.frontends.fma_features.front_end import ClipFeatures
from model.frontends.spectrogram import FrontEnd

_MEL_128: Final = FrontEnd(
    sample_rate=22_050,
    fft_length=1024,
    window_length=1024,
    hop_length=512,
    mel_bands=128,
    fmin=0.0,
    fmax=11_025.0,
    offset=1e-10,
    scale=0.2302585092994046,  # ln(10) / 10: decibels of powers
    bands="slaney",
    depth_db=80.0,
    reference="peak",
)
"""librosa's mel spectrogram in decibels below the peak of the clip."""

SPECTROGRAMS: Final = {
    # The first 115 of mn04's 128 bands (0 to 15 kHz), from audio at 22.05 kHz instead of 32 kHz.
    # Window (25 ms), hop (10 ms) and bin width (31.3 Hz) are the original's to 0.3 %. offset and
    # shift hold the original's ln(x + 1e-5) + 4.5 after the gain (800 / 551)**2 of its longer
    # window.
    "fusion": FrontEnd(
        sample_rate=22_050,
        fft_length=704,
        window_length=551,
        hop_length=220,
        mel_bands=115,
        fmin=0.0,
        fmax=10_776.4,
        offset=4.744e-6,
        shift=5.2457,
        scale=5.0,
        preemphasis=0.97,
        preemphasis_rate=32_000,
    ),
    "agf": replace(
        _MEL_128,
        offset=1e-5,
        scale=0.1151292546497023,  # ln(10) / 20: decibels of magnitudes
        magnitude=True,
        reference="none",
    ),
    "dpn": replace(_MEL_128, mel_bands=192),
    "shortterm": _MEL_128,
    "stft": replace(
        _MEL_128,
        mel_bands=513,
        bands="linear",
        magnitude=True,
        logarithm=False,
        scale=1.0,
        depth_db=0.0,
        reference="none",
    ),
    "xception": replace(
        _MEL_128,
        sample_rate=44_100,
        fft_length=2048,
        window_length=2048,
        hop_length=1024,
        mel_bands=299,
        fmax=22_050.0,
        scale=1.0,
        reference="range",
    ),
}

CLIPS_BAND_LIMIT_HZ: Final = 10_000.0
"""Highest frequency in the clips that the shipped systems are trained on.

They were coded at 22.05 kHz with 48 kbit/s, which left nothing above. A network that is trained on
them without this limit does not know what to make of the treble of other files.
"""

CLIP_FEATURES: Final = ClipFeatures(22_050)
"""Front end of ``svm`` and ``xgboost``."""

WINDOW_FRAMES: Final = {
    "fusion": 1000,  # ten seconds, as the clips of AudioSet
    "agf": 1290,  # thirty seconds: 125 patches; the original left the last one out
    "dpn": 1290,  # 15 patches
    "shortterm": 1290,  # 30 patches of one second, 15 of two, 10 of three, 6 of five
    "stft": 1291,  # 19 patches
    "xception": 1291,  # 8 patches
    "svm": 1,
    "xgboost": 1,
}
"""Frames that a network gets at once in prediction."""
