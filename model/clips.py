"""A folder, files or a list of files to clips with ids, in the order of the submission."""

import logging
import os
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from model.errors import UsageError

LONGEST_SECONDS = 30.0
"""Longer recordings are represented by their middle 30 s, as the clips of FMA are."""

SUFFIX = ".mp3"
AUDIO_SUFFIXES = (
    SUFFIX,
    ".aac",
    ".aif",
    ".aifc",
    ".aiff",
    ".flac",
    ".m4a",
    ".mp4",
    ".oga",
    ".ogg",
    ".opus",
    ".wav",
    ".wma",
)
"""Names of files that the decoders may read; what they hold decides."""

_LARGEST_LIST = 1 << 30
"""Bytes of a list of clips: five million paths of 200 characters."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a person should know about a clip.

    Attributes:
        reason: one word of the vocabulary in ``docs/errors.md``.
        detail: one line for people.
    """

    reason: str
    detail: str

    @property
    def is_problem(self) -> bool:
        """Whether something is wrong with the file, or unusual; a long song is neither."""
        return self.reason != "long"


@dataclass(frozen=True, slots=True)
class Clip:
    """One file to classify. A run may hold very many, so that it is small.

    Attributes:
        file_id: its name in the submission, valid Unicode.
        path: path of the file; bytes that are not UTF-8 as ``os.fsdecode`` has them.
    """

    file_id: str
    path: str

    @property
    def name(self) -> str:
        """The last part of its path."""
        return os.path.basename(self.path)  # noqa: PTH119 - a string, for which no path is made

    @property
    def is_mp3(self) -> bool:
        """Whether it is called an mp3."""
        return self.path.lower().endswith(SUFFIX)


@dataclass(frozen=True)
class Found:
    """Clips of a run.

    Attributes:
        clips: sorted by ``file_id``, each id once.
        duplicates: clips whose id another clip has already, in the same order.
    """

    clips: tuple[Clip, ...]
    duplicates: tuple[Clip, ...]


COMMAND_LINE = (
    "add --recursive to look into its subfolders",
    "add --any-audio for formats other than mp3",
)
"""How a person asks for subfolders, and for other formats."""


def find(
    sources: Sequence[str],
    recursive: bool = False,
    any_audio: bool = False,
    advice: tuple[str, str] = COMMAND_LINE,
) -> Found:
    """Clips named by the arguments of the command line, or of a call.

    Args:
        sources: folders (every mp3 directly in them whose name does not begin with a dot), files
            of any name, or ``@list.txt`` with a path a line.
        recursive: look into the subfolders of folders as well; an id is then the path below the
            folder, without its suffix.
        any_audio: take every file of a folder that has one of ``AUDIO_SUFFIXES``.
        advice: how to ask for the two above; part of the message when there is no clip.

    Raises:
        UsageError: a source is not there or cannot be read, or no clip was found. A subfolder that
            cannot be read is left out with a warning.
    """
    suffixes = AUDIO_SUFFIXES if any_audio else (SUFFIX,)
    clips = [clip for source in sources for clip in _from_source(source, recursive, suffixes)]
    if not clips:
        kind = "audio" if any_audio else SUFFIX
        left = [told for told, done in zip(advice, (recursive, any_audio), strict=True) if not done]
        raise UsageError("; ".join([f"no {kind} file in {', '.join(sources)}", *left]))
    return sorted_by_id(clips)


def shard(found: Found, part: int, parts: int) -> Found:
    """One of ``parts`` parts of the clips: every ``parts``-th of them, from the ``part``-th on.

    The parts differ in size by one clip at most; together they are all clips, each once. A
    duplicate stays with the clip that has its id.

    Args:
        found: all clips.
        part: which part, from 1 to ``parts``.
        parts: number of parts.
    """
    clips = found.clips[part - 1 :: parts]
    ids = {clip.file_id for clip in clips} if found.duplicates else set()
    return Found(clips, tuple(clip for clip in found.duplicates if clip.file_id in ids))


def file_id(name: str) -> str:
    """A file's name without ``.mp3``; bytes that are not UTF-8 become visible escapes.

    Other suffixes stay, so that ``a.wav`` and ``a.mp3`` have different ids. The id of ``.mp3`` is
    ``.mp3``, because an id is never empty.
    """
    stem = name[: -len(SUFFIX)] if name.lower().endswith(SUFFIX) else name
    stem = stem or name
    return os.fsencode(stem).decode("utf-8", "backslashreplace")


