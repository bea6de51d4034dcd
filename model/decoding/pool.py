"""A pool of worker processes that decode files."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from model.clips import Notice
from model.workers.pool import Limits, Service, TaskOrFunction, WorkerPool

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from model.frontends.parameters import AnyFrontEnd

File: TypeAlias = TaskOrFunction[str]
"""Path of a file, or a function that waits for the file and returns its path."""


@dataclass(frozen=True)
class Decoded:
    """What a worker computed from one clip.

    Attributes:
        frames: output of the front end, shape [frames, width]: a log-mel spectrogram, an STFT, or
            one frame of 518 features; None when the clip cannot be decoded.
        notices: problems and peculiarities of the clip; not empty where ``frames`` is None.
        start: second of the file at which ``frames`` begin.
    """

    frames: "NDArray[Any] | None"
    notices: tuple[Notice, ...] = ()
    start: float = 0.0


class DecoderPool(WorkerPool[str, Decoded]):
    """Worker processes that compute a front end's values for one file at a time.

    Args:
        front_end: what to compute from each clip.
        workers: number of processes, at least 1.
        limits: limits for one clip.
        decoder: module whose ``serve`` runs in the worker processes.
    """

    def __init__(
        self,
        front_end: "AnyFrontEnd",
        workers: int,
        limits: Limits | None = None,
        decoder: str = "model.decoding.worker",
    ) -> None:
        service = Service(decoder, front_end, limits or Limits())
        super().__init__(service, workers, lambda _, notice: Decoded(None, (notice,)))
