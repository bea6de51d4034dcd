"""Clips that are named by paths or by addresses in an object store."""

import os
from collections.abc import Iterator, Sequence

from model import clips
from model.clips import AUDIO_SUFFIXES, SUFFIX, Clip, ClipsError, Found
from model.distributed.places import Place, in_store, last_part, reason


def find(sources: Sequence[str], recursive: bool = False, any_audio: bool = False) -> Found:
    """Clips named by the arguments of the command line.

    Args:
        sources: what ``model.clips.find`` takes, and addresses of folders and files of a store;
            a list, too, may lie there, and may name files there.
        recursive: look into subfolders.
        any_audio: take all formats from folders.

    Raises:
        ClipsError: a source is not there or cannot be read, or no clip was found.
        PlaceError: a store cannot be reached.
    """
    names = [name for source in sources for name in _listed(source)]
    local = [name for name in names if not in_store(name)]
    remote = [name for name in names if in_store(name)]
    here = clips.find(local, recursive, any_audio) if local else Found((), ())
    if not remote:
        return here
    suffixes = AUDIO_SUFFIXES if any_audio else (SUFFIX,)
    there = [clip for name in remote for clip in _stored(name, recursive, suffixes)]
    if not there:
        raise ClipsError(f"no clip in {', '.join(remote)}; see --recursive and --any-audio")
    return clips.sorted_by_id([*here.clips, *here.duplicates, *there])


def _listed(source: str) -> list[str]:
    """A source, or what a list names where addresses are in it."""
    if not source.startswith("@"):
        return [source]
    if in_store(source[1:]):
        place = Place(source[1:])
        try:
            with place.filesystem.open_input_file(place.path) as file:
                text = os.fsdecode(bytes(file.read()))
        except (OSError, ValueError) as error:  # ValueError: a name that no store allows
            raise ClipsError(f"{source[1:]}: cannot be read: {reason(error)}") from None
    else:
        try:
            with open(source[1:], "rb") as lines:  # noqa: PTH123 - a string, as it was given
                text = os.fsdecode(lines.read())
        except OSError as error:
            raise ClipsError(f"{source[1:]}: the list cannot be read: {error.strerror}") from None
    names = [line for line in text.removeprefix("\ufeff").splitlines() if line]
    if not names:
        raise ClipsError(f"{source[1:]}: no clip is in this list")
    return names


def _stored(name: str, recursive: bool, suffixes: tuple[str, ...]) -> Iterator[Clip]:
    """A file of a store, or the clips of a folder there."""
    if name.lower().endswith(AUDIO_SUFFIXES):  # taken at its word, so that lists cost no requests
        yield Clip(clips.file_id(last_part(name)), name)
        return
    from pyarrow.fs import FileSelector

    place = Place(name)
    try:
        found = place.filesystem.get_file_info(FileSelector(place.path, recursive=recursive))
    except (OSError, ValueError) as error:
        raise ClipsError(f"{name}: cannot be read: {reason(error)}") from None
    scheme = name.partition("://")[0]
    for info in found:
        if info.is_file and info.path.lower().endswith(suffixes):
            below = info.path.removeprefix(place.path).lstrip("/")
            yield Clip(clips.file_id(below), f"{scheme}://{info.path}")
