"""MobileNetV3 on a log-mel spectrogram: the small network of EfficientAT, for sixteen genres.

MobileNetV3-Large (Howard et al., Searching for MobileNetV3, ICCV 2019, table 1) with its channels
scaled by 0.4 and one audio channel, as in Schmid, Koutini and Widmer, Efficient Large-Scale Audio
Tagging via Transformer-to-CNN Knowledge Distillation, ICASSP 2023 (there: mn04). Deviations: batch
normalisation is folded into the convolutions, time is the first axis of the image, and the last
layer has sixteen outputs.
"""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from model.cards import Card
from model.genres import GENRES
from model.systems import runtime
from model.systems.base import Execution, Network, System

if TYPE_CHECKING:
    import keras

EMBEDDING = 512
_SMALLEST = 8


class Block(NamedTuple):
    """One row of the paper's table 1, before the channels are scaled."""

    kernel: int
    expansion: int
    channels: int
    squeeze: bool
    activation: str
    stride: int


BLOCKS = (
    Block(3, 16, 16, False, "relu", 1),
    Block(3, 64, 24, False, "relu", 2),
    Block(3, 72, 24, False, "relu", 1),
    Block(5, 72, 40, True, "relu", 2),
    Block(5, 120, 40, True, "relu", 1),
    Block(5, 120, 40, True, "relu", 1),
    Block(3, 240, 80, False, "hard_silu", 2),
    Block(3, 200, 80, False, "hard_silu", 1),
    Block(3, 184, 80, False, "hard_silu", 1),
    Block(3, 184, 80, False, "hard_silu", 1),
    Block(3, 480, 112, True, "hard_silu", 1),
    Block(3, 672, 112, True, "hard_silu", 1),
    Block(5, 672, 160, True, "hard_silu", 2),
    Block(5, 960, 160, True, "hard_silu", 1),
    Block(5, 960, 160, True, "hard_silu", 1),
)


def scaled(channels: int, width: float = 0.4) -> int:
    """Channels times ``width``, to the nearest multiple of 8 not below nine tenths of it."""
    wanted = channels * width
    nearest = max(_SMALLEST, int(wanted + _SMALLEST / 2) // _SMALLEST * _SMALLEST)
    return nearest + _SMALLEST if nearest < 0.9 * wanted else nearest


def system(card: Card, weights: Path) -> System:
    """The system that a card describes, from its checked file of weights."""
    return System(card.front_end, card.window_frames, partial(_connect, card, weights))


def _connect(card: Card, weights: Path, execution: Execution) -> Network:
    batch = runtime.prepare(execution)
    model = network(card.front_end.mel_bands, card.window_frames)
    model.load_weights(weights)
    return runtime.TensorFlowNetwork(model, batch)


def network(bands: int, frames: int | None = None, dropout: float = 0.0) -> "keras.Model":
    """The network, with random weights.

    Args:
        bands: mel bands of the spectrograms.
        frames: length of the spectrograms, or None for any.
        dropout: share of the embedding that is dropped in training, in [0, 1).

    Returns:
        A model from log-mel spectrograms, shape [batch, frames, bands], to logits, [batch, 16]. Its
        layer ``embedding`` gives 512 features.
    """
    from keras import Input, Model, layers

    spectrogram = Input((frames, bands), name="log_mel")
    x = layers.Reshape((-1, bands, 1), name="image")(spectrogram)
    x = _convolution(x, "stem", scaled(16), 3, 2, "hard_silu")
    for number, block in enumerate(BLOCKS, 1):
        x = _inverted_residual(x, f"block{number}", block)
    x = _convolution(x, "top", 6 * scaled(160), 1, 1, "hard_silu")
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    x = layers.Dense(EMBEDDING, activation="hard_silu", name="embedding")(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    return Model(spectrogram, layers.Dense(len(GENRES), name="logits")(x), name="mobilenet")


def _inverted_residual(x: "keras.KerasTensor", name: str, block: Block) -> "keras.KerasTensor":
    """Expand, filter each channel, weigh the channels, project; add the input where it fits."""
    from keras import layers

    source = x
    expansion, channels = scaled(block.expansion), scaled(block.channels)
    if expansion != x.shape[-1]:
        x = _convolution(x, f"{name}_expand", expansion, 1, 1, block.activation)
    x = _pad(x, f"{name}_pad", block.kernel)
    x = layers.DepthwiseConv2D(
        block.kernel, block.stride, activation=block.activation, name=f"{name}_depthwise"
    )(x)
    if block.squeeze:
        weights = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_squeeze")(x)
        weights = layers.Conv2D(
            scaled(expansion, 0.25), 1, activation="relu", name=f"{name}_reduce"
        )(weights)
        weights = layers.Conv2D(expansion, 1, activation="sigmoid", name=f"{name}_excite")(weights)
        x = layers.Multiply(name=f"{name}_scale")([x, weights])
    x = _convolution(x, f"{name}_project", channels, 1, 1, None)
    if block.stride == 1 and source.shape[-1] == channels:
        x = layers.Add(name=f"{name}_add")([source, x])
    return x


def _convolution(
    x: "keras.KerasTensor",
    name: str,
    filters: int,
    kernel: int,
    stride: int,
    activation: str | None,
) -> "keras.KerasTensor":
    from keras import layers

    x = _pad(x, f"{name}_pad", kernel)
    return layers.Conv2D(filters, kernel, stride, activation=activation, name=name)(x)


def _pad(x: "keras.KerasTensor", name: str, kernel: int) -> "keras.KerasTensor":
    """Pad both sides alike; "same" would pad only the far side where the stride is two."""
    from keras import layers

    return x if kernel == 1 else layers.ZeroPadding2D(kernel // 2, name=name)(x)
