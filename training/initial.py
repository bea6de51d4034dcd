"""Initial weights of a network from a public checkpoint."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.frontend import FrontEnd
from model.systems import mobilenet
from training import checkpoint

if TYPE_CHECKING:
    import keras

FRONT_END = FrontEnd(
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
)
"""The first 115 of mn04's 128 bands (0 to 15 kHz), from audio at 22.05 kHz instead of 32 kHz.

Window (25 ms), hop (10 ms) and bin width (31.3 Hz) are the original's to 0.3 %. ``offset`` and
``shift`` hold the original's ln(x + 1e-5) + 4.5 after the gain (800 / 551)**2 of its longer window.
"""

_EPSILON = 1e-3
"""Of mn04's batch normalisation."""


def mobilenet_from_mn04(model: "keras.Model", path: Path, digest: str) -> None:
    """Load EfficientAT's ``mn04_as`` into all layers of a mobilenet but the last.

    Args:
        model: from ``mobilenet.network``; its layer ``logits`` keeps its values.
        path: the checkpoint, ``mn04_as_mAP_432.pt``.
        digest: its SHA-256 in hexadecimal.

    Raises:
        CheckpointError: the file is not that checkpoint.
    """
    state = checkpoint.read(path, digest)
    for name, arrays in _mn04_layers(state).items():
        model.get_layer(name).set_weights(arrays)


def _mn04_layers(state: dict[str, NDArray[np.float32]]) -> dict[str, list[NDArray[np.float32]]]:
    """Kernel and bias of each layer of the network, by its name there."""
    layers = {"stem": _folded(state, "features.0"), "top": _folded(state, "features.16")}
    for number, block in enumerate(mobilenet.BLOCKS, 1):
        stages = (
            []
            if f"features.{number}.block.3.0.weight" not in state
            and (f"features.{number}.block.2.0.weight" not in state)
            else ["expand"]
        )
        stages += ["depthwise"] + (["squeeze"] if block.squeeze else []) + ["project"]
        for position, stage in enumerate(stages):
            source = f"features.{number}.block.{position}"
            if stage == "squeeze":
                layers[f"block{number}_reduce"] = _pointwise(
                    state, f"{source}.conc_se_layers.0.fc1"
                )
                layers[f"block{number}_excite"] = _pointwise(
                    state, f"{source}.conc_se_layers.0.fc2"
                )
            else:
                layers[f"block{number}_{stage}"] = _folded(state, source)
    layers["embedding"] = [state["classifier.2.weight"].T, state["classifier.2.bias"]]
    return layers


def _folded(state: dict[str, NDArray[np.float32]], name: str) -> list[NDArray[np.float32]]:
    """A convolution [out, in, mel, time] and its normalisation as kernel [time, mel, in, out]."""
    kernel = state[f"{name}.0.weight"]
    gamma, beta = state[f"{name}.1.weight"], state[f"{name}.1.bias"]
    mean, variance = state[f"{name}.1.running_mean"], state[f"{name}.1.running_var"]
    gain = gamma / np.sqrt(variance + _EPSILON)
    kernel = kernel * gain[:, None, None, None]
    depthwise = kernel.shape[1] == 1 and kernel.shape[0] == len(gain) and name != "features.0"
    order = (3, 2, 0, 1) if depthwise else (3, 2, 1, 0)
    return [kernel.transpose(order), beta - mean * gain]


def _pointwise(state: dict[str, NDArray[np.float32]], name: str) -> list[NDArray[np.float32]]:
    """A fully connected layer [out, in] as a convolution of one pixel, kernel [1, 1, in, out]."""
    return [state[f"{name}.weight"].T[None, None], state[f"{name}.bias"]]
