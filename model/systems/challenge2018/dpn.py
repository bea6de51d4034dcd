"""Audio Dual Path Network, rank 6 of 2018 (S. Chang).

Source: the author's public repository, after Chen et al., Dual Path Networks, NIPS 2017, table 1:
each block adds to some channels (as in a residual network) and appends others (as in a densely
connected one). The full size is DPN-92 for one input channel, 35,010,768 trained parameters. The
input is a spectrogram of 192 mel bands in dB below the peak of the clip, standardised by band.
Deviations:

- ``narrow`` has the same design with a quarter of the channels, fewer that are appended, and nine
  blocks instead of thirty: 904,976 trained parameters. It is what two processors can train;
  ``dpn92`` is the full one.
- Grouped convolutions are depthwise ones whose outputs are added up by group. That is the same
  function, and unlike the grouped ones of TensorFlow it can be trained on a processor, too.
- Time is the first axis of the image, so that kernels are transposed. Powers have 1e-10 added,
  where the original has a threshold.
- Trained with AdamW (``training.trainers.challenge2018``). The original used gradient descent with
  Nesterov's momentum and batches of growing size.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from model.frontends.spectrogram import FrontEnd
from model.systems.challenge2018 import patches
from model.systems.challenge2018.patches import Patches

if TYPE_CHECKING:
    import keras

    _Paths = tuple[keras.KerasTensor | None, keras.KerasTensor]

PATCHES: Final = Patches(86, 86)
"""Two seconds without overlap; the rest is left out."""


@dataclass(frozen=True)
class Size:
    """How large the network is; of the four stages where there are four.

    Attributes:
        stem: channels before the first stage.
        blocks: number of blocks of each stage.
        width: channels that the first stage adds to; every stage has twice those of the last.
        middle: channels of the grouped convolutions in the first stage; doubled likewise.
        groups: groups of these convolutions.
        appended: channels that each block of a stage appends.
    """

    stem: int
    blocks: tuple[int, ...]
    width: int
    middle: int
    groups: int
    appended: tuple[int, ...]


SIZES: Final = {
    "dpn92": Size(64, (3, 4, 20, 3), 256, 96, 32, (16, 32, 24, 128)),
    "narrow": Size(32, (2, 2, 3, 2), 64, 24, 8, (8, 8, 8, 16)),
}


def network(front_end: FrontEnd, frames: int, size: str) -> "keras.Model":
    """The network, with random weights; see ``model.systems.challenge2018.patches.network``.

    Raises:
        ValueError: ``size`` is none of ``SIZES``.
    """
    if size not in SIZES:
        raise ValueError(
            f"no size {size!r} of the dual path network; there are: {', '.join(SIZES)}"
        )
    return patches.network(front_end, frames, PATCHES, lambda x: _body(x, SIZES[size]))


connect: Final = patches.connector(network)


def _body(x: "keras.KerasTensor", size: Size) -> "keras.KerasTensor":
    from keras import layers

    x = patches.image(patches.standardised(x, "standardised"))
    x = layers.ZeroPadding2D(3)(x)
    x = layers.Conv2D(size.stem, 7, 2, use_bias=False, name="stem")(x)
    x = layers.ReLU()(_normalised(x, "stem"))
    dense = layers.MaxPooling2D(3, 2)(layers.ZeroPadding2D(1)(x))
    paths = (None, dense)
    for stage, blocks in enumerate(size.blocks):
        for block in range(blocks):
            paths = _block(paths, f"stage{stage + 1}_{block + 1}", size, stage, block == 0)
    return layers.GlobalAveragePooling2D()(layers.Concatenate()(list(paths)))


def _block(paths: "_Paths", name: str, size: Size, stage: int, first: bool) -> "_Paths":
    """A block: its output is added to the residual path and appended to the dense path.

    Args:
        paths: residual path, or None before the first block, and dense path.
        name: prefix of the names of the block's layers.
        size: size of the network.
        stage: counted from 0.
        first: whether the block is the first of its stage. It then computes new paths, from the
            second stage on of half the height and width.
    """
    from keras import layers

    residual, dense = paths
    width, appended = size.width << stage, size.appended[stage]
    stride = 2 if first and stage > 0 else 1
    seen = dense if residual is None else layers.Concatenate()([residual, dense])
    if first:
        wide = _convolution(seen, f"{name}_shortcut", width + 2 * appended, stride)
        residual, dense = wide[..., :width], wide[..., width:]
    x = _convolution(seen, f"{name}_in", size.middle << stage)
    x = _grouped(x, f"{name}_middle", stride, size.groups)
    x = _convolution(x, f"{name}_out", width + appended)
    added = layers.Add()([residual, x[..., :width]])
    return added, layers.Concatenate()([dense, x[..., width:]])


def _normalised(x: "keras.KerasTensor", name: str) -> "keras.KerasTensor":
    """With PyTorch's settings, which were the original's."""
    from keras import layers

    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_norm")(x)


def _convolution(
    x: "keras.KerasTensor", name: str, filters: int, stride: int = 1
) -> "keras.KerasTensor":
    """Normalise, rectify, mix the channels."""
    from keras import layers

    x = layers.ReLU()(_normalised(x, name))
    return layers.Conv2D(filters, 1, stride, use_bias=False, name=name)(x)


def _grouped(x: "keras.KerasTensor", name: str, stride: int, groups: int) -> "keras.KerasTensor":
    """Normalise, rectify, and a convolution of 3 by 3 that mixes channels of one group only."""
    from keras import layers

    x = layers.ZeroPadding2D(1)(layers.ReLU()(_normalised(x, name)))
    return grouped_convolution(x, name, stride, groups)


def grouped_convolution(
    x: "keras.KerasTensor", name: str, stride: int, groups: int
) -> "keras.KerasTensor":
    """A convolution of 3 by 3 without padding, from each group of channels to as many.

    Args:
        x: shape [batch, height, width, channels].
        name: name of the layer. Its kernel has the shape [3, 3, channels, channels of a group].
        stride: stride in both directions.
        groups: a divisor of the channels.
    """
    from keras import layers, ops

    channels = x.shape[-1]
    own = channels // groups
    x = layers.DepthwiseConv2D(3, stride, depth_multiplier=own, use_bias=False, name=name)(x)
    _, height, width, _ = x.shape
    x = ops.sum(ops.reshape(x, (-1, height, width, groups, own, own)), axis=-2)
    return ops.reshape(x, (-1, height, width, channels))
