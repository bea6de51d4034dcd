"""Files that appear under their names complete or not at all; used for every output file."""

import contextlib
import errno
import os
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TextIO

from model.errors import GenreError

_DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""Errors of a write to a disk that is full or broken."""


class OutputError(GenreError):
    """A file cannot be written; the message names the file and the cause."""


@contextlib.contextmanager
def atomic_file(path: Path) -> Iterator[TextIO]:
    """A text file that appears under its name complete or not at all; its ``buffer`` takes bytes.

    Lines go to ``.NAME.part`` in the same folder, which is renamed to ``NAME`` when the block ends
    without an exception and is deleted otherwise. Two writers of one path must exclude each other.

    Args:
        path: file to write; a missing folder is created.

    Raises:
        OutputError: on entering, the path cannot be written; on leaving, the disk is full.
    """
    prepare_path(path)
    part = path.with_name(f".{path.name}.part")
    with _output_errors(path):
        file = part.open("w", encoding="utf-8", newline="")
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
    if path.is_dir():
        raise OutputError(f"{path}: is a folder; name a file to write")
    if path.exists() and not path.is_file():
        raise OutputError(f"{path}: is a pipe or a device; name a file to write")
    with _output_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)


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
