"""Patches of a spectrogram and the mean of their probabilities, for the networks of 2018.

Each published network classified patches of one to seven seconds and averaged their probabilities.
Here cutting and averaging are layers of the network. Its input is a clip of 30 seconds. Its output
is the logarithm of the mean probabilities, so that a softmax of the output gives the published
result. The same network with an input of one patch is what is trained. Deviation: a clip shorter
than 30 seconds is repeated to fill them (``model.systems.base.cut_windows``).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from model.frontends.spectrogram import FrontEnd
from model.genres import GENRES
from model.systems.runtimes import choice

if TYPE_CHECKING:
    import keras

OUTPUT_LAYER: Final = "answer"
"""Name, or prefix of the names, of the layers of log probabilities to which a loss is applied."""

connector: Final = partial(choice.connector, batch=2)
"""The function of that name in ``model.systems.runtimes.choice`` with two clips in a call, because
a clip is many patches."""

Body = Callable[["keras.KerasTensor"], "keras.KerasTensor"]
"""From patches, shape [patches, length, bands], to features, shape [patches, features]."""


@dataclass(frozen=True)
class Patches:
    """Length and places of the patches of a spectrogram.

    Attributes:
        length: frames of a patch.
        hop: frames from the start of a patch to the start of the next; need not be whole.
        to_the_end: whether one more patch covers the last frames if no other patch does.
    """

    length: int
    hop: float
    to_the_end: bool = False

    def starts(self, frames: int) -> list[int]:
        """First frames of the patches of a spectrogram of ``frames`` frames.

        Raises:
            ValueError: the spectrogram is shorter than a patch.
        """
        last = frames - self.length
        if last < 0:
            raise ValueError(f"{frames} frames are less than a patch of {self.length}")
        starts = [round(number * self.hop) for number in range(int(last / self.hop) + 2)]
        starts = [start for start in starts if start <= last]
        return [*starts, last] if self.to_the_end and starts[-1] < last else starts


def network(
    front_end: FrontEnd, frames: int, patches: Patches, body: Body, bias: bool = True
) -> "keras.Model":
    """A network that applies the same layers to all patches of a spectrogram.

    Args:
        front_end: front end of the spectrograms.
        frames: length of the spectrograms, at least one patch; weights fit every length.
        patches: length and places of the patches.
        body: layers from patches to features.
        bias: whether the last layer has a bias.

    Returns:
        A model from spectrograms, shape [batch, frames, bands], to the logarithm of the mean of
        the patches' probabilities, shape [batch, 16].
    """
    from keras import Input, Model, layers

    spectrogram = Input((frames, front_end.mel_bands), name="spectrogram")
    logits = layers.Dense(len(GENRES), use_bias=bias, name="logits")
    outputs = logits(body(cut(spectrogram, patches)))
    return Model(spectrogram, log_mean_softmax(outputs, len(patches.starts(frames))))


def cut(spectrogram: "keras.KerasTensor", patches: Patches) -> "keras.KerasTensor":
    """Patches of spectrograms: [batch, frames, bands] to [batch * patches, length, bands]."""
    from keras import ops

    _, frames, bands = spectrogram.shape
    parts = [spectrogram[:, start : start + patches.length] for start in patches.starts(frames)]
    return ops.reshape(ops.stack(parts, axis=1), (-1, patches.length, bands))


def log_mean_softmax(
    logits: "keras.KerasTensor", count: int, name: str = OUTPUT_LAYER
) -> "keras.KerasTensor":
    """Log of the mean probabilities of ``count`` patches: [batch * count, n] to [batch, n]."""
    from keras import ops

    each = ops.reshape(ops.log_softmax(logits, axis=-1), (-1, count, logits.shape[-1]))
    return log_mean_exp(each, name)


def log_mean_exp(logarithms: "keras.KerasTensor", name: str) -> "keras.KerasTensor":
    """Logarithm of the mean of exponentials over the second axis, in a layer of that name."""
    import math

    from keras import layers, ops

    mean = ops.logsumexp(logarithms, axis=1) - math.log(logarithms.shape[1])
    return layers.Identity(name=name)(mean)


def standardised(x: "keras.KerasTensor", name: str) -> "keras.KerasTensor":
    """Bands scaled to mean 0 and variance 1 of the training clips, by weights that are not trained.

    ``training.trainers.challenge2018.standardise`` sets the weights.
    """
    from keras import layers

    return layers.DepthwiseConv1D(1, trainable=False, name=name)(x)


def image(x: "keras.KerasTensor") -> "keras.KerasTensor":
    """Patches as images of one channel, time first: shape [patches, length, bands, 1]."""
    from keras import layers

    return layers.Reshape((*x.shape[1:], 1))(x)
