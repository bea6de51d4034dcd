"""What all ways of fitting a system to clips have in common."""

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
    """What was fitted to clips."""

    def predict(self, clips: Sequence[Spectrogram]) -> NDArray[np.float32]:
        """Logits, shape [clips, 16]."""

    def save(self, path: Path, log: Log) -> None:
        """Write the weights.

        Raises:
            PrecisionError: they cannot be written as they are to be shipped.
        """


Fit = Callable[[str, Indices, Indices | None], Fitted]
"""Fits to clips by their indices; others, if any, choose the epoch. The name is for the log and for
files in the work folder."""


class Trainer(Protocol):
    """A way to fit a system."""

    @property
    def front_end(self) -> AnyFrontEnd:
        """What clips are turned into first."""

    @property
    def window_frames(self) -> int:
        """Frames that are predicted at once."""

    @property
    def suffix(self) -> str:
        """Of the file of weights."""

    @property
    def identity(self) -> list[Any]:
        """All that a fit depends on beside the clips, as json values."""

    @property
    def provenance(self) -> Mapping[str, Any]:
        """What the card says of it, as json values."""

    def prepared(self, table: ClipTable, spectrograms: Sequence[Spectrogram], log: Log) -> Fit:
        """Make ready what all fits to parts of these clips share.

        Raises:
            DatasetError: the data cannot be used.
            CheckpointError: a file of initial weights is not what it should be.
        """


def key(trainer: Trainer, table: ClipTable) -> str:
    """Changes with everything that changes what is fitted, but not with folders."""
    text = json.dumps([table.digest, *trainer.identity])
    return hashlib.sha256(text.encode()).hexdigest()[:12]
