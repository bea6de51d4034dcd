"""Logs of runs and builds: written up to a maximum size, and searched for known error messages."""

import io
import re
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from grader.text import LONGEST

LARGEST: Final = 16 << 20
"""Maximum bytes of a log: an endless loop that prints must not fill the disk."""
LONGEST_QUOTE: Final = 300
"""Characters of a line in a verdict."""

NETWORK: Final = re.compile(
    r"name resolution|Name or service not known|nodename nor servname|Network is unreachable"
    r"|Could not resolve host|unable to resolve host|No address associated with hostname"
    r"|NewConnectionError|ConnectTimeout\b|Failed to establish a new connection"
    r"|Temporary failure resolving",
    re.IGNORECASE,
)
DOCKER: Final = re.compile(
    r"docker: (command )?not found|Cannot connect to the Docker daemon|docker daemon running"
    r"|failed to connect to the docker API|No such file or directory: '(nvidia-)?docker'"
    r"|dial unix (?=\S*docker)\S*\.sock",
    re.IGNORECASE,
)
REFUSED: Final = re.compile(r"Read-only file system", re.IGNORECASE)
"""Does not match "Permission denied", which reading and executing may cause, too."""
ABSENT: Final = re.compile(
    r"No such file or directory|cannot (?:access|open|find)|not found|FileNotFoundError"
    r"|does not exist|not a directory",
    re.IGNORECASE,
)
NOT_STARTED: Final = re.compile(
    r"No such file or directory|Permission denied|Exec format error|bad interpreter|not found"
    r"|cannot be started",
    re.IGNORECASE,
)


class LogWriter(threading.Thread):
    """Copies a process's output to a file; reads on at the maximum size; closes both."""

    def __init__(self, source: IO[bytes], path: Path) -> None:
        super().__init__(daemon=True)
        self.source, self.path = source, path

    def run(self) -> None:
        """Copy until the source ends."""
        left = LARGEST
        with self.source, self.path.open("wb", buffering=0) as file:
            while chunk := self.source.read1(65536):  # type: ignore[attr-defined]
                if left > 0:
                    file.write(chunk[:left])
                    left -= len(chunk)
                    if left <= 0:
                        file.write(b"\n[the log is longer; the rest was not saved]\n")


def lines(log: str) -> Iterator[str]:
    """Lines of a log, each without its end and with at most 1,000 characters, one at a time."""
    for line in io.StringIO(log, newline=None):
        yield line[:LONGEST].rstrip()


def lines_with(log: str, pattern: re.Pattern[str]) -> Iterator[str]:
    """Lines of a log that match within their first 1,000 characters, stripped and shortened."""
    for line in lines(log):
        if pattern.search(line):
            yield line.strip()[:LONGEST_QUOTE]


def last_lines(log: str, count: int) -> list[str]:
    """The last lines of a log, at most ``count``, each with at most 1,000 characters."""
    return list(deque(lines(log), maxlen=count))


def ending(log: str) -> str:
    """The last three lines of a log that are not empty."""
    return "\n".join(deque(filter(str.strip, lines(log)), maxlen=3))


def last_line(log: str) -> str:
    """Last line of a log that is not empty, stripped and shortened."""
    last = "nothing in the log"
    for line in lines(log):
        last = line.strip() or last
    return last[:LONGEST_QUOTE]


def read_log(path: Path) -> str:
    """A log as text, odd bytes replaced; empty where there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
