"""The files that a run writes: their paths, checks before the run, and locks during the run.

No output may be an input or another output. An existing file is replaced only if it has the form of
an output of this program, or if the user allows it.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from model.clips import Found
from model.errors import UsageError
from model.files import OutputError, lock, prepare_path, remove_parts
from model.genres import GENRES
from model.options import Options
from model.outputs import settings
from model.outputs.formats import XLSX_MARK
from model.outputs.submission import csv_line, errors_path
from model.outputs.table import WINDOW_COLUMNS, Layout

_LOOKED_AT: Final = 1 << 16
"""Bytes at the beginning and at the end of a file that show whether it is an output."""

_HEADERS: Final = tuple(csv_line(list(c)).encode() for c in (Layout().columns, WINDOW_COLUMNS))
_FIRST_GENRE: Final = GENRES[0].encode()


def journal_folder(output: Path) -> Path:
    """Folder of a table's journal."""
    return output.with_name(f"{output.name}.journal")


def output_files(options: Options) -> list[Path]:
    """The files that a run writes, the table first; its journal is a folder."""
    output = options.output
    files = [output, errors_path(output)]
    files += filter(None, (options.per_window, options.embeddings, options.report))
    return [*files, settings.path_for(output)] if options.save_settings else files


def check(options: Options, found: Found, more_inputs: Iterable[Path]) -> None:
    """Check before a run that its outputs can be written and destroy nothing.

    Args:
        options: options of the run.
        found: clips of the run.
        more_inputs: other files that the run reads.

    Raises:
        UsageError: an output is an input, another output, or a file of somebody else.
        OutputError: an output cannot be written.
    """
    files = output_files(options)
    _check_distinct([*files, journal_folder(options.output)])
    lists = [source[1:] for source in options.sources if source.startswith("@")]
    clips = (clip.path for clip in (*found.clips, *found.duplicates))
    check_files(files, (*lists, options.prior, *more_inputs), clips, options.overwrite)


def check_files(
    files: Sequence[Path],
    inputs: Iterable[str | Path],
    clips: Iterable[str] = (),
    overwrite: bool = False,
) -> None:
    """Check that files can be written and that this destroys nothing.

    Args:
        files: the files, which may exist.
        inputs: files that are read; they need not exist.
        clips: more files that are read.
        overwrite: whether existing files may be replaced, whatever they hold.

    Raises:
        UsageError: a file is an input, is named twice, or belongs to somebody else.
        OutputError: a file cannot be written.
    """
    _check_distinct(files)
    existing = {key: path for path in files if (key := _identity(path))}
    read = (*inputs, *clips) if existing else ()
    for path in read:
        key = _identity(path)
        if key and (output := existing.get(key)):
            raise UsageError(f"{output}: is an input of this run; name another file to write")
    for path in files:
        prepare_path(path)
        if path.exists() and not overwrite and not is_output(path):
            raise UsageError(
                f"{path}: exists and is no output of this program; name another file to write, or "
                "add --overwrite to replace it"
            )


@contextlib.contextmanager
def locked(files: Sequence[Path]) -> Iterator[None]:
    """Exclude other runs from writing any of these files, and delete what killed runs left.

    Raises:
        GenreError: another run is writing one of the files.
        OutputError: the folder of a file cannot be written.
    """
    with contextlib.ExitStack() as locks:
        for path in files:
            try:
                locks.enter_context(lock(path.with_name(f".{path.name}.lock"), remove=True))
            except OSError as error:
                raise OutputError(f"{path}: cannot be written: {error.strerror}") from None
        remove_parts(files)
        yield


def is_output(path: Path) -> bool:
    """Whether a file is empty, or has the form of a file that this program writes."""
    try:
        with path.open("rb") as file:
            head = file.read(_LOOKED_AT)
            file.seek(max(0, file.seek(0, os.SEEK_END) - _LOOKED_AT))
            tail = file.read()
    except OSError:
        return False
    line = head.partition(b"\n")[0]
    return not head or any(
        (
            head.startswith(tuple(header.rstrip() for header in _HEADERS)),
            line.startswith(b'{"file_id": ') and (b'"reason": ' in line or _FIRST_GENRE in line),
            head.startswith(b'{\n "clips": [') and b'\n "about": {' in tail,
            head.startswith(b"<!doctype html>") and b"<title>Genres of " in head,
            head.startswith(b"PAR1") and b"file_id" in tail,
            head.startswith(b"PK") and b"file_id.npy" in head and b"embedding.npy" in tail,
            head.startswith(b"PK") and tail.endswith(XLSX_MARK),
        )
    )


def _check_distinct(files: Sequence[Path]) -> None:
    places: set[object] = set()
    for path in files:
        own = {key for key in (os.path.realpath(path), _identity(path)) if key}
        if own & places:
            raise UsageError(f"{path}: two outputs would have this name")
        places |= own


def _identity(path: str | Path) -> tuple[int, int] | None:
    """Device and number of a file, which all its names have in common; None for a missing file."""
    try:
        status = os.stat(path)  # noqa: PTH116 - may be a string, for which no path is made
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino
