"""Writes a genre to the ID3 tag of an mp3 file (frame TCON); audio and other frames stay unchanged.

Runs in a worker process: the compressed frames of a small tag may have a thousand times its size.

The bytes of all other frames are copied. A library that reads and writes a tag would change it:
libraries join several values of a frame, merge frames that they consider equal, rename frames and
drop unknown frames.

A new file of the tag and the old audio bytes replaces the file, so that a crash loses nothing.
"""

import os
import re
import shutil
import stat
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from multiprocessing.connection import Connection
from pathlib import Path

from model.clips import printable
from model.files import OutputError, atomic_file, remove_parts
from model.workers.process import answer_tasks

_EMPTY = b"ID3\x03" + bytes(6)
"""An ID3v2.3 tag without frames; every player reads version 2.3."""

_LONGEST_GENRE = 200
"""Characters of an old genre that are kept."""

_UNSYNCHRONISED, _OTHER_FLAGS = 0x80, 0x7F
_HEADER_BYTES = 10
_FRAME = re.compile(rb"[A-Z][A-Z0-9]{3}")


class _SkippedError(Exception):
    """A file must not be changed, or its tag cannot be; the message says why."""


@dataclass(frozen=True)
class Change:
    """A change of a file's genre, or the reason why it is left alone.

    Attributes:
        path: path of the file.
        before: old genre of the file, empty for none.
        after: new genre of the file.
        problem: why the file is left alone; empty if its tag was or can be written.
    """

    path: str
    before: str
    after: str
    problem: str = ""

    def __str__(self) -> str:
        name = printable(self.path)
        if self.problem:
            return f"{name}: left alone: {printable(self.problem)}"
        return f"{name}: {self.before or 'no genre'} -> {self.after}"


@dataclass(frozen=True)
class Wanted:
    """A genre for the tag of a file.

    Attributes:
        path: path of the file.
        genre: the genre.
        is_mp3: whether name and content of the file are those of an mp3.
        keeps_old: whether a file that has a genre keeps it.
    """

    path: str
    genre: str
    is_mp3: bool
    keeps_old: bool = False


def serve(connection: Connection, apply: bool) -> None:
    """Write genres to tags, or with ``apply`` false only say what would change."""
    answer_tasks(connection, partial(change, apply=apply))


def change(wanted: Wanted, apply: bool) -> Change | None:
    """Write a genre to the tag of a file; None if it has the genre already, or keeps its own.

    Args:
        wanted: file and genre.
        apply: whether to change the file.
    """
    before = ""
    try:
        path = _writable_path(wanted)
        old = _tag(path)
        before = _genre(old)
        if before == wanted.genre or (before and wanted.keeps_old):
            return None
        new = _with_genre(old or _EMPTY, wanted.genre)
        if apply:
            _replace(path, new, len(old))
    except (_SkippedError, OutputError, OSError) as error:
        return Change(wanted.path, before, wanted.genre, str(error))
    except MemoryError:
        problem = "reading its tag needs more memory than a file may take"
        return Change(wanted.path, before, wanted.genre, problem)
    except Exception as error:  # a damaged tag must cost this file alone
        return Change(wanted.path, before, wanted.genre, f"its tag is not understood: {error!r}")
    return Change(wanted.path, before, wanted.genre)


def _writable_path(wanted: Wanted) -> Path:
    """The file, with links resolved, if it may be changed."""
    path = Path(wanted.path)
    if not wanted.is_mp3:
        raise _SkippedError("not an mp3 file")
    target = path.resolve()
    if path.is_symlink() and not target.is_relative_to(path.parent.resolve()):
        raise _SkippedError(f"a link out of its folder, to {printable(target)}")
    status = target.stat()
    if not stat.S_ISREG(status.st_mode):
        raise _SkippedError("not a regular file")
    if target.is_mount():
        raise _SkippedError("the file is a mount of its own, which cannot be replaced")
    if status.st_nlink > 1:
        raise _SkippedError(
            "the file has several names (hard links); the others would keep the old tag"
        )
    writable = status.st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)
    if not writable or not os.access(target, os.W_OK):
        raise _SkippedError("the file is read-only")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise _SkippedError(f"the folder {printable(target.parent)} is read-only")
    return target


