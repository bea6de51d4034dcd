"""The command line: arguments, messages and exit codes.

Nothing large is imported before the arguments and the clips have been looked at.
"""

import argparse
import contextlib
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from model import __version__, cpus, progress, submission, systems
from model.clips import Clip, ClipsError, Found, find
from model.genres import FMA_MEDIUM_CLIPS, GENRES
from model.options import Options

if TYPE_CHECKING:
    from model.cards import Card
    from model.pipeline import Belief, Outcome

WRITTEN, FATAL, USAGE, INCOMPLETE, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes: INCOMPLETE only with ``--strict``, when a clip has no prediction."""

PRIOR_SMOOTHING = 0.1
"""Share of the uniform prior in a prior that was counted somewhere else."""

_NAMED = 5
log = logging.getLogger("model")


class UsageError(Exception):
    """The arguments cannot be used; the message says what to do."""


def main(arguments: Sequence[str]) -> int:
    """Run the command line and return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        options = parse(arguments)
        _log_to_console(options.verbosity)
        return run(options, find(options.sources, options.recursive))
    except (UsageError, ClipsError) as error:
        return _complain(error, USAGE)
    except KeyboardInterrupt:
        return _complain("stopped; no submission was written", INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our messages has gone; the submission was written before them.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return WRITTEN


def run(options: Options, found: Found) -> int:
    """Classify clips, write the submission, and say how it went."""
    from model import cards, pipeline
    from model.systems.base import Execution
    from model.workers import WorkerError

    cpu_count = cpus.usable()
    execution = Execution(options.device, cpu_count, options.batch)
    try:
        card = cards.read(options.system, options.weights_folder)
        system = systems.load(card, options.weights_folder)
        belief = _belief(card, options.prior)
        with submission.WholeFile(options.output) as table:
            log.info("%d clips, system %s", len(found.clips), card.name)
            outcomes = pipeline.classify(
                found.clips, system, belief, execution, options.workers or cpu_count
            )
            report = Report(found, options.top)
            table.write(submission.header_line())
            for outcome in progress.shown(outcomes, len(found.clips), options.verbosity < 0):
                values = tuple(outcome.posterior.tolist())
                table.write(submission.row_line(submission.Row(outcome.clip.file_id, values)))
                report.add(outcome)
            _write_errors(submission.errors_path(options.output), report.errors)
    except (cards.CardError, submission.SubmissionError, WorkerError) as error:
        return _complain(error, FATAL)
    except OSError as error:
        return _complain(f"{options.output}: {error.strerror or error}", FATAL)
    report.show(options)
    print(f"Output file written at {options.output}", flush=True)
    return INCOMPLETE if options.strict and report.unpredicted else WRITTEN


class Report:
    """What is told at the end of a run.

    Args:
        found: clips of the run.
        top: genres of each clip to tell.
    """

    def __init__(self, found: Found, top: int) -> None:
        self.top = top
        self.table: list[str] = []
        self.errors: list[str] = []
        self.names: dict[str, list[str]] = {}
        self.unpredicted = 0
        self.predicted = 0
        for clip in found.duplicates:
            self._note(clip, "duplicate", "another clip has this file_id and the row", row="none")

    def add(self, outcome: "Outcome") -> None:
        """Take note of one clip's outcome."""
        self.predicted += outcome.predicted
        self.unpredicted += not outcome.predicted
        for notice in outcome.notices:
            row = "model" if outcome.predicted else "prior"
            self._note(outcome.clip, notice.reason, notice.detail, row)
        if self.top:
            self.table.append(_table_line(outcome, self.top))

    def show(self, options: Options) -> None:
        """Print the table that was asked for, and the summary unless quiet."""
        for line in self.table:
            print(line)
        if options.verbosity < 0:
            return
        total = self.predicted + self.unpredicted
        log.info(
            "%d clips: %d predicted, %d have the prior", total, self.predicted, self.unpredicted
        )
        for reason, clips in sorted(self.names.items()):
            named = ", ".join(clips[:_NAMED]) + (", ..." if len(clips) > _NAMED else "")
            log.info("  %s: %d (%s)", reason, len(clips), named)
        if self.errors:
            log.info("details in %s", submission.errors_path(options.output))

    def _note(self, clip: Clip, reason: str, detail: str, row: str) -> None:
        line = submission.error_line(
            file_id=clip.file_id, reason=reason, detail=detail, row=row, path=_printable(clip.path)
        )
        self.errors.append(line)
        self.names.setdefault(reason, []).append(_printable(clip.path.name))


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
        raise UsageError(f"no system is called {given.system!r}; there are: {', '.join(known)}")
    return Options(
        sources=tuple(given.clips),
        output=given.output,
        system=given.system,
        weights_folder=weights_folder,
        recursive=given.recursive,
        prior=given.prior,
        batch=given.batch_size,
        workers=given.workers,
        device=given.device,
        top=given.top,
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


def _write_errors(path: Path, lines: list[str]) -> None:
    """Write the errors file, or remove that of an earlier run when there are none."""
    if not lines:
        path.unlink(missing_ok=True)
        return
    with submission.WholeFile(path) as file:
        file.writelines(lines)


def _table_line(outcome: "Outcome", top: int) -> str:
    order = outcome.posterior.argsort()[::-1][:top]
    genres = ", ".join(f"{GENRES[index]} {outcome.posterior[index]:.2f}" for index in order)
    remark = "" if outcome.predicted else " (prior: no usable audio)"
    return f"{_printable(outcome.clip.path.name):32} {genres}{remark}"


def _printable(name: object) -> str:
    """A file name on one line of a console or of a json file, whatever is in it."""
    text = os.fsencode(str(name)).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


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
