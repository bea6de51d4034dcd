"""Waiting for another process; the time in which this process is suspended does not count."""

from multiprocessing.connection import Connection
from typing import Final

_ONE_WAIT_SECONDS: Final = 0.5


def has_message(connection: Connection, seconds: float) -> bool:
    """Wait for a message, or for the end of the other process, at most for some seconds.

    The time is the sum of short waits, so that a suspension adds at most one of them.
    """
    waits = max(1, round(seconds / _ONE_WAIT_SECONDS))
    return any(connection.poll(seconds / waits) for _ in range(waits))
