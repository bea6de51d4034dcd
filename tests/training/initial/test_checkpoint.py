"""Checkpoints are read without PyTorch, and nothing in them is run."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.support.checkpoints import write_checkpoint
from training.initial import checkpoint
from training.initial.checkpoint import CheckpointError


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
