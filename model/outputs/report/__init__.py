"""The report of a run: one self-contained html page. ``write`` creates it from the results."""

import logging
from collections.abc import Iterable, Mapping
from itertools import tee
from pathlib import Path

from model.errors import require_package
from model.files import atomic_file, prepare_path
from model.outputs.report import song_tags
from model.outputs.report.audio import EMBED_LIMIT
from model.outputs.report.clip_table import ClipTable
from model.outputs.report.page import About, rendered
from model.outputs.report.summary import Summary
from model.outputs.report.truth import lookup
from model.results import Result

__all__ = ["EMBED_LIMIT", "About", "prepare", "write"]

log = logging.getLogger(__name__)


def prepare(path: Path) -> None:
    """Check before a run that its report can be written.

    Raises:
        GenreError: jinja2 or mutagen is not installed.
        OutputError: the path cannot be written.
    """
    for package in ("jinja2", "mutagen"):
        require_package(package, "--report needs it")
    prepare_path(path)


def write(
    path: Path,
    results: Iterable[Result],
    about: About,
    *,
    truth: Mapping[str, int] | None = None,
    embed_audio: bool = False,
    embed_limit: int = EMBED_LIMIT,
) -> None:
    """Write the report, one html file that needs no network.

    Args:
        path: file to write. Links to clips below its folder are relative, so that the folder can be
            moved as a whole.
        results: results in the order of the table; read once.
        about: description of the run.
        truth: index of the right genre by ``file_id``, for the clips of which it is known.
        embed_audio: whether to put the audio files into the page.
        embed_limit: largest total size of embedded audio files in bytes. Clips over the limit are
            linked; the page and a warning say how many there are.

    Raises:
        GenreError: jinja2 or mutagen is not installed.
        OutputError: the path cannot be written.
    """
    prepare(path)
    summary = Summary()
    table = ClipTable(path.parent, embed_limit if embed_audio else 0)
    results, again = tee(results)
    tags = song_tags.read_all(result.clip.path for result in again)
    for result, tag in zip(results, tags, strict=True):
        right = lookup(truth or {}, result.clip.file_id)
        summary.add(result, right)
        table.add(result, tag, right)
    audio = table.audio
    if audio.left_out:
        log.warning(
            "%s: the audio of %d clips is in the page; %d more clips are over the limit of %d "
            "bytes and play from their files",
            path, audio.embedded, audio.left_out, embed_limit,
        )  # fmt: skip
    with atomic_file(path) as file:
        file.write(rendered(summary, table, about))
