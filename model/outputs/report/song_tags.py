"""Titles, artists and covers from the tags of audio files, read in a worker process.

The process keeps a stranger's file from the main program: a damaged or hostile one costs its own
title.
"""

import base64
import contextlib
import os
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from itertools import tee
from multiprocessing.connection import Connection
from typing import Any, Final

import numpy as np

from model.clips import Notice, printable
from model.workers.pool import Limits, Service, WorkerPool
from model.workers.process import answer_tasks

COVER_CLIPS: Final = 1_000
"""Number of clips up to which the report has covers, of about 3 kB each."""

_COVER_PIXELS: Final = 64
_MOST_COVER_BYTES: Final = 20_000
_LONGEST: Final = 200
"""Characters of a title or artist that are kept."""

_MOST_PIXELS: Final = 25_000_000
_FRONT: Final = 3
"""Number of a front cover's kind, in ID3 as in FLAC."""

_TITLES: Final = ("TIT2", "title", "\xa9nam", "Title")
_ARTISTS: Final = ("TPE1", "artist", "\xa9ART", "Artist", "Author")
"""Names in tags of the kinds ID3, Vorbis, MP4, APE and ASF."""

_LIMITS: Final = Limits(seconds=20.0, memory=2 << 30)


@dataclass(frozen=True)
class _Task:
    path: str
    with_cover: bool


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
    files, again = tee((path, os.path.isfile(path)) for path in paths)  # noqa: PTH113 - any bytes
    tasks = (
        _Task(path, number < COVER_CLIPS) for number, (path, is_file) in enumerate(again) if is_file
    )
    with WorkerPool[_Task, SongTags](Service(__name__, None, _LIMITS), 1, _failed) as pool:
        answers = pool.map(tasks, ahead=16)
        for _, is_file in files:
            yield next(answers) if is_file else SongTags()


def _failed(task: _Task, notice: Notice) -> SongTags:
    return SongTags()


def serve(connection: Connection, settings: None) -> None:
    """Answer tasks with the tags of their files."""
    answer_tasks(connection, _read_tags)


def _read_tags(task: _Task) -> SongTags:
    import mutagen

    try:
        file = mutagen.File(task.path)
        if file is None:
            return SongTags()
        title, artist = (_text(file.tags, names) for names in (_TITLES, _ARTISTS))
        return SongTags(title, artist, _cover(file) if task.with_cover else "")
    except Exception:  # whatever a damaged tag raises
        return SongTags()


def _text(tags: Any, names: tuple[str, ...]) -> str:
    """The values of the first of these names that the tags have, printable."""
    for name in names:
        with contextlib.suppress(KeyError, ValueError):  # a kind of tag that has no such name
            values = (tags or {})[name]
            values = getattr(values, "text", values)
            values = values if isinstance(values, (list, tuple)) else (values,)
            return printable(", ".join(str(value).strip() for value in values))[:_LONGEST]
    return ""


def _cover(file: Any) -> str:
    """Data URL of the first picture in a file that can be decoded; empty for none."""
    for picture in _pictures(file):
        try:
            jpeg = _small_jpeg(picture)
        except Exception:  # noqa: S112 - whatever a damaged picture raises
            continue
        if len(jpeg) <= _MOST_COVER_BYTES:
            return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode('ascii')}"
    return ""


def _pictures(file: Any) -> list[bytes]:
    """Pictures in the tags of a file, that of the front first."""
    from mutagen.flac import Picture

    tags = file.tags or {}
    pictures = list(getattr(file, "pictures", ()))
    if hasattr(tags, "getall"):  # ID3
        pictures += tags.getall("APIC")
    texts = tags.get("metadata_block_picture", ())  # Ogg
    pictures += [Picture(base64.b64decode(text)) for text in texts]
    pictures.sort(key=lambda picture: picture.type != _FRONT)
    return [*(picture.data for picture in pictures), *map(bytes, tags.get("covr", ()))]  # MP4


def _small_jpeg(picture: bytes) -> bytes:
    """The middle square of a picture of any common format, as a small JPEG.

    Raises:
        ValueError: the picture is too large, or none.
    """
    import av

    with av.open(BytesIO(picture), "r") as container:
        size = container.streams.video[0]
        if not 0 < size.width * size.height <= _MOST_PIXELS:
            raise ValueError("too large a picture")
        frame = next(container.decode(video=0))
    pixels = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
    side = min(pixels.shape[:2])
    top, left = ((length - side) // 2 for length in pixels.shape[:2])
    square = np.ascontiguousarray(pixels[top : top + side, left : left + side])
    encoder = av.CodecContext.create("mjpeg", "w")
    assert isinstance(encoder, av.VideoCodecContext)  # noqa: S101 - for the type checker
    encoder.width, encoder.height, encoder.pix_fmt = _COVER_PIXELS, _COVER_PIXELS, "yuvj420p"
    encoder.time_base = Fraction(1)
    small = av.VideoFrame.from_ndarray(square, "rgb24").reformat(
        width=_COVER_PIXELS, height=_COVER_PIXELS, format="yuvj420p"
    )
    return b"".join(bytes(packet) for packet in [*encoder.encode(small), *encoder.encode(None)])