def lines(content: bytes, name: str | Path) -> list[str]:
    """Paths that a list names, one a line.

    A line ends with a newline, before which a carriage return may stand; any other byte may be in
    a file's name. Empty lines, a byte order mark and comments are passed over. A comment begins
    with ``#`` and a space, or with ``#`` without naming an audio file, as ``#EXTM3U`` of playlists.

    Args:
        content: the list.
        name: name of the list, for the message.

    Raises:
        UsageError: it is text in UTF-16.
    """
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        raise UsageError(f"{name}: the list of clips is in UTF-16; save it as UTF-8")
    ended = content.removeprefix(BOM_UTF8).split(b"\n")
    texts = (os.fsdecode(line.removesuffix(b"\r")) for line in ended)
    return [text for text in texts if text and not _is_comment(text)]


def _is_comment(line: str) -> bool:
    """Whether a line of a list is a comment; ``#1 hit.mp3`` is a file."""
    is_file = line.lower().endswith(AUDIO_SUFFIXES) and not line.startswith("# ")
    return line.startswith("#") and not is_file


def listed(path: Path) -> list[str]:
    """Paths that a list on this disk names.

    Raises:
        UsageError: it cannot be read, or is not a list of paths.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_LIST + 1)
    except OSError as error:
        raise UsageError(f"{path}: the list of clips cannot be read: {error.strerror}") from None
    if len(content) > _LARGEST_LIST:
        raise UsageError(f"{path}: the list of clips is larger than 1 GiB; split it")
    return lines(content, path)


def named(path: str) -> Clip:
    """The clip of a path that a list names, whether or not it is there."""
    return Clip(file_id(Path(path).name), os.fspath(Path(path)))


def counted(number: int) -> str:
    """A number of clips in words."""
    return "1 clip" if number == 1 else f"{number} clips"


def printable(name: object) -> str:
    """A file name or a message on one line of a console or of a json file, whatever is in it."""
    return "".join(map(_visible, str(name)))


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    if "\udc80" <= character <= "\udcff":  # a byte that is not UTF-8, as os.fsdecode has it
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()


def sorted_by_id(clips: Sequence[Clip]) -> Found:
    """Clips in the order of the submission, each with an id of its own as far as possible.

    Clips of different folders with the same id have their paths for ids. Of several that are still
    equal, as ``a.mp3`` and ``a.MP3`` of one folder, the first by the bytes of its path has the row.
    """
    clips = sorted(_with_different_ids(clips), key=attrgetter("file_id"))
    unique, duplicates = [], []
    for _, same in groupby(clips, key=attrgetter("file_id")):
        first, *others = sorted(same, key=lambda clip: os.fsencode(clip.path))
        unique.append(first)
        duplicates.extend(others)
    return Found(tuple(unique), tuple(duplicates))


def _with_different_ids(clips: Sequence[Clip]) -> Sequence[Clip]:
    """Clips with ids; equal ones become paths where the paths differ by more than the suffix."""
    while len({clip.file_id for clip in clips}) < len(clips):
        paths: dict[str, str] = {}
        several = set()
        for clip in clips:
            path = file_id(clip.path)
            if paths.setdefault(clip.file_id, path) != path:
                several.add(clip.file_id)
        if not several:
            break
        # A path may be the id of another clip, hence the loop.
        clips = [
            Clip(file_id(clip.path), clip.path) if clip.file_id in several else clip
            for clip in clips
        ]
    return clips


def _from_source(source: str, recursive: bool, suffixes: tuple[str, ...]) -> Iterable[Clip]:
    if source.startswith("@"):
        return map(named, listed(Path(source[1:])))
    path = Path(source)
    if path.is_dir():
        return _from_folder(path, recursive, suffixes)
    if not os.path.lexists(path):
        raise UsageError(f"{source}: no such folder or file; name a folder that holds mp3 files")
    return [named(source)]


def _from_folder(folder: Path, recursive: bool, suffixes: tuple[str, ...]) -> Iterator[Clip]:
    """Clips of a folder without those that are hidden; links to folders are not followed."""
    waiting = [""]
    while waiting:  # os.walk calls itself for each level; a folder may have thousands
        below = waiting.pop()
        try:
            entries = os.scandir(folder / below)
        except OSError as error:
            problem = f"{folder / below}: the folder cannot be read: {error.strerror}"
            if not below:
                raise UsageError(problem) from None
            log.warning("%s; it is left out", printable(problem))
            continue
        with entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if not _is_folder(entry):
                    if entry.name.lower().endswith(suffixes):
                        path = os.fspath(folder / below / entry.name)
                        yield Clip(file_id(below + entry.name), path)
                elif recursive and not entry.is_symlink():
                    waiting.append(f"{below}{entry.name}/")


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False
