"""A pool of worker processes that decode files or parts of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from model.clips import Notice
from model.workers.pool import Limits, Service, TaskOrFunction, WorkerPool

if TYPE_CHECKING:
    from threading import Event

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


@dataclass(frozen=True)
class Song:
    """What a worker found out about a recording without decoding it.

    Attributes:
        length: seconds of the recording; 0 where it is not longer than 30 s, or is unknown.
        decoder: place of the decoder in the fallback order that finds its way in it.
        notices: problems and peculiarities of the whole file.
    """

    length: float = 0.0
    decoder: int = 0
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True)
class Length:
    """The task to find out the ``Song`` of the file at ``path``."""

    path: str


@dataclass(frozen=True)
class Part:
    """The task to decode a part of a song.

    Attributes:
        path: path of the file.
        start: second of the file at which the part begins.
        seconds: length of the part.
        decoder: place in the fallback order of the first decoder to try.
    """

    path: str
    start: float
    seconds: float
    decoder: int


Task: TypeAlias = str | Part | Length
"""Path of a file whose middle 30 s are decoded, a part of a file, or a question for its length."""


class DecoderPool(WorkerPool[Task, Decoded]):
    """Worker processes that compute a front end's values for one file, or one part, at a time.

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

    def songs(
        self, paths: Iterable[str], ahead: int = 0, stop: "Event | None" = None
    ) -> Iterator[Song]:
        """For each path, in order, its song; arguments and errors are those of ``map``."""
        answers = self.map(map(Length, paths), ahead, stop)
        for answer in cast("Iterator[Song | Decoded]", answers):
            # A file at which the process died is looked at again when it is decoded.
            yield answer if isinstance(answer, Song) else Song()
