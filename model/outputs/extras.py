"""Output files in addition to the table and its errors file: windows, embeddings, report."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from model.clips import Clip, Notice, printable
from model.errors import require_package
from model.options import Options
from model.outputs import embeddings, formats
from model.outputs.table import WINDOW_COLUMNS, window_rows
from model.results import Result, RunDescription

if TYPE_CHECKING:
    from model.outputs.report import About
    from model.systems.cards import Card


def prepare(options: Options) -> None:
    """Check before a run that the packages for its output files are installed.

    Raises:
        OutputError: the report cannot be written.
        UsageError: the file of right genres cannot be used.
        GenreError: a package is not installed.
    """
    formats.require(options.format or formats.of(options.output))
    for path in filter(None, (options.per_window, options.embeddings)):
        formats.require(formats.of(path))
    if options.write_tags:
        require_package("mutagen", "--write-tags needs it")
    if options.report:
        from model.outputs import report
        from model.outputs.report import truth

        report.prepare(options.report)
        if options.truth:
            truth.read_truth(options.truth)


def write(
    options: Options,
    results: Iterable[Result],
    duplicates: Iterable[Clip],
    card: "Card",
    described: RunDescription,
) -> None:
    """Write the files that the options name.

    Args:
        options: options of the run.
        results: results of all clips; may be read several times.
        duplicates: clips without a row, since another clip has the same id.
        card: card of the system.
        described: description of the run.

    Raises:
        OutputError: a path cannot be written.
    """
    if options.per_window:
        form = formats.of(options.per_window)
        formats.write(options.per_window, form, WINDOW_COLUMNS, window_rows(results))
    if options.embeddings:
        embeddings.write(options.embeddings, results)
    if options.report:
        from model.outputs import report
        from model.outputs.report import truth

        right = truth.read_truth(options.truth) if options.truth else {}
        results = _with_duplicates(results, duplicates)
        about = _about(options, card, described)
        report.write(options.report, results, about, truth=right, embed_audio=options.embed_audio)


def _with_duplicates(results: Iterable[Result], duplicates: Iterable[Clip]) -> Iterator[Result]:
    """Results with a notice for each duplicate of their clip."""
    notices: dict[str, tuple[Notice, ...]] = {}
    for clip in duplicates:
        notice = Notice("duplicate", f"{printable(clip.path)} has the same id, and no row")
        notices[clip.file_id] = (*notices.get(clip.file_id, ()), notice)
    for result in results:
        more = notices.get(result.clip.file_id, ())
        yield replace(result, notices=(*result.notices, *more)) if more else result


def _about(options: Options, card: "Card", described: RunDescription) -> "About":
    from model.frontends.spectrogram import FrontEnd
    from model.outputs.report import About
    from model.outputs.report.axes import frequency_marks

    front_end = card.front_end
    facts = {
        "expected mix": ", ".join(f"{genre} {share:.4f}" for genre, share in described.mix.items()),
        "weights (SHA-256)": described.weights,
        "packages": ", ".join(f"{name} {text}" for name, text in described.packages.items()),
        "device": options.device,
        **options.changed(),
    }
    for name in ("system", "prior", "calibration", "save-settings"):  # shown elsewhere
        facts.pop(name, None)
    return About(
        system=card.name,
        prior=options.prior,
        version=described.program,
        created=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        folder=", ".join(options.sources),
        calibrated=card.calibrated,
        settings=facts,
        window_seconds=card.window_frames * front_end.hop_length / front_end.sample_rate,
        marks=frequency_marks(front_end) if isinstance(front_end, FrontEnd) else (),
    )
