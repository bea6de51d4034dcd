"""Ensemble of CNNs on inputs of several short lengths, rank 2 of 2018 (H. Lim, cochlear.ai).

Source: the title, "Ensemble of CNN-based models using various short-term input", is all that is
published; there is neither a paper nor code. This is a reconstruction: the same convolutional
network on 1, 2, 3 and 5 seconds of a log-mel spectrogram, each with its own weights, and the mean
of their probabilities. Our choice are the spectrogram, patches without overlap, and four stages of
3 by 3 convolutions with batch normalisation.
"""

from typing import TYPE_CHECKING, Final

from model.frontends.spectrogram import FrontEnd
from model.genres import GENRES
from model.systems.challenge2018 import patches
from model.systems.challenge2018.patches import Patches

if TYPE_CHECKING:
    import keras

MEMBERS: Final = {seconds: round(seconds * 22_050 / 512) for seconds in (1, 2, 3, 5)}
"""Patch length in frames of each member of the ensemble, by seconds."""

_STAGES: Final = (16, 32, 64, 128)
_MOMENTUM: Final = 0.9
"""Of batch normalisation: Keras's 0.99 is too slow for a training of a few hundred steps."""

_DROPPED: Final = 0.3


def network(front_end: FrontEnd, frames: int) -> "keras.Model":
    """The network, with random weights.

    Args:
        front_end: front end of the spectrograms.
        frames: length of the spectrograms, at least five seconds.

    Returns:
        A model from spectrograms, shape [batch, frames, bands], to the logarithm of the mean
        probabilities of all members, shape [batch, 16]. The layers ``answer_1s``, ``answer_2s``
        and so on give the logarithm of each member's mean probabilities.
    """
    from keras import Input, Model, layers, ops

    spectrogram = Input((frames, front_end.mel_bands), name="spectrogram")
    members = []
    for seconds, length in MEMBERS.items():
        own = Patches(length, length)
        name = f"{seconds}s"
        features = _features(patches.cut(spectrogram, own), name)
        logits = layers.Dense(len(GENRES), name=f"{name}_logits")(features)
        count = len(own.starts(frames))
        members.append(patches.log_mean_softmax(logits, count, f"{patches.OUTPUT_LAYER}_{name}"))
    mean = patches.log_mean_exp(ops.stack(members, axis=1), "mean")
    return Model(spectrogram, mean)


connect: Final = patches.connector(network)


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
