"""Checkpoints are read without PyTorch, and nothing in them is run."""

import collections
import pickle
import sys
import types
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from model.systems.ours import mobilenet
from training.initial import checkpoint
from training.initial.checkpoint import CheckpointError


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


def test_tensors_read_back_as_they_were(tmp_path: Path) -> None:
    tensors = {
        "a": np.arange(6, dtype=np.float32).reshape(2, 3),
        "b.weight": np.ones((1, 2, 3, 4), np.float32),
    }
    digest = write_checkpoint(tmp_path / "x.pt", tensors)
    read = checkpoint.read(tmp_path / "x.pt", digest)
    assert read.keys() == tensors.keys()
    for name, tensor in tensors.items():
        np.testing.assert_array_equal(read[name], tensor)


def test_a_missing_or_other_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no such file"):
        checkpoint.read(tmp_path / "x.pt", "0")
    (tmp_path / "x.pt").write_bytes(b"something else")
    with pytest.raises(CheckpointError, match="expected 0"):
        checkpoint.read(tmp_path / "x.pt", "0")
    with pytest.raises(CheckpointError, match="not a PyTorch state dict"):
        checkpoint.read(tmp_path / "x.pt", checkpoint.sha256(tmp_path / "x.pt"))


def test_a_pickle_that_calls_something_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", b"cos\nsystem\n(S'touch pwned'\ntR.")
    with pytest.raises(CheckpointError, match=r"os\.system"):
        checkpoint.read(path, checkpoint.sha256(path))
