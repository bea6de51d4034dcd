"""Reads, copies and deletes files and folders that strangers may have written."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, Final

from grader.errors import GraderError

MAX_TABLE_BYTES: Final = 256 << 20
"""Largest table that is read; a row has about 400 bytes, so half a million clips fit."""
MAX_FILES: Final = 1_000_000
"""Most files and links of a folder that are looked at."""


def open_plain(path: Path) -> BinaryIO:
    """Open a plain file for reading, and nothing else.

    Raises:
        OSError: there is none, or it cannot be read; a link counts as none.
        ValueError: it is a folder, a pipe or a device.
    """
    # O_NONBLOCK: opening a pipe that nobody writes to would wait for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    raise ValueError("not a plain file")


def copy_table(source: IO[bytes], target: Path) -> None:
    """Copy a table, or the beginning of one that is too large to be read."""
    left = MAX_TABLE_BYTES + 1
    with target.open("wb") as file:
        while left > 0 and (block := source.read(min(left, 1 << 20))):
            file.write(block)
            left -= len(block)


def walk(
    root: Path, enters: Callable[[str], bool] = lambda path: True
) -> Iterator[tuple[str, os.stat_result]]:
    """Path below a folder and status of everything in it but folders, at any depth.

    Links are not followed. What cannot be read is left out.

    Args:
        root: the folder.
        enters: tells of a folder's path below ``root`` whether to look into it.

    Raises:
        GraderError: there are more than ``MAX_FILES`` entries.
    """
    folders, left = [""], MAX_FILES
    while folders:
        folder = folders.pop()
        for name in _names(root / folder):
            path = f"{folder}/{name}" if folder else name
            try:
                status = (root / path).lstat()
            except OSError:
                continue
            left -= 1
            if left < 0:
                raise GraderError(f"{root}: holds more than {MAX_FILES} files; remove some")
            if not stat.S_ISDIR(status.st_mode):
                yield path, status
            elif enters(path):
                folders.append(path)


def folder_bytes(folder: Path) -> int:
    """Bytes on disk of all files in a folder; more than any limit above ``MAX_FILES`` entries."""
    try:
        return sum(512 * status.st_blocks for _, status in walk(folder))
    except GraderError:
        return sys.maxsize


def free_disk(folder: str) -> int | None:
    """Free bytes of the disk that a folder lies on; None where there is no such folder."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def _names(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries]
    except OSError:
        return []


def make_parents(path: Path) -> None:
    """Make the folders that a path lies in, at any depth.

    Raises:
        OSError: one of them cannot be made.
    """
    if not path.parent.is_dir():
        for folder in reversed(path.parents):
            folder.mkdir(exist_ok=True)


def remove_folder(folder: Path) -> None:
    """Delete a folder of any depth, also if its owner locked parts of it.

    Raises:
        GraderError: it cannot be deleted.
    """
    # shutil.rmtree needs a frame of Python and a descriptor for each level.
    subprocess.run(["chmod", "-R", "u+rwX", "--", folder], capture_output=True)
    done = subprocess.run(["rm", "-rf", "--", folder], capture_output=True)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").partition("\n")[0]
        raise GraderError(f"{folder}: cannot be deleted: {said}; delete it by hand")


@contextmanager
def temporary_folder(purpose: str) -> Iterator[Path]:
    """A new folder that is deleted at the end, whatever a submission put into it.

    Where that is impossible, because the files are of another user, standard error says so.

    Args:
        purpose: part of its name.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"{purpose}-"))
    try:
        yield folder
    finally:
        try:
            remove_folder(folder)
        except GraderError as error:
            print(error, file=sys.stderr)
