"""Progress of a run: a bar on a terminal, a line every 30 s in a log."""

import contextlib
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TextIO, TypeVar

T = TypeVar("T")
_LOG_SECONDS = 30.0


def shown(
    steps: Iterable[T],
    total: int,
    done: int = 0,
    *,
    quiet: bool = False,
    stream: TextIO | None = None,
    before: str = "starting",
) -> Iterator[T]:
    """Iterate over the steps of a run while showing the rate and the time left.

    Both are those since the first step: what comes before it, as loading a model, is no step.

    Args:
        steps: steps, which are done while they are iterated over.
        total: number of steps, those of earlier runs included.
        done: number of steps of earlier runs.
        quiet: whether to show nothing.
        stream: where to show the progress, by default standard error. A closed pipe or a full disk
            does not end the run.
        before: what a terminal shows until the first step is done.
    """
    stream = stream or sys.stderr
    if quiet:
        return iter(steps)
    if stream.isatty():
        return _drawn(steps, total, stream, done, before)
    return _logged(steps, total, stream, done)


def _drawn(
    steps: Iterable[T], total: int, stream: TextIO, done: int, before: str
) -> Iterator[T]:  # fmt: skip
    from tqdm import tqdm

    with tqdm(
        total=total, initial=done, unit=" clips", file=stream, desc=before,
        bar_format="{desc} ...",
    ) as bar:  # fmt: skip
        for step in steps:
            if bar.bar_format:
                bar.bar_format = None
                bar.set_description_str("", refresh=False)
                bar.unpause()  # the time until here is that of loading
            bar.update()
            yield step


def _logged(steps: Iterable[T], total: int, stream: TextIO, done: int) -> Iterator[T]:
    begun: float | None = None
    logged = time.monotonic()
    for count, step in enumerate(steps, 1):
        yield step
        now = time.monotonic()
        begun = begun or now
        if now - logged >= _LOG_SECONDS or done + count == total:
            logged = now
            rate = (count - 1) / max(now - begun, 1e-9)
            seconds = (total - done - count) / rate if rate else 0.0
            left = f", {rate:.1f} a second, {seconds:.0f} s left" if rate and seconds else ""
            with contextlib.suppress(OSError, ValueError):
                print(f"{done + count} of {total} clips{left}", file=stream, flush=True)
