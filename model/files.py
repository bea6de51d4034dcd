"""Files that appear under their names complete or not at all; used for every output file."""

import contextlib
import errno
import os
import shutil
from pathlib import Path
from types import TracebackType
from typing import TextIO

from model.errors import GenreError

_DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""Errors of a write to a disk that is full or broken."""


class OutputError(GenreError):
    """A file cannot be written; the message names the file and the cause."""


class AtomicFile:
    """A file that appears under its name complete or not at all.

    A context manager whose value is a text file; its ``buffer`` takes bytes. Lines go to
    ``.NAME.part`` in the same folder, which is renamed to ``NAME`` when the block ends without an
    exception and is deleted otherwise. Two writers of one path must exclude each other.

    Args:
        path: file to write; a missing folder is created.

    Attributes:
        part: the unfinished file.

    Raises:
        OutputError: on entering, the path cannot be written; on leaving, the disk is full.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.part = path.with_name(f".{path.name}.part")

    def __enter__(self) -> TextIO:
        prepare_path(self.path)
        try:
            self.file: TextIO = self.part.open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise _cannot_write(self.path, error) from None
        return self.file

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if isinstance(error, OSError) and error.errno in _DISK_ERRORS:
                raise error
            if kind is None:
                self.file.flush()
                os.fsync(self.file.fileno())
                _rename(self.part, self.path)
        except OSError as failure:
            raise _cannot_write(self.path, failure) from None
        finally:
            self.part.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # a full disk may fail on the rest of the buffer
                self.file.close()


def prepare_path(path: Path) -> None:
    """Create the folder of a file that will be written.

    Raises:
        OutputError: the folder cannot be created, or the path is a folder, a pipe or a device.
    """
    if path.is_dir():
        raise OutputError(f"{path}: is a folder; name a file to write")
    if path.exists() and not path.is_file():
        raise OutputError(f"{path}: is a pipe or a device; name a file to write")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_write(path, error) from None


def _cannot_write(path: Path, error: OSError) -> OutputError:
    return OutputError(f"{path}: cannot be written: {error.strerror}")


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
