"""A folder, files or a list of files to clips with ids, in the order of the submission."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

SUFFIX = ".mp3"


class ClipsError(Exception):
    """There is nothing to classify; the message says why and what to do."""


@dataclass(frozen=True)
class Notice:
    """Something that a person should know about a clip.

    Attributes:
        reason: one word of the vocabulary in ``docs/errors.md``.
        detail: one line for people.
    """

    reason: str
    detail: str


@dataclass(frozen=True)
class Clip:
    """One file to classify.

    Attributes:
        file_id: its name in the submission, valid Unicode.
        path: where it lies.
    """

    file_id: str
    path: Path


@dataclass(frozen=True)
class Found:
    """Clips of a run.

    Attributes:
        clips: sorted by ``file_id``, each id once.
        duplicates: clips whose id another clip has already, in the same order.
    """

    clips: tuple[Clip, ...]
    duplicates: tuple[Clip, ...]


def find(sources: Sequence[str], recursive: bool = False) -> Found:
    """Clips named by the arguments of the command line.

    Args:
        sources: folders (every mp3 directly in them), files, or ``@list.txt`` with a path a line.
        recursive: look into the subfolders of folders as well; an id is then the path below the
            folder, without its suffix.

    Raises:
        ClipsError: a source is not there or cannot be read, or no clip was found.
    """
    clips = [clip for source in sources for clip in _from_source(source, recursive)]
    if not clips:
        where = ", ".join(sources)
        hint = "" if recursive else "; add --recursive to look into its subfolders"
        raise ClipsError(f"no {SUFFIX} file in {where}{hint}")
    clips.sort(key=lambda clip: (clip.file_id, os.fsencode(clip.path)))
    unique: dict[str, Clip] = {}
    duplicates = [clip for clip in clips if unique.setdefault(clip.file_id, clip) is not clip]
    return Found(tuple(unique.values()), tuple(duplicates))


def file_id(name: str) -> str:
    """A file's name without ``.mp3``; bytes that are not UTF-8 become visible escapes."""
    stem = name[: -len(SUFFIX)] if name.lower().endswith(SUFFIX) else name
    return os.fsencode(stem).decode("utf-8", "backslashreplace")


def printable(name: str | Path) -> str:
    """A file name on one line of a console or of a json file, whatever is in it."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _from_source(source: str, recursive: bool) -> Iterator[Clip]:
    if source.startswith("@"):
        return _from_list(Path(source[1:]))
    path = Path(source)
    if path.is_dir():
        return _from_folder(path, recursive)
    if not os.path.lexists(path):
        raise ClipsError(f"{source}: no such folder or file; name a folder that holds mp3 files")
    return iter([Clip(file_id(path.name), path)])


def _from_list(path: Path) -> Iterator[Clip]:
    try:
        text = os.fsdecode(path.read_bytes())
    except OSError as error:
        raise ClipsError(f"{path}: the list of clips cannot be read: {error.strerror}") from None
    for line in filter(None, text.removeprefix("\ufeff").splitlines()):
        yield Clip(file_id(Path(line).name), Path(line))


def _from_folder(folder: Path, recursive: bool) -> Iterator[Clip]:
    for place, folders, names in os.walk(folder, onerror=_refuse):
        for name in names:
            if name.lower().endswith(SUFFIX):
                path = Path(place, name)
                yield Clip(file_id(str(path.relative_to(folder))), path)
        if not recursive:
            folders.clear()


def _refuse(error: OSError) -> None:
    raise ClipsError(f"{error.filename}: the folder cannot be read: {error.strerror}") from None