def _tag(path: Path) -> bytes:
    """The ID3v2 tag at the beginning of a file, empty where there is none."""
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
        if header[:3] != b"ID3":
            return b""
        version, flags = header[3], header[5]
        if version not in (3, 4):
            raise _SkippedError(f"its tag is ID3v2.{version}; only 2.3 and 2.4 are written")
        if flags & _OTHER_FLAGS:
            raise _SkippedError("its tag has features that are not understood")
        size = _unpacked(header[6:])
        frames = file.read(size)
    if len(frames) < size:
        raise _SkippedError("its tag is longer than the file")
    return header + frames


def _genre(tag: bytes) -> str:
    """The genre of a tag in words, also if the tag has its number; empty for none."""
    from mutagen import MutagenError
    from mutagen.id3 import ID3

    if not tag:
        return ""
    try:
        frames = ID3(BytesIO(tag), load_v1=False).getall("TCON")
    except MutagenError as error:
        raise _SkippedError(f"its tag cannot be read: {error}") from None
    genres = ", ".join(name for frame in frames for name in frame.genres)
    return printable(genres[:_LONGEST_GENRE])


def _with_genre(tag: bytes, wanted: str) -> bytes:
    """A tag with another genre; the bytes and the order of its other frames stay unchanged."""
    version, flags, body = tag[3], tag[5], tag[_HEADER_BYTES:]
    if version == 3 and flags & _UNSYNCHRONISED:  # in 2.4 a flag of each frame
        flags, body = 0, body.replace(b"\xff\0", b"\xff")
    frames, padding = _frames(body, version)
    text = b"\0" + wanted.encode("latin-1")
    size = _packed(len(text)) if version == 4 else len(text).to_bytes(4)
    others = b"".join(frame for frame in frames if not frame.startswith(b"TCON"))
    content = others + b"TCON" + size + bytes(2) + text + padding
    new = b"ID3" + bytes([version, tag[4], flags]) + _packed(len(content)) + content
    if _genre(new) != wanted:
        raise _SkippedError("its tag has features that are not understood")
    return new


def _frames(body: bytes, version: int) -> tuple[list[bytes], bytes]:
    """The frames of a tag, each with its header, and the padding after them."""
    frames, start = [], 0
    while _FRAME.match(body, start) and start + _HEADER_BYTES <= len(body):
        size = body[start + 4 : start + 8]
        end = start + _HEADER_BYTES + (_unpacked(size) if version == 4 else int.from_bytes(size))
        frames.append(body[start:end])
        start = end
    if start > len(body) or any(body[start:]):
        raise _SkippedError("the frames of its tag are not understood")
    return frames, body[start:]


def _unpacked(size: bytes) -> int:
    """Number of four bytes with seven bits each."""
    if max(size) > 0x7F:
        raise _SkippedError("its tag has an invalid size")
    first, second, third, fourth = size
    return first << 21 | second << 14 | third << 7 | fourth


def _packed(number: int) -> bytes:
    return bytes(number >> bits & 0x7F for bits in (21, 14, 7, 0))


def _replace(path: Path, tag: bytes, start: int) -> None:
    """Replace the first ``start`` bytes of a file, its old tag, by another tag."""
    remove_parts([path])  # of a process that was ended at the same file
    with path.open("rb") as old, atomic_file(path) as new:
        old.seek(start)
        new.buffer.write(tag)
        shutil.copyfileobj(old, new.buffer)
        new.flush()
        status = path.stat()
        shutil.copystat(path, new.name)
        os.utime(new.name)
        if os.geteuid() == 0:
            os.chown(new.name, status.st_uid, status.st_gid)
