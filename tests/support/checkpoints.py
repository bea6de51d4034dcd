"""Checkpoints of random weights, in the formats of the published ones."""

import collections
import dataclasses
import pickle
import sys
import types
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from model.systems.ours import fusion, mobilenet
from training.initial import branches as initial
from training.initial import checkpoint

BRANCHES = (fusion.MOBILENET, fusion.ARTIST, fusion.MUSICNN)
MN04, ARTIST, MUSICNN = (initial.ORIGINS[name].file for name in BRANCHES)


class FloatStorage:
    """Stands for PyTorch's class of the same name while a checkpoint is written."""


def write_checkpoint(path: Path, tensors: dict[str, NDArray[np.float32]]) -> str:
    """Write a state dict as PyTorch does, and return its SHA-256."""
    storages: list[NDArray[np.float32]] = []

    class Storage:
        def __init__(self, tensor: NDArray[np.float32]) -> None:
            self.key, self.size = str(len(storages)), tensor.size
            storages.append(tensor)

    class Tensor:
        def __init__(self, tensor: NDArray[np.float32]) -> None:
            self.storage, self.shape = Storage(tensor), tensor.shape

        def __reduce__(self) -> Any:
            steps = np.zeros(self.shape, np.int8).strides
            hooks: collections.OrderedDict[str, Any] = collections.OrderedDict()
            return rebuild, (self.storage, 0, self.shape, steps, False, hooks)

    def rebuild(*_: object) -> None:
        raise AssertionError

    class Pickler(pickle.Pickler):
        def persistent_id(self, thing: object) -> Any:
            if isinstance(thing, Storage):
                return ("storage", FloatStorage, thing.key, "cpu", thing.size)
            return None

    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    rebuild.__module__, rebuild.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    rebuild.__name__ = "_rebuild_tensor_v2"
    FloatStorage.__module__ = "torch"
    torch.FloatStorage, utils._rebuild_tensor_v2 = FloatStorage, rebuild  # type: ignore[attr-defined]
    shadowed = {name: sys.modules.get(name) for name in ("torch", "torch._utils")}
    sys.modules |= {"torch": torch, "torch._utils": utils}
    try:
        with zipfile.ZipFile(path, "w") as archive:
            with archive.open("archive/data.pkl", "w") as file:
                state = collections.OrderedDict((n, Tensor(t)) for n, t in tensors.items())
                Pickler(file, protocol=2).dump(state)
            for key, tensor in enumerate(storages):
                archive.writestr(f"archive/data/{key}", tensor.astype("<f4").tobytes())
    finally:
        for name, module in shadowed.items():
            sys.modules.pop(name)
            if module is not None:
                sys.modules[name] = module
    return checkpoint.sha256(path)


def mn04_like(seed: int = 0) -> dict[str, NDArray[np.float32]]:
    """Random tensors with the names and shapes of ``mn04_as``."""
    rng = np.random.default_rng(seed)
    state: dict[str, NDArray[np.float32]] = {}

    def convolution(name: str, *shape: int) -> None:
        scale = np.sqrt(2 / np.prod(shape[1:]))
        state[f"{name}.0.weight"] = rng.normal(0, scale, shape).astype(np.float32)
        for part, middle in (("weight", 1), ("bias", 0), ("running_mean", 0), ("running_var", 1)):
            state[f"{name}.1.{part}"] = rng.normal(middle, 0.05, shape[0]).astype(np.float32)

    def linear(name: str, outputs: int, inputs: int) -> None:
        state[f"{name}.weight"] = rng.normal(0, inputs**-0.5, (outputs, inputs)).astype(np.float32)
        state[f"{name}.bias"] = np.zeros(outputs, np.float32)

    channels = mobilenet.scaled(16)
    convolution("features.0", channels, 1, 3, 3)
    for number, block in enumerate(mobilenet.BLOCKS, 1):
        wide, out = mobilenet.scaled(block.expansion), mobilenet.scaled(block.channels)
        stage = f"features.{number}.block."
        position = 0
        if wide != channels:
            convolution(f"{stage}{position}", wide, channels, 1, 1)
            position += 1
        convolution(f"{stage}{position}", wide, 1, block.kernel, block.kernel)
        position += 1
        if block.squeeze:
            linear(f"{stage}{position}.conc_se_layers.0.fc1", mobilenet.scaled(wide, 0.25), wide)
            linear(f"{stage}{position}.conc_se_layers.0.fc2", wide, mobilenet.scaled(wide, 0.25))
            position += 1
        convolution(f"{stage}{position}", out, wide, 1, 1)
        channels = out
    convolution("features.16", 6 * channels, channels, 1, 1)
    linear("classifier.2", mobilenet.EMBEDDING, 6 * channels)
    linear("classifier.5", 527, mobilenet.EMBEDDING)  # the tags of AudioSet
    return state


