"""What the networks of the challenge of 2018 share: patches of a clip, and the mean of the answers.

Each of them looked at patches of one to seven seconds and took the mean of the patches'
probabilities. Here that is part of the network: it sees a whole clip of 30 seconds, cuts it, and
gives the logarithm of the mean, so that a softmax of its outputs is what they published. With a
spectrogram of just one patch it is the network that is trained. A clip that is shorter than 30
seconds is repeated to fill them (``model.systems.base.cut_windows``), which the originals did not.
"""

import dataclasses
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from model.frontends.spectrogram import FrontEnd
from model.genres import GENRES
from model.systems import runtime
from model.systems.base import Execution, Network, System
from model.systems.cards import Card

if TYPE_CHECKING:
    import keras

ANSWER: Final = "answer"
"""Name of a layer that gives logarithms of probabilities, or how it begins where a network has
several; each of them is trained."""

_BATCH: Final = 2
"""Clips of a call: each of them is many patches."""

Build = Callable[[FrontEnd, int, str], "keras.Model"]
"""From a front end, frames, and the name of a size (or nothing) to a network."""

Body = Callable[["keras.KerasTensor"], "keras.KerasTensor"]
"""From patches, shape [patches, length, bands], to features, shape [patches, features]."""


@dataclasses.dataclass(frozen=True)
class Patches:
    """How a spectrogram is cut.

    Attributes:
        length: of a patch, in frames.
        hop: from the first frame of a patch to that of the next, in frames; it need not be whole.
        to_the_end: whether there is one more patch at the end, where the others do not reach it.
    """

    length: int
    hop: float
    to_the_end: bool = False

    def starts(self, frames: int) -> list[int]:
        """First frames of the patches of a spectrogram of ``frames`` frames.

        Raises:
            ValueError: it is shorter than a patch.
        """
        last = frames - self.length
        if last < 0:
            raise ValueError(f"{frames} frames are less than a patch of {self.length}")
        starts = [round(number * self.hop) for number in range(int(last / self.hop) + 2)]
        starts = [start for start in starts if start <= last]
        return [*starts, last] if self.to_the_end and starts[-1] < last else starts


def system(card: Card, weights: Path, build: Build) -> System:
    """The system of a card, whose network ``build`` makes."""
    return System(card.front_end, card.window_frames, partial(_connect, card, weights, build))


def _connect(card: Card, weights: Path, build: Build, execution: Execution) -> Network:
    few = dataclasses.replace(execution, batch=execution.batch or _BATCH)
    make = partial(build, card.spectrogram, card.window_frames, card.size)
    return runtime.connected(few, weights, make)


def network(
    front_end: FrontEnd, frames: int, patches: Patches, body: Body, bias: bool = True
) -> "keras.Model":
    """A network of one body on the patches of a spectrogram.

    Args:
        front_end: of the spectrograms.
        frames: length of the spectrograms, at least of one patch; weights fit every length.
        patches: how they are cut.
        body: makes the features of patches.
        bias: whether the last layer has a bias.

    Returns:
        A model from spectrograms, shape [batch, frames, bands], to the logarithm of the mean of
        the patches' probabilities, shape [batch, 16].
    """
    from keras import Input, Model, layers

    spectrogram = Input((frames, front_end.mel_bands), name="spectrogram")
    logits = layers.Dense(len(GENRES), use_bias=bias, name="logits")
    outputs = logits(body(cut(spectrogram, patches)))
    return Model(spectrogram, answer(outputs, len(patches.starts(frames))))


def cut(spectrogram: "keras.KerasTensor", patches: Patches) -> "keras.KerasTensor":
    """Patches of spectrograms: [batch, frames, bands] to [batch * patches, length, bands]."""
    from keras import ops

    _, frames, bands = spectrogram.shape
    parts = [spectrogram[:, start : start + patches.length] for start in patches.starts(frames)]
    return ops.reshape(ops.stack(parts, axis=1), (-1, patches.length, bands))


def answer(logits: "keras.KerasTensor", count: int, name: str = ANSWER) -> "keras.KerasTensor":
    """Logarithm of the mean probability of ``count`` patches: [batch * count, n] to [batch, n]."""
    from keras import ops

    each = ops.reshape(ops.log_softmax(logits, axis=-1), (-1, count, logits.shape[-1]))
    return mean_of_logarithms(each, name)


def mean_of_logarithms(each: "keras.KerasTensor", name: str) -> "keras.KerasTensor":
    """Logarithm of the mean over the second axis of what the logarithms are given of."""
    import math

    from keras import layers, ops

    mean = ops.logsumexp(each, axis=1) - math.log(each.shape[1])
    return layers.Identity(name=name)(mean)


def standardised(x: "keras.KerasTensor", name: str) -> "keras.KerasTensor":
    """Every band with a factor and an offset of its own, which are set and not trained.

    Training sets them so that the training clips have mean 0 and variance 1
    (``training.trainers.challenge2018.standardise``).
    """
    from keras import layers

    return layers.DepthwiseConv1D(1, trainable=False, name=name)(x)


def image(x: "keras.KerasTensor") -> "keras.KerasTensor":
    """Patches as images of one channel, time first: shape [patches, length, bands, 1]."""
    from keras import layers

    return layers.Reshape((*x.shape[1:], 1))(x)
