"""Console output of the command lines."""

import contextlib
import io
import logging
import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from model.clips import counted, printable
from model.genres import GENRES

if TYPE_CHECKING:
    from model.results import Result
    from model.run.tables import Summary

_NAMED_CLIPS = 5
log = logging.getLogger("model")


def make_streams_safe() -> None:
    """Make writing to the standard streams safe, also if they are closed or cannot encode a name.

    The next opened file would get the number of a closed stream, and with it the messages of native
    libraries.
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
    """Write the log to standard error: warnings only (-1), the course of a run (0), or all (1)."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    log.handlers[:] = [handler]
    log.propagate = False
    log.setLevel({-1: logging.WARNING, 0: logging.INFO, 1: logging.DEBUG}[verbosity])


def print_error(program: str, problem: object, code: int) -> int:
    """Print a program's name and what went wrong to standard error; returns the exit code."""
    with contextlib.suppress(OSError):
        print(f"{program}: {printable(problem)}", file=sys.stderr, flush=True)
    return code


def log_summary(summary: "Summary", errors: object) -> None:
    """Log the result of a run and the path or address of its errors file."""
    total = summary.predicted + summary.unpredicted
    log.info(
        "%s: %d predicted, %d have the prior",
        counted(total), summary.predicted, summary.unpredicted,
    )  # fmt: skip
    for reason, (count, clips) in sorted(summary.named.items()):
        names = ", ".join(printable(clip.name) for clip in clips[:_NAMED_CLIPS])
        log.info("  %s: %d (%s%s)", reason, count, names, ", ..." * (count > _NAMED_CLIPS))
    if summary.named:
        log.info("details in %s", errors)


def print_lines(lines: Iterable[str]) -> None:
    """Print lines to standard output; a closed pipe or a full disk does not end the run."""
    try:
        for line in lines:
            print(line)
        sys.stdout.flush()
    except OSError:
        # Later output, also of the interpreter's exit, must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def top_line(result: "Result", top: int) -> str:
    """A line with the ``top`` most probable genres of a clip."""
    probabilities = result.probabilities
    order = sorted(range(len(GENRES)), key=lambda index: -probabilities[index])[:top]
    genres = ", ".join(f"{GENRES[index]} {probabilities[index]:.2f}" for index in order)
    remark = "" if result.predicted else " (prior: no usable audio)"
    return f"{printable(result.clip.file_id):32} {genres}{remark}"
