"""Clips in parts: how a song is cut, and how the predictions of its parts become one.

A clip is one part by default. With ``--whole`` a recording longer than 30 s is as many parts as it
needs, each a few windows long, and only their logits are kept.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from threading import Event
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from model.clips import LONGEST_SECONDS, Notice
from model.decoding.pool import Decoded, DecoderPool, Part, Song, Task
from model.systems.base import System, window_starts
from model.workers.pool import TaskOrFunction

Floats: TypeAlias = NDArray[np.float32]

PART_SECONDS: Final = 60.0
"""Longer parts take more memory; shorter ones take more time to find their start in the file."""

MOST_SECONDS: Final = 24 * 3600.0
"""A file's header may claim any length; behind so much of a recording nothing is analysed."""

_PICTURE_FRAMES: Final = 4096
"""At most about so many frames of a song are kept for its thumbnail."""

_LOST: Final = ("timeout", "crash", "memory")
_MOST_LOST: Final = 3
"""After so many parts in a row that cost a worker process or its time, no more are tried."""

_IGNORED: Final = ("silent", "not_mp3")


@dataclass
class Cut:
    """A clip's parts.

    Attributes:
        parts: at least one task of a worker process, or function that decodes in this process.
        notices: problems and peculiarities of the whole file that its parts do not show.
        sent: number of parts that were sent to worker processes.
    """

    parts: list[Any]
    notices: tuple[Notice, ...] = ()
    sent: int = 0

    def give_up(self) -> None:
        """Leave out the parts that were not sent yet."""
        detail = f"only the first {self.sent} of {len(self.parts)} parts were tried"
        self.notices = (*self.notices, Notice("incomplete", detail))
        del self.parts[self.sent :]


def spans(length: float, window: float) -> list[tuple[float, float]]:
    """Start and length in seconds of the parts of a song, each one window or several.

    The windows are spread evenly from the first to the last second of the song, as many as fit
    best, as those of a clip are (``model.systems.base.cut_windows``). A part has as many of them as
    60 s hold; where a window is as long as a clip, a part has one.

    Args:
        length: seconds of the song, at least ``window``.
        window: seconds of a window.
    """
    count = max(1, round(length / window))
    if count == 1:
        return [((length - window) / 2, window)]
    starts = np.linspace(0.0, length - window, count)
    # Systems with windows of a clip have front ends that scale by the loudest value of a clip.
    each = int(PART_SECONDS / window) if window < LONGEST_SECONDS - 1 else 1
    groups = [starts[first : first + each] for first in range(0, count, each)]
    return [(float(group[0]), float(group[-1] - group[0]) + window) for group in groups]


def window_seconds(system: System) -> float:
    """Length of a system's window in seconds."""
    return system.window_frames * system.front_end.hop_length / system.front_end.sample_rate


def cut_songs(
    paths: Iterable[str], decoders: DecoderPool, window: float, stop: Event | None
) -> Iterator[Cut]:
    """The parts of each file, for a run over whole songs.

    A recording of up to 30 s, and a file that cannot be decoded, is one part as without ``whole``.
    """
    ahead: list[str] = []

    def noted() -> Iterator[str]:
        for path in paths:
            ahead.append(path)
            yield path

    for song in decoders.songs(noted(), 2 * decoders.workers, stop):
        path = ahead.pop(0)
        if not song.length:
            yield Cut([path])
            continue
        notices = song.notices
        if song.length > MOST_SECONDS:
            detail = f"the first 24 h of {song.length / 3600:.0f} h were used"
            notices = (*notices, Notice("long", detail))
        yield Cut(_tasks(path, song, window), notices)


def _tasks(path: str, song: Song, window: float) -> list[Part]:
    length = min(song.length, MOST_SECONDS)
    return [Part(path, *span, song.decoder) for span in spans(length, window)]


@dataclass
class Queue:
    """Clips on their way to the worker processes and from them to the network, in order.

    Attributes:
        cuts: the parts of each clip that is a file.
        local: by index of the clip, the parts of clips that are decoded in this process.
        begun: clips of which a part was passed on to the network; the caller takes them away.
    """

    cuts: Iterable[Cut]
    local: Mapping[int, Cut]
    begun: deque[Cut] = field(default_factory=deque)
    _sent: deque[Cut] = field(default_factory=deque)

    def tasks(self) -> Iterator[TaskOrFunction[Task]]:
        """The parts of all files, for ``DecoderPool.map``."""
        for cut in self.cuts:
            self._sent.append(cut)
            for part in cut.parts:
                cut.sent += 1
                yield part

    def decoded(self, files: Iterator[Decoded], clips: int) -> Iterator[Decoded]:
        """The decoded parts of all clips; ends early where ``files`` does.

        Args:
            files: the answers to ``tasks``.
            clips: number of clips.
        """
        for index in range(clips):
            if index in self.local:
                self.begun.append(self.local[index])
                yield from (decode() for decode in self.local[index].parts)
            elif (first := next(files, None)) is not None:
                self.begun.append(self._sent.popleft())
                yield from _until_given_up(self.begun[-1], chain([first], files))
            else:
                return


