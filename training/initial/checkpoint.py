"""Reads the tensors of a PyTorch checkpoint without PyTorch.

A ``.pt`` file is a zip archive: a pickle that describes the tensors, and one file of raw numbers
for each storage. Only the handful of names that a plain state dict needs are resolved, so that a
foreign file cannot run code here.
"""

import collections
import hashlib
import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.errors import GenreError

_DTYPES = {"FloatStorage": "<f4", "LongStorage": "<i8", "HalfStorage": "<f2"}


class CheckpointError(GenreError):
    """The file is not the checkpoint that was asked for; the message says why."""


def sha256(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def checked(path: Path, digest: str) -> Path:
    """The path of a file with the expected SHA-256, in hexadecimal.

    Raises:
        CheckpointError: the file is missing or has another hash.
    """
    if not path.is_file():
        raise CheckpointError(f"{path}: no such file; see docs/training.md for where to get it")
    if (found := sha256(path)) != digest:
        raise CheckpointError(f"{path}: SHA-256 is {found}, expected {digest}")
    return path


def read(path: Path, digest: str) -> dict[str, NDArray[np.float32]]:
    """Tensors of a PyTorch state dict by name.

    Args:
        path: a ``.pt`` or ``.pth`` file in zip format (PyTorch 1.6 and later).
        digest: the expected SHA-256 of the file, in hexadecimal.

    Raises:
        CheckpointError: the file is missing, has another hash, or is no state dict.
    """
    checked(path, digest)
    try:
        with zipfile.ZipFile(path) as archive:
            folder = next(n for n in archive.namelist() if n.endswith("/data.pkl"))[
                : -len("data.pkl")
            ]
            reader = _Reader(archive, folder)
            state = reader.load()
    except (zipfile.BadZipFile, StopIteration, pickle.UnpicklingError, KeyError) as error:
        raise CheckpointError(f"{path}: not a PyTorch state dict ({error})") from error
    return {name: tensor for name, tensor in state.items() if isinstance(tensor, np.ndarray)}


class _Storage:
    """Stands for a storage class in the pickle; holds the little-endian dtype of its numbers."""

    def __init__(self, dtype: str) -> None:
        self.dtype = dtype


def _rebuild(
    storage: NDArray[Any], offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: object
) -> NDArray[Any]:
    bytes_per_step = tuple(step * storage.itemsize for step in stride)
    return np.lib.stride_tricks.as_strided(storage[offset:], size, bytes_per_step).copy()


class _Reader(pickle.Unpickler):
    def __init__(self, archive: zipfile.ZipFile, folder: str) -> None:
        super().__init__(io.BytesIO(archive.read(folder + "data.pkl")))
        self.archive, self.folder = archive, folder

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild
        if module == "torch" and name in _DTYPES:
            return _Storage(_DTYPES[name])
        raise pickle.UnpicklingError(f"{module}.{name} is not part of a state dict")

    def persistent_load(self, pid: Any) -> NDArray[Any]:
        _, storage, key, _, _ = pid
        return np.frombuffer(self.archive.read(f"{self.folder}data/{key}"), storage.dtype)
