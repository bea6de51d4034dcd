"""Files of an object store, copied to this disk a few at a time while others are decoded."""

import shutil
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, overload

from model.clips import Clip, Notice
from model.distributed.places import Place, PlaceError, in_store, is_refusal, last_part, reason
from model.errors import GenreError

AHEAD: Final = 16
"""Files that are copied before a decoder asks for them; as many copies run at once."""

TRIES: Final = 3
_PAUSE_SECONDS: Final = 2.0
_PART_BYTES: Final = 1 << 20


class FetchError(GenreError):
    """A store does not answer; the message says for which file, and how."""


class Fetched(Sequence[str]):
    """Paths on this disk of clips, wherever they lie; iterated once, in order.

    A clip that is not there, may not be read, or has a name that no store allows leaves no file.
    What else goes wrong would go wrong for the next clips as well: ``failure`` has it, and no file
    is left either.

    Args:
        clips: in order.
        folder: for the copies.
    """

    def __init__(self, clips: Sequence[Clip], folder: Path) -> None:
        self._clips = clips
        self._folder = folder
        self.refused: dict[int, Notice] = {}
        self.failure: FetchError | None = None

    def __len__(self) -> int:
        return len(self._clips)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: Any) -> Any:
        """Where a clip is, or will be."""
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        clip = self._clips[index]
        if not in_store(clip.path):
            return clip.path
        suffix = Path(last_part(clip.path)).suffix
        return str(self._folder / f"{index}{suffix}")

    def __iter__(self) -> Iterator[str]:
        with ThreadPoolExecutor(AHEAD) as pool:
            coming: deque[Future[str]] = deque()
            numbers = iter(range(len(self)))
            while True:
                for number in numbers:
                    coming.append(pool.submit(self._fetch, number))
                    if len(coming) >= AHEAD:
                        break
                if not coming:
                    return
                yield coming.popleft().result()

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
            except ValueError as error:  # a name that no object of a store can have
                self.refused[index] = Notice("unreadable", reason(error))
                break
            except (OSError, PlaceError) as error:
                if isinstance(error, OSError) and is_refusal(error):
                    self.refused[index] = Notice("permission", reason(error))
                    break
                if attempt == TRIES - 1:
                    self.failure = FetchError(f"{address}: cannot be fetched: {reason(error)}")
                else:
                    time.sleep(_PAUSE_SECONDS * 2**attempt)
            else:
                break
        return path


def _copy(address: str, path: str) -> None:
    place = Place(address)
    try:
        with place.filesystem.open_input_stream(place.path) as distant, open(path, "wb") as copy:  # noqa: PTH123
            shutil.copyfileobj(distant, copy, _PART_BYTES)
    except OSError:
        Path(path).unlink(missing_ok=True)
        raise
