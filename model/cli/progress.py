"""Progress of a run: a bar on a terminal, a line every 30 s in a log."""

import contextlib
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TextIO, TypeVar

T = TypeVar("T")
_LOG_SECONDS = 30.0


def shown(steps: Iterable[T], total: int, quiet: bool, stream: TextIO | None = None) -> Iterator[T]:
    """Iterate over the steps of a run while showing the rate and the time left.

    Args:
        steps: steps, which are done while they are iterated over.
        total: number of steps.
        quiet: whether to show nothing.
        stream: where to show the progress, by default standard error. A closed pipe or a full disk
            does not end the run.
    """
    stream = stream or sys.stderr
    if quiet:
        return iter(steps)
    if stream.isatty():
        from tqdm import tqdm

        return iter(tqdm(steps, total=total, unit=" clips", file=stream))
    return _logged(steps, total, stream)


def _logged(steps: Iterable[T], total: int, stream: TextIO) -> Iterator[T]:
    begun = logged = time.monotonic()
    for done, step in enumerate(steps, 1):
        yield step
        now = time.monotonic()
        if now - logged >= _LOG_SECONDS or done == total:
            logged = now
            rate = done / max(now - begun, 1e-9)
            left = (total - done) / rate
            line = f"{done} of {total} clips, {rate:.1f} a second, {left:.0f} s left"
            with contextlib.suppress(OSError, ValueError):
                print(line, file=stream, flush=True)
