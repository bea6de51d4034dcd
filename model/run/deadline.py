"""Early ends of a run: by the time limit, or by a signal."""

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

TIME_LIMIT: Final = "the time limit"
_WRITING_SECONDS, _ROW_SECONDS = 10.0, 2e-4
"""Time reserved for writing the table, and for each of its rows."""


@dataclass(frozen=True)
class Stop:
    """A request to end a run early.

    Attributes:
        requested: set when the run must end.
        reasons: ``TIME_LIMIT`` or names of signals; the first one counts.
    """

    requested: threading.Event = field(default_factory=threading.Event)
    reasons: list[str] = field(default_factory=list)

    def request(self, reason: str) -> None:
        """End the run soon."""
        self.reasons.append(reason)
        self.requested.set()

    @property
    def exit_code(self) -> int:
        """Exit code of a program that a signal ended, by the convention of shells."""
        return 128 + signal.Signals[self.reasons[0]].value


@contextlib.contextmanager
def early_stop(time_limit: float | None, begun: float, clips: int) -> Iterator[Stop]:
    """A ``Stop`` that SIGINT, SIGTERM or the time limit requests; a second signal ends at once.

    Args:
        time_limit: seconds from ``begun`` to the end of the program, or None.
        begun: when the program started, on the monotonic clock.
        clips: number of rows that must be written in this time.
    """
    stop = Stop()

    def handle(number: int, _: object) -> None:
        signal.signal(number, signal.default_int_handler)
        stop.request(signal.Signals(number).name)

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    timer = None
    if time_limit is not None:
        reserve = _WRITING_SECONDS + clips * _ROW_SECONDS
        remaining = max(0.0, begun + time_limit - reserve - time.monotonic())
        wait = min(remaining, threading.TIMEOUT_MAX)
        timer = threading.Timer(wait, stop.request, [TIME_LIMIT])
        timer.daemon = True
        timer.start()
    try:
        yield stop
    finally:
        if timer:
            timer.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)