def _until_given_up(cut: Cut, files: Iterator[Decoded]) -> Iterator[Decoded]:
    """The decoded parts of a clip; several in a row that end worker processes are the last."""
    lost = number = 0
    while number < len(cut.parts) and (item := next(files, None)) is not None:
        number += 1
        lost = lost + 1 if any(notice.reason in _LOST for notice in item.notices) else 0
        if lost >= _MOST_LOST and cut.sent < len(cut.parts):
            cut.give_up()
        yield item


@dataclass
class Answers:
    """What is kept of the parts of a clip while it is classified.

    Attributes:
        cut: the parts of the clip.
        system: the system that classifies them.
        with_picture: whether frames for a thumbnail are kept.
        spans: for each part with an answer, the seconds of the file at which its windows begin and
            end, shape [windows, 2].
        logits: for each of these parts, shape [windows, 16].
        embeddings: for each of these parts, shape [windows, features], where they are computed.
        pictures: for each part with an answer, the frames that its windows cover, or means of some
            of them; for each other part None.
        notices: for each part its notices.
    """

    cut: Cut
    system: System
    with_picture: bool = False
    spans: list[NDArray[np.float64]] = field(default_factory=list)
    logits: list[Floats] = field(default_factory=list)
    embeddings: list[Floats] = field(default_factory=list)
    pictures: list[NDArray[Any] | None] = field(default_factory=list)
    notices: list[tuple[Notice, ...]] = field(default_factory=list)

    def add(self, item: Decoded, logits: Floats, embeddings: Floats | None) -> None:
        """Add the next part: what was decoded, and the answers for its windows."""
        notices = item.notices
        if item.frames is not None and not np.isfinite(logits).all():
            overflow = "its values are so large that the network gave no numbers"
            notices = (*notices, Notice("failure", overflow))
        elif item.frames is not None:
            front_end, length = self.system.front_end, len(item.frames)
            starts = window_starts(length, self.system.window_frames)
            ends = np.minimum(starts + self.system.window_frames, length)
            seconds = np.column_stack([starts, ends]) * front_end.hop_length / front_end.sample_rate
            self.spans.append(np.asarray(item.start + seconds, np.float64))
            self.logits.append(logits)
            if embeddings is not None:
                self.embeddings.append(embeddings)
            if self.with_picture:
                self.pictures.append(self._picture(item.frames[: ends[-1]]))
        self.notices.append(notices)
        if len(self.pictures) < len(self.notices):
            self.pictures.append(None)

    def picture(self) -> NDArray[Any]:
        """Frames from the first window to the last; parts without an answer are the softest."""
        known = [frames for frames in self.pictures if frames is not None]
        blank = np.full_like(max(known, key=len), min(frames.min() for frames in known))
        first = next(place for place, frames in enumerate(self.pictures) if frames is not None)
        while self.pictures[-1] is None:
            self.pictures.pop()
        inner = self.pictures[first:]
        return np.concatenate([blank if frames is None else frames for frames in inner])

    @property
    def complete(self) -> bool:
        """Whether all parts were added."""
        return len(self.notices) == len(self.cut.parts)

    def all_notices(self) -> tuple[Notice, ...]:
        """The notices of a clip in one part, or one for all damaged parts and one of each other."""
        if len(self.notices) == 1:
            return (*self.cut.notices, *self.notices[0])
        named = [notice for notices in self.notices for notice in notices]
        if not self.logits:
            broken = [notice for notice in named if notice.reason not in _IGNORED]
            return (*(broken or named)[:1], *self.cut.notices)
        return (*self.cut.notices, *_summed_up(self.notices))

    def _picture(self, frames: NDArray[Any]) -> NDArray[Any]:
        parts = len(self.cut.parts)
        if parts == 1:
            return frames
        step = 1 + len(frames) * parts // _PICTURE_FRAMES
        firsts = np.arange(0, len(frames), step)
        sums = np.add.reduceat(frames, firsts, axis=0, dtype=np.float32)
        sizes = np.diff(firsts, append=len(frames))
        return np.asarray(sums / sizes[:, None], frames.dtype)


def _summed_up(parts: Sequence[tuple[Notice, ...]]) -> Iterator[Notice]:
    """Notices of a song from those of its parts; a silent part is nothing unusual."""
    by_reason: dict[str, Notice] = {}
    damaged = [notices for notices in parts if any(map(_is_damage, notices))]
    for notice in (notice for notices in parts for notice in notices):
        by_reason.setdefault("incomplete" if _is_damage(notice) else notice.reason, notice)
    for reason, notice in by_reason.items():
        if reason == "incomplete":
            first = f"the first of them: {notice.reason}: {notice.detail}"
            many = f"{len(damaged)} of {len(parts)} parts are damaged or missing"
            yield Notice("incomplete", f"{many}; {first}")
        elif reason not in _IGNORED:
            yield notice


def _is_damage(notice: Notice) -> bool:
    return notice.reason not in (*_IGNORED, "non_finite")
