"""Titles, artists and covers from the tags of audio files, read in a worker process.

The process keeps a stranger's file from the main program: a damaged or hostile one costs its own
title.
"""

import base64
import os
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from itertools import tee
from multiprocessing.connection import Connection
from typing import Any, Final

from model.clips import Notice, printable
from model.workers.pool import Limits, Service, WorkerPool
from model.workers.process import answer_tasks

COVER_CLIPS: Final = 1_000
"""Number of clips up to which the report has covers, of about 3 kB each."""

_COVER_PIXELS: Final = 64
_MOST_COVER_BYTES: Final = 20_000
_LONGEST: Final = 200
"""Characters of a title or artist that are kept."""

_LIMITS: Final = Limits(seconds=20.0, memory=2 << 30)


@dataclass(frozen=True)
class SongTags:
    """What the page shows of a file's tags; every text may be empty.

    Attributes:
        title: title of the song, printable.
        artist: artists, printable.
        cover: JPEG of ``_COVER_PIXELS`` by ``_COVER_PIXELS`` pixels as a data URL.
    """

    title: str = ""
    artist: str = ""
    cover: str = ""


def read_all(paths: Iterable[str]) -> Generator[SongTags, None, None]:
    """Tags of files in their order; of those that are gone or cannot be read, empty ones."""
    found, again = tee((path, os.path.isfile(path)) for path in paths)  # noqa: PTH113 - any bytes
    with WorkerPool[str, SongTags](Service(__name__, None, _LIMITS), 1, _failed) as pool:
        answers = pool.map((path for path, is_file in again if is_file), ahead=16)
        for _, is_file in found:
            yield next(answers) if is_file else SongTags()


def _failed(path: str, notice: Notice) -> SongTags:
    return SongTags()


def serve(connection: Connection, settings: None) -> None:
    """Answer paths with the tags of their files."""
    answer_tasks(connection, read)


def read(path: str) -> SongTags:
    """Tags of a file; empty where there are none, or the file cannot be read."""
    import mutagen

    try:
        easy = mutagen.File(path, easy=True)
        texts = {name: _text(easy, name) for name in ("title", "artist")} if easy else {}
        return SongTags(**texts, cover=_cover(mutagen.File(path)) if easy else "")
    except Exception:  # whatever a damaged tag raises
        return SongTags()


def _text(tags: Any, name: str) -> str:
    try:
        values = tags.get(name) or ()
    except (KeyError, ValueError):  # a kind of tag that has no such name
        return ""
    values = values if isinstance(values, (list, tuple)) else (values,)
    return printable(", ".join(str(value).strip() for value in values))[:_LONGEST]


def _cover(file: Any) -> str:
    """Data URL of the first picture in a file that can be decoded; empty for none."""
    for picture in _pictures(file):
        try:
            jpeg = _small(picture)
        except Exception:  # noqa: S112 - whatever a damaged picture raises
            continue
        if len(jpeg) <= _MOST_COVER_BYTES:
            return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode('ascii')}"
    return ""


def _pictures(file: Any) -> list[bytes]:
    tags = file.tags or {}
    pictures = [picture.data for picture in getattr(file, "pictures", ())]
    if hasattr(tags, "getall"):
        pictures += [frame.data for frame in tags.getall("APIC")]
    return [*pictures, *(bytes(cover) for cover in tags.get("covr", ()))]


def _small(picture: bytes) -> bytes:
    """A picture of any common format as a small square JPEG."""
    import av

    with av.open(BytesIO(picture), "r") as container:
        frame = next(container.decode(video=0))
    size = {"width": _COVER_PIXELS, "height": _COVER_PIXELS}
    encoder = av.CodecContext.create("mjpeg", "w")
    assert isinstance(encoder, av.VideoCodecContext)  # noqa: S101 - for the type checker
    encoder.width, encoder.height, encoder.pix_fmt = _COVER_PIXELS, _COVER_PIXELS, "yuvj420p"
    encoder.time_base = Fraction(1)
    packets = encoder.encode(frame.reformat(**size, format="yuvj420p")) + encoder.encode(None)
    return b"".join(bytes(packet) for packet in packets)
