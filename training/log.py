"""The log of a training run."""

import time
from collections.abc import Callable
from pathlib import Path

Log = Callable[[str], None]
"""Receives one line."""


def log_to(path: Path) -> Log:
    """A log that prints each line with the seconds since its creation and appends it to a file."""
    begun = time.monotonic()

    def log(message: str) -> None:
        line = f"{time.monotonic() - begun:7.0f} s  {message}"
        print(line, flush=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    return log
