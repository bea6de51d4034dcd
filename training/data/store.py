"""A store of front-end output: computed once for each clip, kept on disk, read clip by clip.

A store is a file ``NAME.frames``, to which the frames of finished clips are appended, and a journal
(``model.run.journal``) beside it, whose record of a clip says where its frames are or why there are
none. Clips of several tables can share a store. An interrupted computation continues with the clips
that are not finished. Memory grows by a few dozen bytes for each clip.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from model import cpus
from model.cli import progress
from model.clips import Clip, Notice
from model.decoding.pool import Decoded, DecoderPool
from model.files import OutputError, prepare_path
from model.frontends.parameters import AnyFrontEnd, parameters
from model.results import Prediction
from model.run.journal import Journal
from model.workers.pool import Limits

Spectrogram = NDArray[np.floating]
"""Output of a front end for one clip, a log-mel spectrogram for instance, shape [frames, bands]."""

Item = TypeVar("Item")
Progress = Callable[[Iterable[Decoded], int], Iterator[Decoded]]
"""Shows the progress of an iteration with a known number of steps."""

_AHEAD: Final = 8
"""Decoded clips of each worker process that may wait to be written."""

_PLACE: Final = "place"
"""Name of the journal record's array that holds the first frame and the number of frames."""

_MAPPED_BYTES: Final = 1 << 16
"""Smaller frames are read at once, because a process can have only some 65,000 memory maps."""


@dataclass(frozen=True, eq=False)
class StoredFrames(Sequence[Spectrogram]):
    """Front-end output of clips, read from disk where it is used.

    Attributes:
        path: file of frames.
        front_end: front end that computed the frames.
        places: first frame and number of frames of each clip, shape [clips, 2]; both are 0 for a
            clip without frames.
        failures: by the index of a clip without frames, why it has none.
    """

    path: Path
    front_end: AnyFrontEnd
    places: NDArray[np.int64]
    failures: Mapping[int, Notice]

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, index: Any) -> Any:
        """Frames of one clip, shape [frames, width]; a clip without frames has those of silence."""
        first, count = self.places[index].tolist()
        if not count:
            return self.front_end.compute(np.zeros(1, np.float32))
        dtype, width = np.dtype(self.front_end.dtype), self.front_end.width
        offset = first * width * dtype.itemsize
        if count * width * dtype.itemsize < _MAPPED_BYTES:
            return np.fromfile(self.path, dtype, count * width, offset=offset).reshape(count, width)
        return np.memmap(self.path, dtype, "r", offset, (count, width))


@dataclass(frozen=True, eq=False)
class Subset(Sequence[Item]):
    """Items of a sequence at given indices; an item is read when it is used.

    Attributes:
        items: the sequence.
        indices: index of each item of the subset, shape [items of the subset].
    """

    items: Sequence[Item]
    indices: NDArray[np.int_]

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: Any) -> Any:
        return self.items[int(self.indices[index])]


def show_progress(steps: Iterable[Decoded], total: int) -> Iterator[Decoded]:
    """Show a bar on a terminal, and a line every 30 s elsewhere."""
    return progress.shown(steps, total, quiet=False)


def compute(
    files: Sequence[Path],
    front_end: AnyFrontEnd,
    path: Path,
    log: Callable[[str], None],
    *,
    workers: int | None = None,
    decoder: str = "model.decoding.worker",
    limits: Limits | None = None,
    made_with: Mapping[str, str] | None = None,
    resume: bool = True,
    show: Progress = show_progress,
) -> StoredFrames:
    """Compute what a store lacks, and open the store.

    Args:
        files: audio files of the clips; a file may be named more than once.
        front_end: front end to compute the frames with.
        path: file of frames to write; the journal is written beside it.
        log: receives one line when a computation begins.
        workers: number of worker processes; None for one on each usable core.
        decoder: module whose ``serve`` runs in the worker processes.
        limits: limits of the worker processes for one clip.
        made_with: what else changes a value, for instance versions of packages. Frames that were
            made with something else are dropped.
        resume: whether finished clips of an earlier call count.
        show: shows the progress.

    Raises:
        OutputError: the frames cannot be written.
        GenreError: the journal cannot be written, another process computes the same store, or no
            worker process can be started.
    """
    clips = [Clip(str(number), name) for number, name in enumerate(dict.fromkeys(map(str, files)))]
    number_of = {clip.path: number for number, clip in enumerate(clips)}
    fingerprint = {"front_end": parameters(front_end), "decoder": decoder} | dict(made_with or {})
    workers = workers or cpus.usable()
    failures: dict[int, Notice] = {}
    try:
        prepare_path(path)
        journal = Journal(path, clips, fingerprint, resume and path.exists())
        with journal, path.open("ab") as file:
            places = np.zeros((len(clips), 2), np.int64)
            _read_records(journal, front_end, file, places, failures)
            left = [index for index, place in enumerate(places) if not place[1]]
            left = [index for index in left if index not in failures]
            if left:
                log(f"computing {front_end.kind or 'spectrograms'} of {len(left)} clips: {path}")
                with DecoderPool(front_end, min(workers, len(left)), limits, decoder) as pool:
                    decoded = pool.map([clips[i].path for i in left], _AHEAD * workers)
                    for index, frames in zip(left, show(decoded, len(left)), strict=True):
                        _add(journal, file, index, frames, places, failures)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from None
    order = [number_of[str(name)] for name in files]
    failed = {at: failures[number] for at, number in enumerate(order) if number in failures}
    return StoredFrames(path, front_end, places[order].reshape(-1, 2), failed)


def remove(path: Path) -> None:
    """Delete a store.

    Args:
        path: file of frames, which is named in ``compute``.
    """
    Journal(path, (), {}).remove()
    path.unlink(missing_ok=True)


def _read_records(
    journal: Journal,
    front_end: AnyFrontEnd,
    file: IO[bytes],
    places: NDArray[np.int64],
    failures: dict[int, Notice],
) -> None:
    """Fill in places and failures of finished clips; other clips keep 0 frames."""
    for index, record in enumerate(journal.predictions()):
        if record is not None and _PLACE in record.arrays:
            places[index] = record.arrays[_PLACE]
        elif record is not None:
            failures[index] = record.notices[0]
    frame_bytes = front_end.width * np.dtype(front_end.dtype).itemsize
    whole = os.fstat(file.fileno()).st_size // frame_bytes
    places[places.sum(axis=1) > whole] = 0  # a power failure lost the frames, not the record


def _add(
    journal: Journal,
    file: IO[bytes],
    index: int,
    decoded: Decoded,
    places: NDArray[np.int64],
    failures: dict[int, Notice],
) -> None:
    """Append the frames of a clip, then note the clip in the journal."""
    if decoded.frames is None:
        failures[index] = decoded.notices[0]
        journal.add(index, Prediction(None, decoded.notices))
        return
    frame_bytes = decoded.frames[0].nbytes
    # After a kill the file may end in the middle of a frame.
    first = -(-os.fstat(file.fileno()).st_size // frame_bytes)
    file.truncate(first * frame_bytes)
    file.write(decoded.frames.tobytes())
    file.flush()
    places[index] = first, len(decoded.frames)
    journal.add(index, Prediction(None, (), {_PLACE: places[index]}))
