"""The log of a run: written up to a maximum size, and searched for known error messages."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

LARGEST: Final = 16 << 20
"""Maximum bytes of a log: an endless loop that prints must not fill the disk."""

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
    r"|dial unix \S*docker\S*\.sock",
    re.IGNORECASE,
)
REFUSED: Final = re.compile(r"Read-only file system", re.IGNORECASE)
"""Does not match "Permission denied", which reading and executing may cause, too."""


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


def lines_with(log: str, pattern: re.Pattern[str]) -> Iterator[str]:
    """Lines of a log that match, stripped and shortened."""
    for line in log.splitlines():
        if pattern.search(line):
            yield line.strip()[:300]


def last_line(path: Path) -> str:
    """Last line of a log, stripped and shortened."""
    return (read_log(path).strip().splitlines() or ["nothing in the log"])[-1][:300]


def read_log(path: Path) -> str:
    """A log as text; empty where there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
