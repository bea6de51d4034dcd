"""Interfaces of trainers: a trainer fits a system of one kind to labelled clips."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from model.frontends.parameters import AnyFrontEnd
from training.data.dataset import ClipTable
from training.data.folds import Indices
from training.data.store import Spectrogram
from training.log import Log


class Fitted(Protocol):
    """A system that was fitted to clips."""

    def predict(self, clips: Sequence[Spectrogram]) -> NDArray[np.float32]:
        """Logits, shape [clips, 16]."""

    def save(self, path: Path, log: Log) -> None:
        """Write the weights.

        Raises:
            PrecisionError: the weights lose too much in half precision.
        """


Fit = Callable[[str, Indices, Indices | None], Fitted]
"""Fits a system. Arguments: a name for the log and for files, the indices of the clips to fit to,
and the indices of the clips that choose the epoch, or None."""


class Trainer(Protocol):
    """Fits systems of one kind."""

    @property
    def front_end(self) -> AnyFrontEnd:
        """Front end whose output the system receives."""

    @property
    def window_frames(self) -> int:
        """Length of a window of prediction in frames."""

    @property
    def suffix(self) -> str:
        """Suffix of the file of weights."""

    @property
    def identity(self) -> list[Any]:
        """Everything besides the clips that changes a fit, as json values."""

    @property
    def provenance(self) -> Mapping[str, Any]:
        """Description of the training for the card, as json values."""

    def prepared(self, table: ClipTable, spectrograms: Sequence[Spectrogram], log: Log) -> Fit:
        """Prepare what all fits to parts of these clips share; returns the function that fits.

        Raises:
            DatasetError: the data cannot be used.
            CheckpointError: a file of initial weights is not what it should be.
        """


def key(trainer: Trainer, table: ClipTable) -> str:
    """Hash of everything that changes the result of a fit; it does not depend on folders."""
    text = json.dumps([table.digest, *trainer.identity])
    return hashlib.sha256(text.encode()).hexdigest()[:12]
