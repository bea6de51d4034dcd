"""Interfaces of systems and networks, and the cutting of spectrograms into windows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from model.frontends.parameters import AnyFrontEnd
from model.options import Device, Runtime

EMBEDDING: Final = "embedding"
"""Name of the layer of a Keras network whose output is the embedding, and of the graph's output."""


@dataclass(frozen=True)
class Execution:
    """Device, threads and batch size with which a network runs.

    Attributes:
        device: ``auto`` uses a GPU if one works, otherwise the CPU.
        threads: CPU threads of the network.
        batch: windows in a call, or None for a default that suits the device.
        runtime: ``keras`` on TensorFlow, ``onnx`` on ONNX Runtime, which uses the CPU; ``auto``
            takes TensorFlow on a GPU, and on a CPU for systems without a graph.
    """

    device: Device = "auto"
    threads: int = 1
    batch: int | None = None
    runtime: Runtime = "auto"


class Network(Protocol):
    """Computes logits of windows."""

    @property
    def batch(self) -> int:
        """Preferred number of windows of a call; the last call may have fewer."""

    def __call__(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits, shape [n, 16], of windows, shape [n, frames, bands], n at most ``batch``."""


@runtime_checkable
class EmbeddingNetwork(Network, Protocol):
    """A network that may also return embeddings."""

    @property
    def has_embedding(self) -> bool:
        """Whether ``embed`` can be called."""

    def embed(
        self, windows: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Logits, shape [n, 16], and embeddings, shape [n, features], of windows."""


@dataclass(frozen=True)
class System:
    """A loaded system: front end, window length and how to create the network.

    Attributes:
        front_end: front end, which worker processes compute.
        window_frames: length of the network's input in frames.
        connect: creates the network. It may import TensorFlow or ONNX Runtime; only the main
            process calls it.
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