def norm(
    rng: np.random.Generator, channels: int, names: tuple[str, ...]
) -> dict[str, NDArray[np.float32]]:
    """Batch normalisation that is not far from none."""
    middle = dict(zip(names, (1.0, 0.0, 0.0, 1.0), strict=True))
    return {
        name: rng.normal(value, 0.05, channels).astype(np.float32) for name, value in middle.items()
    }


def write_artist(path: Path) -> str:
    """Random weights in the form of the published file; returns the SHA-256."""
    rng = np.random.default_rng(0)
    with h5py.File(path, "w") as file:
        for number, shape in enumerate(
            [(4, 128, 128), (4, 128, 128), (4, 128, 128), (2, 128, 128), (1, 128, 256)], 1
        ):
            place = f"model_weights/conv1d_{number}/conv1d_{number}"
            file[f"{place}/kernel:0"] = rng.normal(0, 0.05, shape).astype(np.float32)
            file[f"{place}/bias:0"] = rng.normal(0, 0.05, shape[2]).astype(np.float32)
            place = f"model_weights/batch_normalization_{number}/batch_normalization_{number}"
            parts = ("gamma", "beta", "moving_mean", "moving_variance")
            for part, values in norm(rng, shape[2], parts).items():
                file[f"{place}/{part}:0"] = values
    return checkpoint.sha256(path)


def write_musicnn(path: Path) -> str:
    """Random weights in the form of the published wheel; returns the SHA-256."""
    import tensorflow as tf

    rng = np.random.default_rng(0)
    shapes = [(7, 38, 1, 204), (7, 67, 1, 204), (128, 1, 1, 51), (64, 1, 1, 51), (32, 1, 1, 51)]
    shapes += [(7, 561, 1, 64), (7, 64, 1, 64), (7, 64, 1, 64)]
    tensors: dict[str, NDArray[np.floating]] = {}
    for number, shape in enumerate(shapes):
        name = f"conv2d_{number}" if number else "conv2d"
        kernel = rng.normal(0, np.prod(shape[:3]) ** -0.5, shape)
        tensors |= {f"{name}/kernel": kernel, f"{name}/bias": rng.normal(0, 0.05, shape[3])}
    tensors |= {"dense/kernel": rng.normal(0, 0.02, (1506, 200)), "dense/bias": np.zeros(200)}
    tensors["dense_1/kernel"] = rng.normal(0, 0.07, (200, 50))  # the tags of MSD
    for number, channels in enumerate([1, 204, 204, 51, 51, 51, 64, 64, 64, 1506, 200]):
        name = f"batch_normalization_{number}" if number else "batch_normalization"
        parts = ("gamma", "beta", "moving_mean", "moving_variance")
        tensors |= {f"{name}/{part}": v for part, v in norm(rng, channels, parts).items()}
    prefix = path.parent / "stored"
    tf.raw_ops.SaveV2(
        prefix=str(prefix),
        tensor_names=list(tensors),
        shape_and_slices=[""] * len(tensors),
        tensors=[tf.constant(value, tf.float32) for value in tensors.values()],
    )
    with zipfile.ZipFile(path, "w") as wheel:
        for part in (".index", ".data-00000-of-00001"):
            wheel.write(f"{prefix}{part}", f"musicnn/MSD_musicnn/{part}")
    return checkpoint.sha256(path)


def write_published(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Files of random initial weights by name, which ``initial.ORIGINS`` then expects."""
    digests = {
        MN04: write_checkpoint(folder / MN04, mn04_like()),
        ARTIST: write_artist(folder / ARTIST),
        MUSICNN: write_musicnn(folder / MUSICNN),
    }
    known = {
        name: dataclasses.replace(origin, sha256=digests[origin.file])
        for name, origin in initial.ORIGINS.items()
    }
    monkeypatch.setattr(initial, "ORIGINS", known)
    return {name: folder / name for name in digests}
