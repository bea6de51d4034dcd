"""All that a run writes beside its table and the file of errors."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from model.clips import Clip, printable
from model.files import prepare_path
from model.options import Options
from model.outputs import embeddings, formats
from model.outputs.table import WINDOW_COLUMNS, window_rows
from model.results import Result, RunDescription
from model.systems.cards import Card

if TYPE_CHECKING:
    from model.outputs.report.content import About, ReportClip


def prepare(options: Options) -> None:
    """See, before a long run, that its outputs can be written in the end.

    Raises:
        OutputError: a path cannot be written.
        PackageError: a package is missing.
        ReportError: one for the report is.
    """
    formats.require(options.format or formats.of(options.output))
    if options.per_window:
        formats.require(formats.of(options.per_window))
        prepare_path(options.per_window)
    if options.embeddings:
        embeddings.require(options.embeddings)
        prepare_path(options.embeddings)
    if options.write_tags:
        formats.require_package("mutagen", "--write-tags needs it")
    if options.report:
        from model.outputs import report

        report.prepare(options.report)


def write(
    options: Options,
    results: Iterable[Result],
    duplicates: Iterable[Clip],
    card: Card,
    described: RunDescription,
) -> None:
    """Write what was asked for.

    Args:
        options: of the run.
        results: of all clips; may be read several times.
        duplicates: clips without a row, since another one has their id.
        card: of the system.
        described: the run.

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

        clips = report_clips(results, duplicates)
        about = _about(options, card, described)
        report.write(options.report, clips, about, embed_audio=options.embed_audio)


def report_clips(
    results: Iterable[Result], duplicates: Iterable[Clip] = ()
) -> "Iterator[ReportClip]":
    """Results as the report wants them; a duplicate is a remark on the clip that has the row."""
    from model.outputs.report.content import ReportClip

    others: dict[str, list[tuple[str, str]]] = {}
    for clip in duplicates:
        remark = f"{printable(clip.path)} has the same id, and no row"
        others.setdefault(clip.file_id, []).append(("duplicate", remark))
    for one in results:
        yield ReportClip(
            one.clip.file_id,
            one.clip.path,
            np.array(one.probabilities),
            tuple((window.start, np.array(window.probabilities)) for window in one.windows),
            one.thumbnail,
            one.predicted,
            (
                *((notice.reason, notice.detail) for notice in one.notices),
                *others.get(one.clip.file_id, ()),
            ),
        )


def _about(options: Options, card: Card, described: RunDescription) -> "About":
    from model.outputs.report.content import About

    mix = [f"{genre} {share:.4f}" for genre, share in described.mix.items()]
    packages = [f"{name} {version}" for name, version in described.packages.items()]
    shown = {
        "expected mix": ", ".join(mix),
        "weights (SHA-256)": described.weights,
        "packages": ", ".join(packages),
        "device": options.device,
        **options.changed(),
    }
    for name in ("system", "prior", "calibration", "save-settings"):  # shown elsewhere
        shown.pop(name, None)
    return About(
        system=card.name,
        prior=options.prior,
        version=described.program,
        created=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        folder=", ".join(options.sources),
        calibrated=card.calibrated,
        settings=shown,
        window_seconds=card.window_frames * card.front_end.hop_length / card.front_end.sample_rate,
    )
