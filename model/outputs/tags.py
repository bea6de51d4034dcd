"""Genres into the ID3 tags of mp3 files (frame TCON), without touching the audio.

A file is not changed in place: a new one of tag and old audio bytes takes its name when it is
whole, so that nothing is lost to a crash.
"""

import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from model.clips import printable
from model.outputs.table import UNSURE, genre
from model.results import Result
from model.submission import SubmissionError, WholeFile

if TYPE_CHECKING:
    from mutagen.id3 import ID3

CONFIDENCE = 0.5
"""Least probability of a genre that is written, unless told otherwise."""

_NEW_VERSION = 3
"""ID3v2.3, which every player reads."""

_FOOTER = 0x10
_HEADER_BYTES = 10


class _LeftAloneError(Exception):
    """A file must not be changed; the message says why."""


@dataclass(frozen=True)
class Change:
    """What becomes of a file's genre.

    Attributes:
        path: the file.
        before: its genre so far, empty for none.
        after: the genre for it.
        problem: why it was left alone; empty when it was or can be written.
    """

    path: str
    before: str
    after: str
    problem: str = ""

    def __str__(self) -> str:
        name = printable(self.path)
        if self.problem:
            return f"{name}: left alone: {self.problem}"
        return f"{name}: {self.before or 'no genre'} -> {self.after}"


def write(results: Iterable[Result], confidence: float | None, really: bool) -> Iterator[Change]:
    """Write genres, or look at what would be written.

    Clips without a prediction, clips that are not confident enough, and files that have the genre
    already are passed over.

    Args:
        results: of clips.
        confidence: least probability of a genre that is written, in [0, 1]; None for 0.5.
        really: change the files; without it nothing is touched.

    Returns:
        A change for each file that was, or would be, written, or was left alone; each is done by
        the time it is given.
    """
    for one in results:
        wanted = genre(one, CONFIDENCE if confidence is None else confidence)
        if wanted == UNSURE:
            continue
        before = ""
        try:
            path = _allowed(one)
            tags, start = _tags(path)
            genres = [name for frame in tags.getall("TCON") for name in frame.genres]
            before = printable(", ".join(genres))
            if before == wanted:
                continue
            if really:
                version = _version(tags.version[1]) if start else _NEW_VERSION
                _replace(path, _with_genre(tags, wanted, version), start)
        except (_LeftAloneError, SubmissionError, OSError) as error:
            yield Change(one.clip.path, before, wanted, str(error))
        except Exception as error:  # whatever a strange tag provokes must cost this file alone
            yield Change(one.clip.path, before, wanted, f"its tag is not understood: {error!r}")
        else:
            yield Change(one.clip.path, before, wanted)


def _allowed(one: Result) -> Path:
    """The file that may be changed for a clip, after all links.

    Raises:
        _LeftAloneError: none may be.
    """
    path = Path(one.clip.path)
    if not one.clip.is_mp3 or any(notice.reason == "not_mp3" for notice in one.notices):
        raise _LeftAloneError("not an mp3, which alone has ID3 tags")
    target = path.resolve()
    if path.is_symlink() and not target.is_relative_to(path.parent.resolve()):
        raise _LeftAloneError(f"a link out of its folder, to {printable(target)}")
    status = target.stat()
    if not stat.S_ISREG(status.st_mode):
        raise _LeftAloneError("not a regular file")
    if status.st_nlink > 1:
        raise _LeftAloneError("the file has several names (hard links), which would part")
    writable = status.st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)
    if not writable or not os.access(target, os.W_OK):
        raise _LeftAloneError("the file is read-only")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise _LeftAloneError(f"the folder {printable(target.parent)} is read-only")
    return target


def _tags(path: Path) -> tuple["ID3", int]:
    """The tags of a file, and where what is behind them starts."""
    from mutagen import MutagenError
    from mutagen.id3 import ID3

    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
        if header[:3] != b"ID3":
            return ID3(), 0
        file.seek(0)
        try:
            # As frames of its own version: some of the older one have no newer form.
            tags = ID3(file, v2_version=_version(header[3]), load_v1=False)
        except MutagenError as error:
            raise _LeftAloneError(f"its tag cannot be read: {error}") from None
    start = int(tags.size)
    if header[5] & _FOOTER or start > path.stat().st_size:
        raise _LeftAloneError("its tag is of a kind that is not understood here")
    return tags, start


def _version(number: int) -> int:
    """The version to read and write for a tag of version 2.``number``."""
    return 4 if number == 4 else 3


def _with_genre(tags: "ID3", wanted: str, version: int) -> bytes:
    """The bytes of a tag with another genre; all its other frames stay."""
    from mutagen.id3 import TCON

    tags.setall("TCON", [TCON(encoding=0, text=[wanted])])
    content = BytesIO()
    tags.save(content, v1=0, v2_version=version)
    return content.getvalue()


def _replace(path: Path, tag: bytes, start: int) -> None:
    """Put another tag before what stands behind the old one."""
    whole = WholeFile(path)
    with path.open("rb") as old, whole as new:
        old.seek(start)
        new.buffer.write(tag)
        shutil.copyfileobj(old, new.buffer)
        new.flush()
        status = path.stat()
        shutil.copystat(path, whole.unfinished)
        os.utime(whole.unfinished)
        if os.geteuid() == 0:
            os.chown(whole.unfinished, status.st_uid, status.st_gid)
