"""Copies of clips from object stores on this disk, fetched while earlier clips are decoded.

Used by ``model.distributed.blocks``.
"""

import shutil
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, overload

from model.clips import Clip, Notice
from model.distributed.storage import (
    Location,
    in_store,
    is_denied,
    last_part,
    reason,
)
from model.errors import GenreError

AHEAD: Final = 16
"""Number of files copied in advance, and number of copies at the same time."""

TRIES: Final = 3
_PAUSE_SECONDS: Final = 2.0
_PART_BYTES: Final = 1 << 20


class Fetched(Sequence[str]):
    """Paths on this disk of clips, copied from their store on iteration; iterated once, in order.

    A clip that is missing, may not be read, or has a name that the store forbids has no file at
    its path. After any other error, which is likely to hit the next clips as well, no further
    clip is fetched.

    Args:
        clips: in order.
        folder: for the copies.

    Attributes:
        refused: notices of clips that the store denied or whose name it forbids, by index.
        failure: the error that ended fetching, or None.
    """

    def __init__(self, clips: Sequence[Clip], folder: Path) -> None:
        self._clips = clips
        self._folder = folder
        self.refused: dict[int, Notice] = {}
        self.failure: GenreError | None = None

    def __len__(self) -> int:
        return len(self._clips)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: Any) -> Any:
        """Path of a clip on this disk, before or after its copy exists."""
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        clip = self._clips[index]
        if not in_store(clip.path):
            return clip.path
        suffix = Path(last_part(clip.path)).suffix
        return str(self._folder / f"{index}{suffix}")

    def __iter__(self) -> Iterator[str]:
        with ThreadPoolExecutor(AHEAD) as pool:
            copies: deque[Future[str]] = deque()
            numbers = iter(range(len(self)))
            while True:
                for number in numbers:
                    copies.append(pool.submit(self._fetch, number))
                    if len(copies) >= AHEAD:
                        break
                if not copies:
                    return
                yield copies.popleft().result()

    def release(self, index: int) -> None:
        """Delete the copy of a clip."""
        if in_store(self._clips[index].path):
            Path(self[index]).unlink(missing_ok=True)

    def _fetch(self, index: int) -> str:
        address, path = self._clips[index].path, self[index]
        if not in_store(address) or self.failure:
            return path
        for attempt in range(TRIES):
            try:
                _copy(address, path)
            except FileNotFoundError:
                break
            except ValueError as error:  # a name that the store forbids
                self.refused[index] = Notice("unreadable", reason(error))
                break
            except (OSError, GenreError) as error:
                if isinstance(error, OSError) and is_denied(error):
                    self.refused[index] = Notice("permission", reason(error))
                    break
                if attempt == TRIES - 1:
                    self.failure = GenreError(f"{address}: cannot be fetched: {reason(error)}")
                else:
                    time.sleep(_PAUSE_SECONDS * 2**attempt)
            else:
                break
        return path


def _copy(address: str, path: str) -> None:
    location = Location(address)
    try:
        with (
            location.filesystem.open_input_stream(location.path) as source,
            open(path, "wb") as copy,  # noqa: PTH123
        ):
            shutil.copyfileobj(source, copy, _PART_BYTES)
    except OSError:
        Path(path).unlink(missing_ok=True)
        raise
