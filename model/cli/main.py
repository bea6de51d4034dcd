"""Entry point of the command line: parses the arguments, runs, prints, returns the exit code.

Nothing large is imported before the arguments and the clips are checked.
"""

import logging
import os
import sys
import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from model.cli import progress
from model.cli.arguments import parse
from model.cli.console import (
    log_summary,
    log_to_stderr,
    make_streams_safe,
    print_error,
    print_lines,
    top_line,
)
from model.clips import find
from model.errors import FAILURE, INCOMPLETE, INTERRUPTED, SUCCESS, GenreError
from model.options import Options
from model.outputs import submission

if TYPE_CHECKING:
    from model.run.results import Results
    from model.run.tables import Summary

LOADING = "loading the model"
"""Shown until the first clip is classified, which takes a while with ``--whole``."""

log = logging.getLogger("model")


def genres() -> int:
    """Entry point of the command ``genres``, which an installation with pip brings."""
    return main(sys.argv[1:], "genres")


def main(arguments: Sequence[str], program: str = "predict.py") -> int:
    """Run the command line and return the exit code.

    Args:
        arguments: options and clips.
        program: name under which the command line was called, for usage and messages.
    """
    begun = time.monotonic()
    make_streams_safe()
    try:
        options = parse(arguments, program)
        log_to_stderr(options.verbosity)
        _ignore_flags()
        clips = find(options.sources, options.recursive, options.any_audio)
        from model.run.execute import execute

        show = partial(progress.shown, quiet=options.verbosity < 0, before=LOADING)
        summary = execute(options, clips, begun, show, partial(_report, options))
        print_lines([f"Output file written at {options.output}"])
        return INCOMPLETE if options.strict and summary.unpredicted else SUCCESS
    except GenreError as error:
        return print_error(program, error, error.exit_code)
    except KeyboardInterrupt:
        return print_error(program, "stopped at once", INTERRUPTED)
    except ModuleNotFoundError as error:
        hint = "run `make setup` and use .venv/bin/python, or build the container"
        problem = f"{sys.executable} lacks the package {error.name}; {hint}"
        return print_error(program, problem, FAILURE)
    except MemoryError:
        problem = "not enough memory; try a smaller --batch-size or --workers"
        return print_error(program, problem, FAILURE)


def _ignore_flags() -> None:
    """Remove flags of a compiler that is not used: TensorFlow exits if it does not know one."""
    for name in ("TF_XLA_FLAGS", "XLA_FLAGS"):
        if os.environ.pop(name, None):
            log.warning("the environment variable %s is ignored: prediction does not use XLA", name)


def _report(options: Options, results: "Results", summary: "Summary") -> None:
    """Print the summary of a run and what else the options ask for."""
    log_summary(summary, submission.errors_path(options.output))
    if options.top:
        print_lines(top_line(result, options.top) for result in results)
    if options.write_tags:
        _write_tags(options, results)


def _write_tags(options: Options, results: "Results") -> None:
    from model.outputs import tags

    mode = options.write_tags or "dry-run"
    written = left_alone = 0
    for change in tags.write(results, options.min_confidence, mode):
        print_lines([str(change)])
        written += not change.problem
        left_alone += bool(change.problem)
    dry = "to be written; nothing was: --write-tags=apply writes them, =fill only where none is"
    what = dry if mode == "dry-run" else "written"
    log.info("genre tags: %d %s, %d files left alone", written, what, left_alone)
