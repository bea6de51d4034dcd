"""Shows the time and memory of a running submission; used by ``run`` and ``grade``."""

import sys

from grader.engines.engine import Usage
from grader.engines.limits import GIB


class Progress:
    """Prints usage to stderr: as a live line on a terminal, or else once a minute.

    A context manager that removes the live line at its end.
    """

    def __init__(self) -> None:
        self.live = sys.stderr.isatty()
        self.printed_at = 0.0

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        if self.live:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def __call__(self, seconds: float, usage: Usage) -> None:
        """Print the usage, unless the last line is recent."""
        if seconds < self.printed_at:
            self.printed_at = 0.0  # the next run has begun
        if seconds - self.printed_at < (0.5 if self.live else 60.0):
            return
        self.printed_at = seconds
        text = (
            f"running {seconds:.0f} s, {usage.memory / GIB:.2f} GiB, "
            f"at most {usage.peak_memory / GIB:.2f}"
        )
        print(f"\r\x1b[K{text}" if self.live else text, end="" if self.live else "\n",
              file=sys.stderr, flush=True)  # fmt: skip
