"""The command line: from arguments to an exit code.

Nothing large is imported before the arguments and the clips have been looked at.
"""

import contextlib
import logging
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from model import cpus, systems
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
from model.clips import Found, find, shard
from model.errors import FAILURE, INCOMPLETE, INTERRUPTED, SUCCESS, GenreError
from model.files import prepare_path
from model.genres import GENRES
from model.options import Options
from model.outputs import settings, submission
from model.results import RunDescription, describe_run

if TYPE_CHECKING:
    from model.probabilities.calibration import Vector
    from model.run import run
    from model.run.journal import Journal
    from model.run.results import Results
    from model.systems.base import System
    from model.systems.cards import Card

TIME_LIMIT = "the time limit"
_WRITING_SECONDS, _ROW_SECONDS = 10.0, 2e-4
"""Time kept for writing the table, and for each of its rows."""

log = logging.getLogger("model")


def main(arguments: Sequence[str]) -> int:
    """Run the command line and return the exit code."""
    begun = time.monotonic()
    make_streams_safe()
    try:
        options = parse(arguments)
        log_to_stderr(options.verbosity)
        return work(options, find(options.sources, options.recursive, options.any_audio), begun)
    except GenreError as error:
        return print_error(error, error.exit_code)
    except KeyboardInterrupt:
        return print_error("stopped at once", INTERRUPTED)
    except ModuleNotFoundError as error:
        hint = "run `make setup` and use .venv/bin/python, or build the container"
        return print_error(f"{sys.executable} lacks the package {error.name}; {hint}", FAILURE)
    except MemoryError:
        return print_error("not enough memory; try a smaller --batch-size or --workers", FAILURE)


@dataclass(frozen=True)
class Plan:
    """What a run works with, once everything that may be wrong has been looked at.

    Attributes:
        options: what was asked for.
        found: the clips.
        about: what is to be said of the run later, of all shards, but for the class mix.
        card: of the system.
        system: checked, not yet connected.
        prior: class mix to expect, shape [16]; None for one that the clips themselves shall tell.
        begun: when the program started, on the monotonic clock.
    """

    options: Options
    found: Found
    about: RunDescription
    card: "Card"
    system: "System"
    prior: "Vector | None"
    begun: float


def work(options: Options, found: Found, begun: float) -> int:
    """Classify clips, write the submission, and say how it went; returns the exit code.

    Args:
        options: what was asked for.
        found: the clips, of all shards.
        begun: when the program started, on the monotonic clock.
    """
    from model.outputs import extras
    from model.probabilities import priors
    from model.run import run
    from model.run.journal import Journal

    card = run.card(options)
    system = systems.load(card, options.weights_folder)
    known = options.prior != priors.ESTIMATE
    prior = priors.named(options.prior, card.training_prior) if known else None
    prepare_path(options.output)
    prepare_path(submission.errors_path(options.output))
    extras.prepare(options)
    known_by = run.fingerprint(card, options)
    about = describe_run(found.clips, known_by)
    found = shard(found, *options.shard) if options.shard else found
    plan = Plan(options, found, about, card, system, prior, begun)
    keep = run.keep(options, card)
    with Journal(options.output, found.clips, known_by, options.resume, keep) as journal:
        return _in_journal(plan, journal)


def _in_journal(plan: Plan, journal: "Journal") -> int:
    """The work between opening and closing the journal."""
    from model.outputs import extras
    from model.run import run
    from model.systems.base import Execution

    options, count = plan.options, len(plan.found.clips)
    stop = run.Stop()
    log.info("%d clips, system %s", count, plan.card.name)
    execution = Execution(options.device, cpus.usable(), options.batch_size)
    with _ending_early(stop, options.time_limit, plan.begun, count):
        shown = partial(progress.shown, quiet=options.verbosity < 0)
        run.classify(options, plan.found, plan.system, plan.card, execution, journal, stop, shown)
    left = len(journal.unfinished())
    if left and stop.reasons[0] != TIME_LIMIT and not options.partial:
        return _say_how_to_go_on(stop.reasons[0], left)
    results = _results(plan, journal)
    summary = run.write_table(options, plan.found, results)
    mix = dict(zip(GENRES, results.prior.tolist(), strict=True))
    about = replace(plan.about, mix=mix)
    extras.write(options, results, plan.found.duplicates, plan.card, about)
    if options.save_settings:
        settings.write(options, about)
    if left:
        log.warning(
            "%s: %d clips were not reached and have the prior; run the same command again to go on",
            stop.reasons[0],
            left,
        )
    log_summary(summary, submission.errors_path(options.output))
    if options.top:
        print_lines(top_line(one, options.top) for one in results)
    if options.write_tags:
        _write_tags(options, results)
    if not left and not options.keep_journal:
        journal.remove()
    print_lines([f"Output file written at {options.output}"])
    return INCOMPLETE if options.strict and summary.unpredicted else SUCCESS


def _write_tags(options: Options, results: "Results") -> None:
    from model.outputs import tags

    really = options.write_tags == "apply"
    written = left_alone = 0
    for change in tags.write(results, options.min_confidence, really):
        print_lines([str(change)])
        written += not change.problem
        left_alone += bool(change.problem)
    what = "written" if really else "to be written; nothing was, add =apply to write them"
    log.info("genre tags: %d %s, %d files left alone", written, what, left_alone)


def _results(plan: Plan, journal: "Journal") -> "Results":
    """The journal's entries under the prior that was asked for."""
    import numpy as np

    from model.probabilities.prior_shift import estimated_prior
    from model.run.results import Results, posteriors

    training_prior = np.array(plan.card.training_prior)
    prior = plan.prior
    if prior is None:
        prior = estimated_prior(posteriors(journal), training_prior)
        likeliest = np.argsort(-prior, kind="stable")[:3]
        mix = ", ".join(f"{GENRES[index]} {prior[index]:.2f}" for index in likeliest)
        log.info("estimated class mix: %s, ...", mix)
    return Results(plan.found.clips, journal, training_prior, prior)


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
    return print_error(
        f"ended by {reason} with {left} clips to go; run the same command again to go on, or with "
        "--partial to have them filled with the prior",
        code,
    )
