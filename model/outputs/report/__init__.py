"""One html page about a run, for people: ``write`` makes it from clips and a word about the run."""

import logging
from collections.abc import Iterable
from pathlib import Path

from model.files import AtomicFile, prepare_path
from model.outputs.report.content import About, ReportClip, thumbnail
from model.outputs.report.page import ReportError, rendered, require_jinja2
from model.outputs.report.sound import EMBED_LIMIT
from model.outputs.report.summary import Summary
from model.outputs.report.table import Table

__all__ = ["EMBED_LIMIT", "About", "ReportClip", "ReportError", "prepare", "thumbnail", "write"]

log = logging.getLogger(__name__)


def prepare(path: Path) -> None:
    """See, before a long run, that a report can be written in the end.

    Raises:
        ReportError: a package is missing.
        OutputError: the path cannot be written.
    """
    require_jinja2()
    prepare_path(path)


def write(
    path: Path,
    clips: Iterable[ReportClip],
    about: About,
    *,
    embed_audio: bool = False,
    embed_limit: int = EMBED_LIMIT,
) -> None:
    """Write the report whole or not at all: one html file that needs no network.

    Args:
        path: where to. Clips below its folder are linked so that both can be moved together.
        clips: in the order of the table; read once.
        about: the run.
        embed_audio: put the audio files into the page, so that it plays without them.
        embed_limit: bytes of audio files to put in; the page tells how many were left out.

    Raises:
        ReportError: a package is missing.
        OutputError: the path cannot be written.
        ValueError: a thumbnail is larger than ``thumbnail`` makes it.
    """
    prepare(path)
    summary = Summary()
    table = Table(path.parent, embed_limit if embed_audio else 0)
    for clip in clips:
        summary.add(clip)
        table.add(clip)
    if table.embedding.left_out:
        log.warning(
            "%s: the audio of %d clips is in the page; that of %d more is not, since it would be "
            "over the limit of %d bytes: they play from their files",
            path, table.embedding.embedded, table.embedding.left_out, embed_limit,
        )  # fmt: skip
    with AtomicFile(path) as file:
        file.write(rendered(summary, table, about))
