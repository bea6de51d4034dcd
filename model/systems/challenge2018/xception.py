"""Xception on mel-scaled spectrograms, rank 5 of 2018 (viper and AlgoHunt).

Source: the authors' public training repository, after Chollet, Xception: Deep Learning with
Depthwise Separable Convolutions, CVPR 2017, without the middle flow. The graded repository is lost.
The spectrogram is a picture of 299 bands in 80 dB, stretched from its darkest to its brightest
point; a second channel tells the height. Layers and their order are those of the code; ``full`` has
its 3,978,752 trained parameters. Deviations:

- ``narrow`` has the same layers with a quarter of the channels: 258,260 trained parameters. It is
  what two processors can train; ``full`` is the published one.
- The sample rate is always 44.1 kHz; the original took that of the file. The uppermost band ends at
  half of it, not at 22,100 Hz, where there is nothing.
- The picture is not stored as an 8-bit JPEG in between. Powers have 1e-10 added, where the original
  has a threshold.
- All patches count; the original left out those with many dark columns.
- Trained with AdamW (``training.trainers.challenge2018``); the original had Adam and an L2 loss.
"""

from functools import partial
from typing import TYPE_CHECKING, Final

from model.frontends.spectrogram import FrontEnd
from model.systems.challenge2018 import patches
from model.systems.challenge2018.patches import Patches

if TYPE_CHECKING:
    import keras

PATCHES: Final = Patches(299, 150, to_the_end=True)
"""6.94 seconds every 3.48, and one at the end: 8 of a clip."""

_MEAN_PIXEL: Final = 93.13
"""Of the authors' pictures, from 0 to 255."""

_MOMENTUM: Final = 0.9

SIZES: Final = {"full": 1, "narrow": 4}
"""What the published numbers of channels are divided by."""


def network(front_end: FrontEnd, frames: int, size: str) -> "keras.Model":
    """The network, with random weights; see ``model.systems.challenge2018.patches.network``.

    Raises:
        ValueError: ``size`` is none of ``SIZES``.
    """
    if size not in SIZES:
        raise ValueError(f"no size {size!r} of Xception; there are: {', '.join(SIZES)}")
    body = partial(_body, divisor=SIZES[size])
    return patches.network(front_end, frames, PATCHES, body, bias=False)


connect: Final = patches.connector(network)


def _body(x: "keras.KerasTensor", divisor: int) -> "keras.KerasTensor":
    from keras import layers

    x = _two_channels(x)
    for number, (filters, stride) in enumerate(((32, 2), (64, 1)), 1):
        x = layers.Conv2D(filters // divisor, 3, stride, use_bias=False, name=f"conv{number}")(x)
        x = _activated(x, f"conv{number}")
    for number, published in enumerate((128, 256, 728), 1):
        name, filters = f"block{number}", published // divisor
        shortcut = layers.Conv2D(
            filters, 1, 2, padding="same", use_bias=False, name=f"{name}_shortcut"
        )(x)
        x = _activated(_separable(x, f"{name}_first", filters), f"{name}_first")
        x = _separable(x, f"{name}_second", filters)
        x = layers.MaxPooling2D(3, 2, padding="same")(x)
        x = layers.Add()([x, shortcut])
        # the original has the other order in this one place
        x = layers.ReLU()(_normalised(x, name)) if number == 1 else _activated(x, name)
    for name in ("exit_first", "exit_second"):
        x = _activated(_separable(x, name, 1024 // divisor, 2), name)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.5)(x)
    return layers.Dense(1024 // divisor, use_bias=False, name="features")(x)


def _two_channels(x: "keras.KerasTensor") -> "keras.KerasTensor":
    """The picture about zero, and a ramp over its height."""
    import numpy as np
    from keras import layers, ops

    bands = x.shape[-1]
    pixels = (x * 255.0 - _MEAN_PIXEL) / 127.5
    ramp = np.arange(1, bands + 1, dtype=np.float32) / bands - 0.5
    height = ops.zeros_like(pixels) + ops.convert_to_tensor(ramp)
    return layers.Concatenate()([patches.image(pixels), patches.image(height)])


def _separable(
    x: "keras.KerasTensor", name: str, filters: int, stride: int = 1
) -> "keras.KerasTensor":
    from keras import layers

    layer = layers.SeparableConv2D(filters, 3, stride, padding="same", use_bias=False, name=name)
    return layer(x)


def _activated(x: "keras.KerasTensor", name: str) -> "keras.KerasTensor":
    """The original's usual order: first the rectifier, then the normalisation."""
    from keras import layers

    return _normalised(layers.ReLU()(x), name)


def _normalised(x: "keras.KerasTensor", name: str) -> "keras.KerasTensor":
    from keras import layers

    return layers.BatchNormalization(momentum=_MOMENTUM, scale=False, name=f"{name}_norm")(x)
