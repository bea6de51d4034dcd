"""How far a run is: a bar on a terminal, a line now and then in a log."""

import contextlib
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TextIO, TypeVar

T = TypeVar("T")
_LOG_SECONDS = 30.0


def shown(steps: Iterable[T], total: int, quiet: bool, stream: TextIO | None = None) -> Iterator[T]:
    """Pass on the steps of a run while showing its rate and the time left.

    Args:
        steps: what is done, one after the other.
        total: how many there will be.
        quiet: show nothing.
        stream: where to, standard error unless told otherwise. What happens to it, a closed pipe or
            a full disk, does not disturb the run.
    """
    stream = stream or sys.stderr
    if quiet:
        return iter(steps)
    if stream.isatty():
        from tqdm import tqdm

        return iter(tqdm(steps, total=total, unit=" clips", file=stream))
    return _logged(steps, total, stream)


def _logged(steps: Iterable[T], total: int, stream: TextIO) -> Iterator[T]:
    begun = spoken = time.monotonic()
    for done, step in enumerate(steps, 1):
        yield step
        now = time.monotonic()
        if now - spoken >= _LOG_SECONDS or done == total:
            spoken = now
            rate = done / max(now - begun, 1e-9)
            left = (total - done) / rate
            line = f"{done} of {total} clips, {rate:.1f} a second, {left:.0f} s left"
            with contextlib.suppress(OSError, ValueError):
                print(line, file=stream, flush=True)
