"""Copies of clips from object stores on this disk, fetched while earlier clips are decoded.

Used by ``model.distributed.blocks``.
"""

import shutil
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from model.clips import Clip, Notice
from model.decoding.pool import File
from model.distributed.storage import (
    Location,
    in_store,
    is_denied,
    last_part,
    reason,
)
from model.errors import GenreError

THREADS: Final = 16
"""Number of files copied at the same time."""

TRIES: Final = 3
_PAUSE_SECONDS: Final = 2.0
_PART_BYTES: Final = 1 << 20


class Fetched:
    """The clips of a block on this disk, copied from their store; a context manager.

    Iteration gives, for each clip, its path or a function that waits for its copy and returns the
    path of the copy. The function raises ``GenreError`` where the store does not respond. A clip
    that is missing, may not be read, or has a name that the store forbids has no copy.

    Args:
        clips: clips in order.
        folder: folder for the copies.

    Attributes:
        refused: notices of clips that the store denied or whose name it forbids, by index.
    """

    def __init__(self, clips: Sequence[Clip], folder: Path) -> None:
        self._clips = clips
        self._folder = folder
        self._threads = ThreadPoolExecutor(THREADS)
        self.refused: dict[int, Notice] = {}

    def __enter__(self) -> "Fetched":
        return self

    def __exit__(self, *error: object) -> None:
        self._threads.shutdown(cancel_futures=True)

    def __iter__(self) -> Iterator[File]:
        for index, clip in enumerate(self._clips):
            remote = in_store(clip.path)
            yield self._threads.submit(self._fetch, index).result if remote else clip.path

    def release(self, index: int) -> None:
        """Delete the copy of a clip."""
        self._copy_path(index).unlink(missing_ok=True)

    def _copy_path(self, index: int) -> Path:
        suffix = Path(last_part(self._clips[index].path)).suffix
        return self._folder / f"{index}{suffix}"

    def _fetch(self, index: int) -> str:
        """Copy a clip, unless the store refuses it; returns the path of the copy."""
        address, path = self._clips[index].path, self._copy_path(index)
        for attempt in range(TRIES):
            try:
                _copy(address, path)
                break
            except FileNotFoundError:
                break
            except ValueError as error:  # a name that the store forbids
                self.refused[index] = Notice("unreadable", reason(error))
                break
            except (OSError, GenreError) as error:
                if is_denied(error):
                    self.refused[index] = Notice("permission", reason(error))
                    break
                if attempt == TRIES - 1:
                    raise GenreError(f"{address}: cannot be fetched: {reason(error)}") from None
                time.sleep(_PAUSE_SECONDS * 2**attempt)
        return str(path)


def _copy(address: str, path: Path) -> None:
    location = Location(address)
    try:
        with (
            location.filesystem.open_input_stream(location.path) as source,
            path.open("wb") as copy,
        ):
            shutil.copyfileobj(source, copy, _PART_BYTES)
    except OSError:
        path.unlink(missing_ok=True)
        raise
