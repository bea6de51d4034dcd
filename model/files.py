"""Files that appear under their names complete or not at all, and locks on files."""

import contextlib
import errno
import fcntl
import os
import re
import secrets
import shutil
import stat
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Final, TextIO

from model.errors import GenreError

_DISK_ERRORS: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""Errors of a write to a disk that is full or broken."""

_PART: Final = re.compile(r"\.(.+)\.[0-9a-f]{16}\.part", re.DOTALL)
_NAME_BYTES: Final = 200
"""Most bytes of a file's name in the name of its temporary file; systems allow 255 in all."""


class OutputError(GenreError):
    """A file cannot be written; the message names the file and the cause."""


@contextlib.contextmanager
def atomic_file(path: Path) -> Iterator[TextIO]:
    """A text file that appears under its name complete or not at all; its ``buffer`` takes bytes.

    Lines go to a new file ``.NAME.RANDOM.part`` in the same folder, which is renamed to ``NAME``
    when the block ends without an exception and is deleted otherwise. No existing file or link is
    opened.

    Args:
        path: file to write; a missing folder is created.

    Raises:
        OutputError: on entering, the path cannot be written; on leaving, the disk is full.
    """
    prepare_path(path)
    part = path.with_name(f".{_short(path.name)}.{secrets.token_hex(8)}.part")
    with _output_errors(path):
        # Mode "x" is O_CREAT | O_EXCL, which neither opens a file nor follows a link.
        file = part.open("x", encoding="utf-8", newline="")
    try:
        with _output_errors(path, _DISK_ERRORS):
            yield file
        with _output_errors(path):
            file.flush()
            os.fsync(file.fileno())
            _rename(part, path)
    finally:
        part.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # a full disk may fail on the rest of the buffer
            file.close()


def prepare_path(path: Path) -> None:
    """Create the folder of a file that will be written.

    Raises:
        OutputError: the folder cannot be created, or the path is a folder, a pipe or a device.
    """
    with _output_errors(path):
        if path.is_dir():
            raise OutputError(f"{path}: is a folder; name a file to write")
        if path.exists() and not path.is_file():
            raise OutputError(f"{path}: is a pipe or a device; name a file to write")
        path.parent.mkdir(parents=True, exist_ok=True)


def remove_parts(paths: Iterable[Path]) -> None:
    """Delete temporary files that killed writers of these paths left; no writer may be running."""
    names = {(path.parent, _short(path.name)) for path in paths}
    for folder in {folder for folder, _ in names}:
        with contextlib.suppress(OSError):
            for entry in folder.iterdir():
                match = _PART.fullmatch(entry.name)
                if match and (folder, match[1]) in names:
                    entry.unlink()


@contextlib.contextmanager
def lock(path: Path, remove: bool = False) -> Iterator[None]:
    """Hold the lock that a file stands for; the file is created where it is missing.

    Args:
        path: the file, which is never written.
        remove: whether to delete the file at the end, if it is empty.

    Raises:
        GenreError: another process holds the lock.
        OSError: the file cannot be opened.
    """
    descriptor = _locked(path)
    try:
        yield
    finally:
        status = os.fstat(descriptor)
        if remove and stat.S_ISREG(status.st_mode) and not status.st_size:
            path.unlink(missing_ok=True)
        os.close(descriptor)


def _locked(path: Path) -> int:
    """A descriptor that holds the lock."""
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise GenreError(
                f"{path}: another run is writing the same output; wait for it, or choose another "
                "with --output"
            ) from None
        # The process that held the lock may have deleted the file meanwhile.
        if path.exists() and path.stat().st_ino == os.fstat(descriptor).st_ino:
            return descriptor
        os.close(descriptor)


def _short(name: str) -> str:
    return os.fsdecode(os.fsencode(name)[:_NAME_BYTES])


@contextlib.contextmanager
def _output_errors(path: Path, numbers: Collection[int] = ()) -> Iterator[None]:
    """Turn an ``OSError``, or only those of these numbers, into an ``OutputError``."""
    try:
        yield
    except OSError as error:
        if numbers and error.errno not in numbers:
            raise
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from None


def _rename(part: Path, path: Path) -> None:
    """Rename a finished file and flush the renaming to the disk where the system allows it."""
    try:
        part.replace(path)
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        # A file that is itself a container's mount cannot be replaced, only overwritten.
        shutil.copyfile(part, path)
    with contextlib.suppress(OSError):  # a folder that cannot be opened cannot be flushed
        descriptor = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
