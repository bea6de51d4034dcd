"""Initial weights of a network's branches from public checkpoints."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.frontends.spectrogram import FrontEnd
from model.systems.ours import fusion, mobilenet
from training.initial import checkpoint, music

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Origin:
    """Public weights that a branch starts from.

    Attributes:
        title: what they are, whose, and what they were trained on.
        licence: SPDX identifier.
        file: name of the file as it is published.
        sha256: its hash in hexadecimal.
    """

    title: str
    licence: str
    file: str
    sha256: str


MN04 = Origin(
    "mn04_as of EfficientAT (F. Schmid, 2022), trained on AudioSet",
    "MIT",
    "mn04_as_mAP_432.pt",
    "899a8c6217063f6941793102a2780b3dd788ab11fce468d9cf5f0577c453321c",
)
ARTIST = Origin(
    "siamese network for 10,000 artists (J. Park, J. Lee, 2018), trained on MSD previews",
    "MIT",
    "artist_siamese_10000.h5",
    "3b3ad09c321786c8ea388269ee3c35ab540734ce5209f40a430f1c9b0a25f753",
)
MUSICNN = Origin(
    "MSD_musicnn of musicnn 0.1.0 (J. Pons, 2019), trained on tags of MSD",
    "ISC",
    "musicnn-0.1.0-py3-none-any.whl",
    "f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa",
)
ORIGINS = {
    fusion.MOBILENET: MN04,
    fusion.ARTIST: ARTIST,
    fusion.MUSICNN: MUSICNN,
}
"""Where each branch starts; the last layer starts from a probe, see
``training.trainers.fine_tuning``."""

_EPSILON = 1e-3
"""Of mn04's batch normalisation."""


def load(
    model: "keras.Model", front_end: FrontEnd, branches: Sequence[str], files: Mapping[str, Path]
) -> None:
    """Give all layers of a fusion network but the last their initial weights.

    Args:
        model: network from ``fusion.network``.
        front_end: front end of the network's spectrograms.
        branches: names of the network's branches.
        files: path of each published file of ``ORIGINS``, by its name.

    Raises:
        CheckpointError: a file is missing, or not what ``ORIGINS`` says.
    """
    layers: dict[str, list[NDArray[np.float32]]] = {}
    for branch in branches:
        origin = ORIGINS[branch]
        path = files.get(origin.file, Path(origin.file))
        if branch == fusion.ARTIST:
            layers |= music.artist_layers(path, origin.sha256, front_end)
        elif branch == fusion.MUSICNN:
            layers |= music.musicnn_layers(path, origin.sha256, front_end)
        else:
            layers |= _mn04_layers(checkpoint.read(path, origin.sha256))
    for name, arrays in layers.items():
        model.get_layer(name).set_weights(arrays)


def load_band_maps(model: "keras.Model", front_end: FrontEnd, branches: Sequence[str]) -> None:
    """Set the layers that are never trained, for a network with random weights.

    Args:
        model: network from ``fusion.network``.
        front_end: front end of the network's spectrograms.
        branches: names of the network's branches.
    """
    for branch in branches:
        for name, arrays in music.band_layers(branch, front_end).items():
            model.get_layer(name).set_weights(arrays)


def _mn04_layers(state: dict[str, NDArray[np.float32]]) -> dict[str, list[NDArray[np.float32]]]:
    """Kernel and bias of each layer of the network, by its name there."""
    layers = {"stem": _folded(state, "features.0")}
    layers["top"] = _folded(state, "features.16")
    for number, block in enumerate(mobilenet.BLOCKS, 1):
        name = f"block{number}"
        for position, stage in enumerate(_stages(state, number, block)):
            source = f"features.{number}.block.{position}"
            if stage == "squeeze":
                inner = f"{source}.conc_se_layers.0"
                layers[f"{name}_reduce"] = _pointwise(state, f"{inner}.fc1")
                layers[f"{name}_excite"] = _pointwise(state, f"{inner}.fc2")
            else:
                layers[f"{name}_{stage}"] = _folded(state, source)
    layers["features"] = [state["classifier.2.weight"].T, state["classifier.2.bias"]]
    return layers


def _stages(
    state: dict[str, NDArray[np.float32]], number: int, block: mobilenet.Block
) -> list[str]:
    """Parts of a block in the order of the checkpoint."""
    last = 2 + block.squeeze
    expanding = f"features.{number}.block.{last}.0.weight" in state
    middle = ["depthwise", *(["squeeze"] if block.squeeze else []), "project"]
    return ["expand", *middle] if expanding else middle


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
