"""Ensemble of CNNs on inputs of several short lengths, rank 2 of 2018 (H. Lim, cochlear.ai).

Source: the title, "Ensemble of CNN-based models using various short-term input", is all that is
known; there is neither a paper nor code. So this is in its spirit and not a copy: one and the same
convolutional network on 1, 2, 3 and 5 seconds of a log-mel spectrogram, each with weights of its
own, and the mean of their probabilities. Everything else is our choice: the spectrogram, patches
without overlap, four stages of 3 by 3 convolutions with batch normalisation.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from model.frontends.spectrogram import FrontEnd
from model.genres import GENRES
from model.systems.base import System
from model.systems.cards import Card
from model.systems.challenge2018 import patches
from model.systems.challenge2018.patches import Patches

if TYPE_CHECKING:
    import keras

FRONT_END: Final = FrontEnd(
    sample_rate=22_050,
    fft_length=1024,
    window_length=1024,
    hop_length=512,
    mel_bands=128,
    fmin=0.0,
    fmax=11_025.0,
    offset=1e-10,
    scale=0.2302585092994046,  # ln(10) / 10: decibels
    bands="slaney",
    depth_db=80.0,
    reference="peak",
)
MEMBERS: Final = {seconds: round(seconds * 22_050 / 512) for seconds in (1, 2, 3, 5)}
"""Frames that a member of the ensemble sees, by seconds."""

WINDOW_FRAMES: Final = 1290
"""30 patches of one second, 15 of two, 10 of three, 6 of five."""

_STAGES: Final = (16, 32, 64, 128)
_MOMENTUM: Final = 0.9
"""Of the normalisation: the usual 0.99 lags behind a training of a few hundred steps."""

_DROPPED: Final = 0.3


def system(card: Card, weights: Path) -> System:
    """The system of a card; only ``connect`` reads the weights."""
    return patches.system(card, weights, network)


def network(front_end: FrontEnd, frames: int, size: str = "") -> "keras.Model":
    """The network, with random weights.

    Args:
        front_end: of the spectrograms.
        frames: length of the spectrograms, at least five seconds.
        size: there is but one.

    Returns:
        A model from spectrograms, shape [batch, frames, bands], to the logarithm of the mean
        probabilities of all members, shape [batch, 16]. Its layers ``answer_1s`` and so on give
        that of each member.
    """
    from keras import Input, Model, layers, ops

    spectrogram = Input((frames, front_end.mel_bands), name="spectrogram")
    answers = []
    for seconds, length in MEMBERS.items():
        own = Patches(length, length)
        name = f"{seconds}s"
        features = _features(patches.cut(spectrogram, own), name)
        logits = layers.Dense(len(GENRES), name=f"{name}_logits")(features)
        count = len(own.starts(frames))
        answers.append(patches.answer(logits, count, f"{patches.ANSWER}_{name}"))
    mean = patches.mean_of_logarithms(ops.stack(answers, axis=1), "mean")
    return Model(spectrogram, mean)


def _features(x: "keras.KerasTensor", name: str) -> "keras.KerasTensor":
    from keras import layers

    x = patches.image(_normalised(x, f"{name}_bands"))
    for number, filters in enumerate(_STAGES, 1):
        stage = f"{name}_{number}"
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False, name=stage)(x)
        x = layers.ReLU()(_normalised(x, f"{stage}_norm"))
        x = layers.MaxPooling2D(2)(x)
    x = layers.GlobalAveragePooling2D()(x)
    return layers.Dropout(_DROPPED)(x)


def _normalised(x: "keras.KerasTensor", name: str) -> "keras.KerasTensor":
    from keras import layers

    return layers.BatchNormalization(momentum=_MOMENTUM, name=name)(x)
