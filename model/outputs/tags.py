"""Genres into the ID3 tags of mp3 files (frame TCON), without touching the audio.

The bytes of all other frames are taken over as they stand, whatever is in them. A library that
reads and writes a tag changes it on the way: it joins several values of a frame, merges frames that
it holds for the same, renames some and drops what it does not understand.

A file is not changed in place: a new one of tag and old audio bytes takes its name when it is
whole, so that nothing is lost to a crash.
"""

import os
import re
import shutil
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from model.clips import printable
from model.files import AtomicFile, OutputError
from model.outputs.table import UNSURE, genre
from model.results import Result

CONFIDENCE = 0.5
"""Least probability of a genre that is written, unless told otherwise."""

_EMPTY = b"ID3\x03" + bytes(6)
"""A tag without frames, of ID3v2.3, which every player reads."""

_UNSYNCHRONISED, _OTHER_FLAGS = 0x80, 0x7F
_HEADER_BYTES = 10
_FRAME = re.compile(rb"[A-Z][A-Z0-9]{3}")


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
            old = _tag(path)
            before = _genre(old)
            if before == wanted:
                continue
            new = _with_genre(old or _EMPTY, wanted)
            if really:
                _replace(path, new, len(old))
        except (_LeftAloneError, OutputError, OSError) as error:
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


def _tag(path: Path) -> bytes:
    """The ID3v2 tag at the beginning of a file, empty where there is none."""
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
        if header[:3] != b"ID3":
            return b""
        version, flags = header[3], header[5]
        if version not in (3, 4):
            raise _LeftAloneError(f"its tag is ID3v2.{version}; only 2.3 and 2.4 are written")
        if flags & _OTHER_FLAGS:
            raise _LeftAloneError("its tag is of a kind that is not understood here")
        size = _unpacked(header[6:])
        frames = file.read(size)
    if len(frames) < size:
        raise _LeftAloneError("its tag is longer than the file")
    return header + frames


def _genre(tag: bytes) -> str:
    """The genre of a tag, in words also where it is a number there; empty for none."""
    from mutagen import MutagenError
    from mutagen.id3 import ID3

    if not tag:
        return ""
    try:
        frames = ID3(BytesIO(tag), load_v1=False).getall("TCON")
    except MutagenError as error:
        raise _LeftAloneError(f"its tag cannot be read: {error}") from None
    return printable(", ".join(name for frame in frames for name in frame.genres))


def _with_genre(tag: bytes, wanted: str) -> bytes:
    """A tag with another genre; the bytes of its other frames and their order stay."""
    version, flags, body = tag[3], tag[5], tag[_HEADER_BYTES:]
    if version == 3 and flags & _UNSYNCHRONISED:  # which 2.4 says of each frame by itself
        flags, body = 0, body.replace(b"\xff\0", b"\xff")
    frames, padding = _frames(body, version)
    text = b"\0" + wanted.encode("latin-1")
    size = _packed(len(text)) if version == 4 else len(text).to_bytes(4)
    kept = b"".join(frame for frame in frames if not frame.startswith(b"TCON"))
    content = kept + b"TCON" + size + bytes(2) + text + padding
    new = b"ID3" + bytes([version, tag[4], flags]) + _packed(len(content)) + content
    if _genre(new) != wanted:
        raise _LeftAloneError("its tag is of a kind that is not understood here")
    return new


def _frames(body: bytes, version: int) -> tuple[list[bytes], bytes]:
    """The frames of a tag, each with its header, and the zeros behind them.

    Raises:
        _LeftAloneError: they do not fill the tag, so that they are not what they seem.
    """
    frames, start = [], 0
    while _FRAME.match(body, start) and start + _HEADER_BYTES <= len(body):
        size = body[start + 4 : start + 8]
        end = start + _HEADER_BYTES + (_unpacked(size) if version == 4 else int.from_bytes(size))
        frames.append(body[start:end])
        start = end
    if start > len(body) or any(body[start:]):
        raise _LeftAloneError("the frames of its tag are not understood")
    return frames, body[start:]


def _unpacked(size: bytes) -> int:
    """A number of which each byte has seven bits.

    Raises:
        _LeftAloneError: one has eight.
    """
    if max(size) > 0x7F:
        raise _LeftAloneError("its tag has a size that is none")
    first, second, third, fourth = size
    return first << 21 | second << 14 | third << 7 | fourth


def _packed(number: int) -> bytes:
    return bytes(number >> bits & 0x7F for bits in (21, 14, 7, 0))


def _replace(path: Path, tag: bytes, start: int) -> None:
    """Put another tag before what stands behind the old one."""
    whole = AtomicFile(path)
    with path.open("rb") as old, whole as new:
        old.seek(start)
        new.buffer.write(tag)
        shutil.copyfileobj(old, new.buffer)
        new.flush()
        status = path.stat()
        shutil.copystat(path, whole.part)
        os.utime(whole.part)
        if os.geteuid() == 0:
            os.chown(whole.part, status.st_uid, status.st_gid)
