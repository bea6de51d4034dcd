"""What a system is, and the parts that systems share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from model.errors import GenreError
from model.frontends.parameters import AnyFrontEnd

Device = Literal["auto", "cpu", "gpu"]


@dataclass(frozen=True)
class Execution:
    """Where and how a network shall run.

    Attributes:
        device: ``auto`` takes a GPU that works, else the CPU.
        threads: processors that the network may use on the CPU.
        batch: windows of one call, or None for what suits the device.
    """

    device: Device = "auto"
    threads: int = 1
    batch: int | None = None


class Network(Protocol):
    """Windows to logits, in calls of one fixed shape."""

    @property
    def batch(self) -> int:
        """Windows of one call."""

    def __call__(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits, shape [batch, 16], of windows, shape [batch, frames, bands]."""


class EmbeddingError(GenreError):
    """Embeddings were asked for, and the network has none."""


@runtime_checkable
class EmbeddingNetwork(Network, Protocol):
    """A network that tells its features, too."""

    def embed(
        self, windows: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The logits that a call gives, and features of the windows, shape [batch, features].

        Raises:
            EmbeddingError: there are none after all.
        """


@dataclass(frozen=True)
class System:
    """A way from a waveform to sixteen logits.

    Attributes:
        front_end: what the decoding workers compute.
        window_frames: length of the windows that the network sees.
        connect: makes the network. Only this may import TensorFlow, and it is called in the
            predicting process alone.
    """

    front_end: AnyFrontEnd
    window_frames: int
    connect: Callable[[Execution], Network]


def cut_windows(log_mel: NDArray[np.floating], frames: int) -> NDArray[np.float32]:
    """Windows of a fixed length, spread evenly over a spectrogram.

    A clip shorter than a window is repeated to fill it. A longer one gives as many windows as
    fit best, from its first to its last frame, so that they overlap a little or skip a little.

    Args:
        log_mel: shape [n, bands], n at least 1.
        frames: length of a window.

    Returns:
        Shape [windows, frames, bands].
    """
    length = len(log_mel)
    if length < frames:
        return log_mel[np.arange(frames) % length][None].astype(np.float32)
    starts = window_starts(length, frames)
    return np.stack([log_mel[start : start + frames] for start in starts]).astype(np.float32)


def window_starts(length: int, frames: int) -> NDArray[np.int64]:
    """First frames of the windows that ``cut_windows`` gives.

    Args:
        length: frames of the spectrogram, at least 1.
        frames: length of a window.

    Returns:
        Shape [windows], ascending from 0.
    """
    if length < frames:
        return np.zeros(1, np.int64)
    count = max(1, round(length / frames))
    return np.linspace(0, length - frames, count).round().astype(np.int64)
