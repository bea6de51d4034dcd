"""Discovery of clips on this disk and in object stores.

Used by the command line of distributed runs.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from model import clips
from model.clips import AUDIO_SUFFIXES, SUFFIX, Clip, Found
from model.distributed.storage import Location, in_store, last_part, reason
from model.errors import UsageError


def find(sources: Sequence[str], recursive: bool = False, any_audio: bool = False) -> Found:
    """Find the clips of a run.

    Args:
        sources: sources as in ``model.clips.find``, or addresses of folders, files and lists in
            a store; a list may name files in stores and on this disk.
        recursive: search subfolders.
        any_audio: take all audio formats from folders, not only mp3.

    Raises:
        UsageError: a source is missing or cannot be read, or there is no clip.
        GenreError: a store cannot be reached.
    """
    suffixes = AUDIO_SUFFIXES if any_audio else (SUFFIX,)
    all_clips: list[Clip] = []
    local: list[str] = []
    for source in sources:
        if source.startswith("@"):
            all_clips += _listed(source[1:])
        elif in_store(source):
            all_clips += _stored(source, recursive, suffixes)
        else:
            local.append(source)
    if local:
        local_clips = clips.find(local, recursive, any_audio)
        all_clips += (*local_clips.clips, *local_clips.duplicates)
    if not all_clips:
        raise UsageError(f"no clip in {', '.join(sources)}; see --recursive and --any-audio")
    return clips.sorted_by_id(all_clips)


def _listed(name: str) -> Iterator[Clip]:
    """The clips that a list names, whether or not the files exist."""
    if in_store(name):
        location = Location(name)
        try:
            with location.filesystem.open_input_file(location.path) as file:
                content = bytes(file.read())
        except (OSError, ValueError) as error:  # ValueError: a name that the store forbids
            raise UsageError(f"{name}: cannot be read: {reason(error)}") from None
        lines = clips.lines(content, name)
    else:
        lines = clips.listed(Path(name))
    for line in lines:
        yield _named(line) if in_store(line) else clips.named(line)


def _named(address: str) -> Clip:
    return Clip(clips.file_id(last_part(address)), address)


def _stored(name: str, recursive: bool, suffixes: tuple[str, ...]) -> Iterator[Clip]:
    """A clip in a store, or the clips of a folder in a store."""
    if name.lower().endswith(AUDIO_SUFFIXES):  # without a request to the store
        yield _named(name)
        return
    from pyarrow.fs import FileSelector

    location = Location(name)
    try:
        selector = FileSelector(location.path, recursive=recursive)
        infos = location.filesystem.get_file_info(selector)
    except (OSError, ValueError) as error:
        raise UsageError(f"{name}: cannot be read: {reason(error)}") from None
    scheme = name.partition("://")[0]
    for info in infos:
        below = info.path.removeprefix(location.path).lstrip("/")
        hidden = any(part.startswith(".") for part in below.split("/"))
        if info.is_file and not hidden and below.lower().endswith(suffixes):
            yield Clip(clips.file_id(below), f"{scheme}://{info.path}")
