"""Clips that are named by paths or by addresses in an object store."""

from collections.abc import Iterator, Sequence
from pathlib import Path

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
    suffixes = AUDIO_SUFFIXES if any_audio else (SUFFIX,)
    found: list[Clip] = []
    local: list[str] = []
    for source in sources:
        if source.startswith("@"):
            found += _listed(source[1:])
        elif in_store(source):
            found += _stored(source, recursive, suffixes)
        else:
            local.append(source)
    if local:
        here = clips.find(local, recursive, any_audio)
        found += (*here.clips, *here.duplicates)
    if not found:
        raise ClipsError(f"no clip in {', '.join(sources)}; see --recursive and --any-audio")
    return clips.sorted_by_id(found)


def _listed(name: str) -> Iterator[Clip]:
    """The clips that a list names; each line is taken for one, whatever is there."""
    if in_store(name):
        place = Place(name)
        try:
            with place.filesystem.open_input_file(place.path) as file:
                content = bytes(file.read())
        except (OSError, ValueError) as error:  # ValueError: a name that no store allows
            raise ClipsError(f"{name}: cannot be read: {reason(error)}") from None
        lines = clips.lines(content)
    else:
        lines = clips.listed(Path(name))
    for line in lines:
        yield _named(line) if in_store(line) else clips.named(line)


def _named(address: str) -> Clip:
    return Clip(clips.file_id(last_part(address)), address)


def _stored(name: str, recursive: bool, suffixes: tuple[str, ...]) -> Iterator[Clip]:
    """A file of a store, or the clips of a folder there."""
    if name.lower().endswith(AUDIO_SUFFIXES):  # taken at its word, at no cost of a request
        yield _named(name)
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
