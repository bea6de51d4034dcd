"""The command line: arguments, messages and exit codes.

Nothing large is imported before the arguments and the clips have been looked at.
"""

import argparse
import contextlib
import io
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from model import __version__, cpus, progress, submission, systems
from model.clips import Clip, ClipsError, Found, find, printable
from model.genres import FMA_MEDIUM_CLIPS, GENRES
from model.options import Options

if TYPE_CHECKING:
    from model import run
    from model.cards import Card
    from model.journal import Entry
    from model.pipeline import Belief

WRITTEN, FATAL, USAGE, INCOMPLETE, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes: INCOMPLETE only with ``--strict``, when a clip has no prediction."""

PRIOR_SMOOTHING = 0.1
"""Share of the uniform prior in a prior that was counted somewhere else."""

TIME_LIMIT = "the time limit"
_WRITING_SECONDS, _ROW_SECONDS = 10.0, 2e-4
"""Time kept for writing the table, and for each of its rows."""

_NAMED = 5
log = logging.getLogger("model")


class UsageError(Exception):
    """The arguments cannot be used; the message says what to do."""


def main(arguments: Sequence[str]) -> int:
    """Run the command line and return the exit code."""
    begun = time.monotonic()
    _mend_streams()
    try:
        options = parse(arguments)
        _log_to_console(options.verbosity)
        return work(options, find(options.sources, options.recursive), begun)
    except (UsageError, ClipsError) as error:
        return _complain(error, USAGE)
    except KeyboardInterrupt:
        return _complain("stopped at once", INTERRUPTED)
    except ModuleNotFoundError as error:
        hint = "run `make setup` and use .venv/bin/python, or build the container"
        return _complain(f"{sys.executable} lacks the package {error.name}; {hint}", FATAL)
    except MemoryError:
        return _complain("not enough memory; try a smaller --batch-size or --workers", FATAL)


def work(options: Options, found: Found, begun: float) -> int:
    """Classify clips, write the submission, and say how it went; returns the exit code.

    Args:
        options: what was asked for.
        found: the clips.
        begun: when the program started, on the monotonic clock.
    """
    from model import cards, run
    from model.journal import Journal, JournalError
    from model.systems.base import Execution
    from model.workers import WorkerError

    execution = Execution(options.device, cpus.usable(), options.batch)
    stop = run.Stop()
    try:
        card = cards.read(options.system, options.weights_folder)
        system = systems.load(card, options.weights_folder)
        belief = _belief(card, options.prior)
        submission.prepare_place(options.output)
        submission.prepare_place(submission.errors_path(options.output))
        settings = run.fingerprint(card, belief, options)
        with Journal(options.output, found.clips, settings, options.resume) as journal:
            log.info("%d clips, system %s", len(found.clips), card.name)
            with _ending_early(stop, options.time_limit, begun, len(found.clips)):
                show = partial(progress.shown, quiet=options.verbosity < 0)
                run.classify(options, found, system, belief, execution, journal, stop, show)
            left = len(journal.unfinished())
            if left and stop.reasons[0] != TIME_LIMIT and not options.partial:
                return _say_how_to_go_on(stop.reasons[0], left)
            summary = run.write_table(options, found, journal, belief)
            if not left and not options.keep_journal:
                journal.remove()
    except (cards.CardError, submission.SubmissionError, JournalError, WorkerError) as error:
        return _complain(error, FATAL)
    if left:
        log.warning(
            "%s: %d clips were not reached and have the prior; run the same command again to go on",
            stop.reasons[0],
            left,
        )
    _show(summary, options)
    return INCOMPLETE if options.strict and summary.unpredicted else WRITTEN


@contextlib.contextmanager
def _ending_early(
    stop: "run.Stop", limit: float | None, begun: float, clips: int
) -> Iterator[None]:
    """Let a signal or the time limit end the run; a second signal ends it at once."""

    def ask(number: int, _: object) -> None:
        signal.signal(number, signal.default_int_handler)
        stop.ask(signal.Signals(number).name)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    timer = None
    if limit is not None:
        reserve = _WRITING_SECONDS + clips * _ROW_SECONDS
        remaining = max(0.0, begun + limit - reserve - time.monotonic())
        timer = threading.Timer(remaining, stop.ask, [TIME_LIMIT])
        timer.daemon = True
        timer.start()
    try:
        yield
    finally:
        if timer:
            timer.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)


def _say_how_to_go_on(reason: str, left: int) -> int:
    code = 128 + signal.Signals[reason].value
    return _complain(
        f"ended by {reason} with {left} clips to go; run the same command again to go on, or with "
        "--partial to have them filled with the prior",
        code,
    )


def _show(summary: "run.Summary", options: Options) -> None:
    """Print the summary unless quiet, the table that was asked for, and where the output is."""
    total = summary.predicted + summary.unpredicted
    log.info(
        "%d clips: %d predicted, %d have the prior", total, summary.predicted, summary.unpredicted
    )
    for reason, (count, clips) in sorted(summary.named.items()):
        names = [printable(clip.path.name) for clip in clips[:_NAMED]]
        log.info("  %s: %d (%s%s)", reason, count, ", ".join(names), ", ..." * (count > _NAMED))
    if summary.named:
        log.info("details in %s", submission.errors_path(options.output))
    try:
        for clip, entry in summary.table:
            print(_table_line(clip, entry, options.top))
        print(f"Output file written at {options.output}", flush=True)
    except OSError:
        # Nobody can read this any more, but the submission is there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _mend_streams() -> None:
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


def parse(arguments: Sequence[str]) -> Options:
    """Options from the arguments; exits with code 2 on a wrong one, 0 after ``--help``.

    Raises:
        UsageError: an argument is well-formed but cannot be used.
    """
    given = _parser().parse_args(arguments)
    weights_folder = systems.WEIGHTS_FOLDER
    known = systems.summaries(weights_folder)
    if given.list_systems:
        for name, summary in known.items():
            print(f"{name:12} {summary}{' (default)' if name == systems.DEFAULT else ''}")
        raise SystemExit(WRITTEN)
    if not given.clips:
        raise UsageError("no clips were named; give a folder of mp3 files, files, or @list.txt")
    if given.system not in known:
        raise UsageError(
            f"no system is called {given.system!r}; there are: {', '.join(known) or 'none'}"
        )
    return Options(
        sources=tuple(given.clips),
        output=given.output,
        system=given.system,
        weights_folder=weights_folder,
        recursive=given.recursive,
        prior=given.prior,
        batch=given.batch_size,
        workers=given.workers or cpus.usable(),
        device=given.device,
        top=given.top,
        time_limit=given.time_limit,
        partial=given.partial,
        resume=given.resume,
        keep_journal=given.keep_journal,
        strict=given.strict,
        verbosity=given.verbose - given.quiet,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="predict.py",
        description="Genre probabilities of mp3 files: a csv with a row for every file.",
        epilog="Exit codes: 0 a submission was written, 1 it could not be, 2 wrong usage, "
        "3 with --strict when a clip got the prior instead of a prediction.",
    )
    parser.add_argument("clips", nargs="*", metavar="CLIPS", help="a folder, files, or @list.txt")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        default=Path("submission.csv"),
        metavar="CSV",
        help="file to write (default: %(default)s)",
    )
    parser.add_argument(
        "-r", "--recursive", action="store_true", help="look into the subfolders of folders, too"
    )
    parser.add_argument(
        "--system", default=systems.DEFAULT, metavar="NAME", help="default: %(default)s"
    )
    parser.add_argument(
        "--prior",
        default="fma",
        metavar="PRIOR",
        help="class mix to expect: fma (fma_medium, the default), uniform, train (the training "
        "clips'), or a json file of genre: weight",
    )
    parser.add_argument(
        "--top", type=_count, default=0, metavar="K", help="print the K likeliest genres of clips"
    )
    parser.add_argument(
        "--device", choices=("auto", "cpu", "gpu"), default="auto", help="default: %(default)s"
    )
    parser.add_argument(
        "--workers", type=_positive, metavar="N", help="decoding processes (default: one a CPU)"
    )
    parser.add_argument(
        "--batch-size", type=_positive, metavar="N", help="windows of ten seconds a network call"
    )
    parser.add_argument(
        "--strict", action="store_true", help="exit with 3 when a clip has no prediction"
    )
    parser.add_argument(
        "--time-limit",
        type=_seconds,
        metavar="TIME",
        help="when it nears, give the clips not reached the prior and write the csv: 9.5h, 30m, 90",
    )
    parser.add_argument(
        "--partial", action="store_true", help="do the same when the run is told to stop"
    )
    parser.add_argument(
        "--no-resume",
        dest="resume",
        action="store_false",
        help="do not go on from the journal of an interrupted run",
    )
    parser.add_argument(
        "--keep-journal", action="store_true", help="leave CSV.journal when all is done"
    )
    parser.add_argument("--list-systems", action="store_true", help="print the systems and stop")
    loudness = parser.add_mutually_exclusive_group()
    loudness.add_argument("-q", "--quiet", action="store_true", help="no progress, no summary")
    loudness.add_argument("-v", "--verbose", action="store_true", help="say more")
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    return parser


def _positive(text: str) -> int:
    number = _count(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
    if number < 0:
        raise argparse.ArgumentTypeError("must not be negative")
    return number


def _seconds(text: str) -> float:
    units = {"s": 1.0, "m": 60.0, "h": 3600.0}
    number = text[:-1] if text[-1:] in units else text
    try:
        seconds = float(number) * units.get(text[-1:], 1.0)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time like 9.5h, 30m or 90") from None
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError("must be more than nothing")
    return seconds


def _belief(card: "Card", prior: str) -> "Belief":
    """Calibration and class mixes of a run.

    Raises:
        UsageError: ``prior`` is neither a known name nor a json file of genre weights.
    """
    import numpy as np

    from model.calibration import smoothed
    from model.pipeline import Belief

    train = np.array(card.training_prior)
    if prior == "train":
        target = train
    elif prior == "uniform":
        target = np.full(len(GENRES), 1.0 / len(GENRES))
    elif prior == "fma":
        target = smoothed(np.array(FMA_MEDIUM_CLIPS), PRIOR_SMOOTHING)
    else:
        target = smoothed(np.array(_read_prior(Path(prior))), 1e-6)
    return Belief(card.calibration, train, target)


def _read_prior(path: Path) -> list[float]:
    import json

    try:
        weights = json.loads(path.read_bytes())
        values = [float(weights.get(genre, 0.0)) for genre in GENRES]
    except OSError as error:
        raise UsageError(
            f"--prior {path}: neither fma, uniform, train nor a file ({error.strerror})"
        ) from None
    except (ValueError, TypeError, AttributeError) as error:
        raise UsageError(f"--prior {path}: not a json object of genre: weight ({error})") from None
    unknown = sorted(set(weights) - set(GENRES))
    if unknown or min(values) < 0 or not 0 < sum(values) < float("inf"):
        what = f"unknown genres {unknown}" if unknown else "weights must be >= 0 with a sum > 0"
        raise UsageError(f"--prior {path}: {what}")
    return values


def _table_line(clip: Clip, entry: "Entry", top: int) -> str:
    order = sorted(range(len(GENRES)), key=lambda index: -entry.probabilities[index])[:top]
    genres = ", ".join(f"{GENRES[index]} {entry.probabilities[index]:.2f}" for index in order)
    remark = "" if entry.predicted else " (prior: no usable audio)"
    return f"{printable(clip.path.name):32} {genres}{remark}"


def _log_to_console(verbosity: int) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    log.handlers[:] = [handler]
    log.propagate = False
    log.setLevel({-1: logging.WARNING, 0: logging.INFO, 1: logging.DEBUG}[verbosity])


def _complain(problem: object, code: int) -> int:
    with contextlib.suppress(OSError):
        print(f"predict.py: {problem}", file=sys.stderr, flush=True)
    return code
