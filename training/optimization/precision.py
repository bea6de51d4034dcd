"""Mixed precision: most layers of a network compute in half precision while it is trained.

Weights, optimizer state and losses stay in single precision, so that the files of weights are those
of a training in single precision.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Literal

import keras
import tensorflow as tf

from training.optimization.config import Precision

SINGLE_PREFIXES: Final = ("answer", "mean")
SINGLE_SUFFIXES: Final = ("_bands", "standardised", "logits", "_target")
"""Prefixes and suffixes of the names of layers that always compute in single precision.

They are the layers that read powers of spectrograms, which overflow half precision, and the layers
that compute the outputs, from which losses are computed.
"""


def choose_precision(wanted: Precision | Literal["auto"]) -> Precision:
    """The precision that is wanted; ``auto`` is mixed where TensorFlow sees a GPU."""
    if wanted != "auto":
        return wanted
    return "mixed" if tf.config.list_physical_devices("GPU") else "single"


@contextmanager
def computing_in(precision: Precision, network: keras.Model) -> Iterator[None]:
    """Let the layers of a network compute in a precision; they are in single precision after it."""
    if precision == "single":
        yield
        return
    layers = [layer for layer in network.layers if not _is_single(layer)]
    for layer in layers:
        layer.dtype_policy = "mixed_float16"
    try:
        yield
    finally:
        for layer in layers:
            layer.dtype_policy = "float32"


def _is_single(layer: keras.layers.Layer) -> bool:
    name: str = layer.name
    return name.startswith(SINGLE_PREFIXES) or name.endswith(SINGLE_SUFFIXES)


class LossScaling(keras.optimizers.LossScaleOptimizer):
    """Scales losses so that gradients do not vanish in half precision.

    A step whose gradients overflow changes no weight and lowers the scale. Here it counts as a
    step, so that the learning rate and an interrupted training follow the number of batches.
    """

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """Change the weights by gradients of the scaled losses."""
        steps = self.iterations + 1
        super().apply(grads, trainable_variables)
        self.iterations.assign(steps)
