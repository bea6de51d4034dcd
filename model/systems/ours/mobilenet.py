"""MobileNetV3 on a log-mel spectrogram: the small network of EfficientAT, up to its features.

MobileNetV3-Large (Howard et al., Searching for MobileNetV3, ICCV 2019, table 1) with its channels
scaled by 0.4 and one audio channel, as in Schmid, Koutini and Widmer, Efficient Large-Scale Audio
Tagging via Transformer-to-CNN Knowledge Distillation, ICASSP 2023 (there: mn04). Deviations: batch
normalisation is folded into the convolutions, time is the first axis of the image, and there is no
last layer.
"""

from typing import TYPE_CHECKING, NamedTuple

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


def features(log_mel: "keras.KerasTensor", bands: int) -> "keras.KerasTensor":
    """Features of spectrograms.

    Args:
        log_mel: spectrograms, shape [batch, frames, bands].
        bands: mel bands of the spectrograms.

    Returns:
        Shape [batch, 512].
    """
    from keras import layers

    x = layers.Reshape((-1, bands, 1), name="image")(log_mel)
    x = _convolution(x, "stem", scaled(16), 3, 2, "hard_silu")
    for number, block in enumerate(BLOCKS, 1):
        x = _inverted_residual(x, f"block{number}", block)
    x = _convolution(x, "top", 6 * scaled(160), 1, 1, "hard_silu")
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return layers.Dense(EMBEDDING, activation="hard_silu", name="features")(x)


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
