"""Writes the genres of a run to the ID3 tags of its mp3 files, each in a worker process."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from model.clips import Notice
from model.files import remove_parts
from model.options import TagMode
from model.outputs.id3 import Change, Wanted
from model.outputs.table import UNSURE, genre
from model.results import Result
from model.workers.pool import Limits, Service, WorkerPool

CONFIDENCE: Final = 0.5
"""Default of the least probability of a genre that is written."""

_LIMITS: Final = Limits(seconds=60.0, memory=1 << 30)
"""For one file: a tag has 256 MiB at most, covers have a few."""


def write(
    results: Iterable[Result], confidence: float | None, mode: TagMode
) -> Iterator[Change]:  # fmt: skip
    """Write genres to tags, or only report what would be written.

    Clips without a prediction, clips below the confidence, files that already have the genre, and
    with ``fill`` files that have another one are omitted.

    Args:
        results: results of clips.
        confidence: least probability of a genre that is written, in [0, 1]; None for 0.5.
        mode: ``dry-run`` changes nothing, ``apply`` writes, ``fill`` writes to files that have no
            genre.

    Yields:
        A change for each file that was (or would be) written or left alone, after it was written.
    """
    least = CONFIDENCE if confidence is None else confidence
    last: Wanted | None = None

    def all_wanted() -> Iterator[Wanted]:
        nonlocal last
        for result in results:
            if (name := genre(result, least)) != UNSURE:
                last = Wanted(result.clip.path, name, _is_mp3(result), mode == "fill")
                yield last

    try:
        service = Service("model.outputs.id3", mode != "dry-run", _LIMITS)
        with WorkerPool(service, 1, _left_alone) as pool:
            for change in pool.map(all_wanted()):
                if change:
                    yield change
    finally:
        if last:  # an interrupt has ended the process in the middle of this file
            _remove_parts(last)


def _is_mp3(result: Result) -> bool:
    return result.clip.is_mp3 and all(notice.reason != "not_mp3" for notice in result.notices)


def _left_alone(wanted: Wanted, notice: Notice) -> Change | None:
    _remove_parts(wanted)
    return Change(wanted.path, "", wanted.genre, notice.detail)


def _remove_parts(wanted: Wanted) -> None:
    remove_parts([Path(wanted.path).resolve()])
