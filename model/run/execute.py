"""A prediction run from options to output files; the command line calls ``execute``.

All output files are written from the journal, whether a clip was classified now or before an
interruption, so that their bytes are the same either way.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from model import cpus, systems
from model.clips import Found, counted, shard
from model.decoding.pool import DecoderPool
from model.errors import GenreError
from model.frontends.spectrogram import FrontEnd
from model.genres import GENRES
from model.options import EMBEDDING, LIKENESS, THUMBNAIL, WINDOWS, Options
from model.outputs import extras, paths, settings
from model.probabilities import priors
from model.probabilities.prior_shift import estimated_prior
from model.results import describe_run
from model.run import pipeline
from model.run.deadline import TIME_LIMIT, Stop, early_stop
from model.run.identity import fingerprint, read_card
from model.run.journal import Journal
from model.run.results import Results, posteriors
from model.run.tables import Summary, write_table
from model.systems.base import Execution, System
from model.systems.cards import Card

log = logging.getLogger(__name__)


Progress: TypeAlias = Callable[[Iterator[None], int, int], Iterator[None]]
"""Passes on the steps of a run while showing progress; it gets the number of clips, and how many of
them are done already."""

Report: TypeAlias = Callable[[Results, Summary], None]
"""Prints what the options ask for, after the output files are written."""


@dataclass(frozen=True)
class _Run:
    """Everything that a run works with, after its options were checked."""

    options: Options
    clips: Found
    card: Card
    system: System
    prior: NDArray[np.float64] | None
    arrays: frozenset[str]


def execute(
    options: Options, clips: Found, begun: float, progress: Progress, report: Report
) -> Summary:
    """Classify clips and write the output files that the options name.

    Args:
        options: options of the run.
        clips: clips of all shards.
        begun: when the program started, on the monotonic clock.
        progress: shows the progress.
        report: prints the results.

    Raises:
        GenreError: a signal ended the run early and the options do not allow a partial table, the
            journal cannot be used, or embeddings are asked for and the system has none.
        CardError: there is no such system, or its weights are not what the card says.
        UsageError: the prior is invalid.
        OutputError: an output file cannot be written.
    """
    card = read_card(options)
    _, folder = systems.locate(options.system, options.weights)
    system = systems.load(card, folder)
    is_known = options.prior != priors.ESTIMATE
    prior = priors.named(options.prior, card.training_prior) if is_known else None
    extras.prepare(options)
    files = [card.weights, *filter(None, [card.graph])]
    read = [folder / f"{card.name}.json", *(folder / file.file for file in files)]
    paths.check(options, clips, [*read, *filter(None, [options.truth])])
    identity = fingerprint(card, options)
    description = describe_run(clips.clips, identity)
    clips = shard(clips, *options.shard) if options.shard else clips
    run = _Run(options, clips, card, system, prior, array_names(options, card))
    many = counted(len(clips.clips))
    log.info("%s, system %s, expected mix of genres: %s", many, card.name, options.prior)
    with (
        paths.locked(paths.output_files(options)),
        Journal(options.output, clips.clips, identity, options.resume, run.arrays) as journal,
    ):
        with early_stop(options.time_limit, begun, len(clips.clips)) as stop:
            try:
                _classify(run, journal, stop, progress)
            except Exception as failure:
                if not options.partial:
                    raise
                stop.request(f"an error ({failure or type(failure).__name__})")
        left = len(journal.unfinished())
        if left and stop.reasons[0] != TIME_LIMIT and not options.partial:
            error = GenreError(
                f"ended by {stop.reasons[0]} with {counted(left)} to go; run the same command "
                "again to go on, or with --partial to have them filled with the prior"
            )
            error.exit_code = stop.exit_code
            raise error
        results = _results(run, journal)
        summary = write_table(options, clips, results)
        mix = dict(zip(GENRES, results.prior.tolist(), strict=True))
        description = replace(description, mix=mix)
        extras.write(options, results, clips.duplicates, card, description)
        if options.save_settings:
            settings.write(options, description)
        if left:
            log.warning(
                "%s: %s not reached and given the prior; run the same command again to go on",
                stop.reasons[0],
                counted(left),
            )
        report(results, summary)
        if not left and not options.keep_journal:
            journal.remove()
    return summary


def array_names(options: Options, card: Card) -> frozenset[str]:
    """Names of the arrays that predictions need for the output files; see ``Prediction.arrays``."""
    needed = {
        WINDOWS: options.per_window or options.report,
        EMBEDDING: options.embeddings,
        THUMBNAIL: options.report and isinstance(card.front_end, FrontEnd),
        LIKENESS: options.report,
    }
    return frozenset(name for name, is_needed in needed.items() if is_needed)


def _classify(run: _Run, journal: Journal, stop: Stop, progress: Progress) -> None:
    """Classify the clips that are not in the journal, or as many as there is time for."""
    clips, indices = run.clips.clips, journal.unfinished()
    if len(indices) < len(clips):
        done = len(clips) - len(indices)
        log.info("%d of %d clips are in the journal already", done, len(clips))
    timed_out = _predict(run, journal, stop, progress, indices, run.options.workers)
    if timed_out and not stop.requested.is_set():
        log.info("%s timed out; each is tried once more alone", counted(len(timed_out)))
        _predict(run, journal, stop, progress, timed_out, 1)


def _predict(
    run: _Run,
    journal: Journal,
    stop: Stop,
    progress: Progress,
    indices: Sequence[int],
    workers: int,
) -> list[int]:
    """Classify the clips of these indices; returns the indices of those that timed out."""
    timed_out: list[int] = []
    if not indices:
        return timed_out
    execution = Execution(
        run.options.device, cpus.usable(), run.options.batch_size, run.options.runtime
    )

    def steps() -> Iterator[None]:
        with DecoderPool(run.system.front_end, workers) as pool:
            predictions = pipeline.predict(
                [run.clips.clips[index] for index in indices],
                run.system,
                run.card.calibration,
                execution,
                pool,
                arrays=run.arrays,
                of=len(run.clips.clips),
                whole=run.options.whole,
                stop=stop.requested,
            )
            for index, prediction in zip(indices, predictions, strict=False):
                journal.add(index, prediction)
                if any(notice.reason == "timeout" for notice in prediction.notices):
                    timed_out.append(index)
                yield

    total = len(run.clips.clips)
    for _ in progress(steps(), total, total - len(indices)):
        pass
    return timed_out


def _results(run: _Run, journal: Journal) -> Results:
    """The journal's predictions under the expected class mix."""
    training_prior, prior = np.array(run.card.training_prior), run.prior
    if prior is None:
        prior = estimated_prior(posteriors(journal), training_prior)
        likeliest = np.argsort(-prior, kind="stable")[:3]
        mix = ", ".join(f"{GENRES[index]} {prior[index]:.2f}" for index in likeliest)
        log.info("estimated class mix: %s, ...", mix)
    return Results(run.clips.clips, journal, training_prior, prior)
