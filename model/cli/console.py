"""What a run says: on the console, in one place."""

import contextlib
import io
import logging
import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from model.clips import printable
from model.genres import GENRES

if TYPE_CHECKING:
    from model.results import Result
    from model.run.run import Summary

_NAMED = 5
log = logging.getLogger("model")


def mend_streams() -> None:
    """Make the standard streams safe to write to, whatever they are.

    A closed one would give its number to the next file that is opened, and what native libraries
    write to it would end up there.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r+", encoding="utf-8"))  # noqa: PTH123, SIM115
        elif isinstance(getattr(sys, name), io.TextIOWrapper):
            getattr(sys, name).reconfigure(errors="backslashreplace")
    logging.raiseExceptions = False


def log_to_stderr(verbosity: int) -> None:
    """Have the log's lines on standard error: warnings only (-1), what happens (0), or all (1)."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    log.handlers[:] = [handler]
    log.propagate = False
    log.setLevel({-1: logging.WARNING, 0: logging.INFO, 1: logging.DEBUG}[verbosity])


def complain(problem: object, code: int, program: str = "predict.py") -> int:
    """Say what went wrong in one line; returns the exit code."""
    with contextlib.suppress(OSError):
        print(f"{program}: {problem}", file=sys.stderr, flush=True)
    return code


def tell(summary: "Summary", errors: object) -> None:
    """Say how a run went, and where its errors file is, by path or address."""
    total = summary.predicted + summary.unpredicted
    log.info(
        "%d clips: %d predicted, %d have the prior", total, summary.predicted, summary.unpredicted
    )
    for reason, (count, clips) in sorted(summary.named.items()):
        names = [printable(clip.name) for clip in clips[:_NAMED]]
        log.info("  %s: %d (%s%s)", reason, count, ", ".join(names), ", ..." * (count > _NAMED))
    if summary.named:
        log.info("details in %s", errors)


def show(lines: Iterable[str]) -> None:
    """Print lines to standard output, as far as somebody can read them."""
    try:
        for line in lines:
            print(line)
        sys.stdout.flush()
    except OSError:
        # Nobody can read this any more, but the submission is there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def top_line(one: "Result", top: int) -> str:
    """A clip's likeliest genres."""
    order = sorted(range(len(GENRES)), key=lambda index: -one.probabilities[index])[:top]
    genres = ", ".join(f"{GENRES[index]} {one.probabilities[index]:.2f}" for index in order)
    remark = "" if one.predicted else " (prior: no usable audio)"
    return f"{printable(one.clip.name):32} {genres}{remark}"
