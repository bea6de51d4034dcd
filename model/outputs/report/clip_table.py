"""Data of the page's script: columns of short values for the table of clips.

``rows`` is parsed when the page opens, ``details`` when the first clip is opened. Probabilities are
whole numbers of ``UNIT``.
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from model.clips import printable
from model.genres import GENRES
from model.outputs.report import likeness, thumbnails
from model.outputs.report.audio import EmbeddedAudio, location
from model.outputs.report.reasons import MEANINGS
from model.outputs.report.song_tags import COVER_CLIPS, SongTags
from model.outputs.report.units import UNIT, in_units
from model.results import Result, Window

SIMILAR: Final = 5
"""Number of similar clips in the details of a clip."""

MOST_COLUMNS: Final = 200
"""Most columns of the chart of genres over time."""


class ClipTable:
    """Clips in the order in which they are added.

    Args:
        folder: folder of the page.
        embed_limit: largest total size of embedded audio files in bytes; 0 embeds none.

    Attributes:
        audio: the embedded audio files.
    """

    def __init__(self, folder: Path, embed_limit: int) -> None:
        self._folder = folder
        self._rows: dict[str, list[Any]] = {
            name: []
            for name in (
                "names",
                "titles",
                "artists",
                "posteriors",
                "predicted",
                "notices",
                "truth",
            )
        }
        self._details: dict[str, list[Any]] = {
            name: [] for name in ("windows", "paths", "locations")
        }
        self._ids: dict[int, str] = {}
        self._covers: list[str] = []
        self._audio_urls: list[str] = []
        self._pictures: list[NDArray[np.uint8] | None] = []
        self._vectors: list[NDArray[np.float32] | None] = []
        self.audio = EmbeddedAudio(embed_limit)

    def add(self, result: Result, tags: SongTags, truth: int | None) -> None:
        """Add the next clip, with the tags of its file and the index of its right genre."""
        clip, index = result.clip, len(self._audio_urls)
        name = printable(clip.file_id)
        if name != clip.file_id:
            self._ids[index] = clip.file_id
        row = {
            "names": name,
            "titles": tags.title,
            "artists": tags.artist,
            "posteriors": in_units(result.probabilities),
            "predicted": int(result.predicted),
            "notices": [
                (notice.reason, printable(notice.detail), int(notice.is_problem))
                for notice in result.notices
            ],
            "truth": -1 if truth is None else truth,
        }
        details = {
            "windows": _columns(result.windows),
            "paths": printable(clip.path),
            "locations": location(clip.path, self._folder),
        }
        for columns, values in ((self._rows, row), (self._details, details)):
            for column, value in values.items():
                columns[column].append(value)
        self._audio_urls.append(self.audio.data_url(clip.path))
        if index < COVER_CLIPS:
            self._covers.append(tags.cover)
        if index < likeness.MOST_CLIPS:
            self._pictures.append(result.thumbnail)
            self._vectors.append(result.likeness if result.predicted else None)

    def rows(self) -> dict[str, Any]:
        """The columns that the table shows, sorts and searches."""
        found = {reason for notices in self._rows["notices"] for reason, *_ in notices}
        rows: dict[str, Any] = {"genres": GENRES, "unit": UNIT, "ids": self._ids, **self._rows}
        rows["meanings"] = {reason: MEANINGS.get(reason, reason) for reason in sorted(found)}
        covered = any(self._covers) and len(self._audio_urls) <= COVER_CLIPS
        rows["covers"] = self._covers if covered else []
        for name in ("titles", "artists"):
            rows[name] = rows[name] if any(rows[name]) else []
        rows["truth"] = rows["truth"] if max(rows["truth"], default=-1) >= 0 else []
        placed, places, _ = self._map
        return {**rows, "mapped": placed, "places": places}

    @cached_property
    def _map(self) -> tuple[list[int], list[list[int]], dict[int, list[int]]]:
        """Clips on the map, their places, and the similar clips of each; empty without a map."""
        pairs = [(index, row) for index, row in enumerate(self._vectors) if row is not None]
        if not len(pairs) >= likeness.FEWEST_CLIPS or len(self._audio_urls) > likeness.MOST_CLIPS:
            return [], [], {}
        placed = [index for index, _ in pairs]
        vectors = np.array([row for _, row in pairs], np.float32)
        found = likeness.neighbours(vectors)
        similar = {
            index: [placed[place] for place in row[:SIMILAR]]
            for index, row in zip(placed, found.tolist(), strict=True)
        }
        return placed, likeness.positions(vectors, found).tolist(), similar

    def details(self, marks: Sequence[tuple[float, str]]) -> dict[str, Any]:
        """The columns that the page shows when a clip is opened, and marks on the axis of Hz."""
        return {
            "marks": marks,
            **self._details,
            "pictures": self._encoded_pictures(),
            "similar": self._map[2],
        }

    def _encoded_pictures(self) -> list[str]:
        most = thumbnails.size(len(self._audio_urls))
        return [
            "" if most is None or picture is None or not picture.size
            else thumbnails.encoded(picture, most)
            for picture in self._pictures
        ]  # fmt: skip

    def audio_urls(self) -> list[str]:
        """A data URL or an empty text for each clip; empty if no audio is embedded."""
        return self._audio_urls if self.audio.embedded else []


def _columns(windows: Sequence[Window]) -> list[list[float]]:
    """Start, end and probabilities in units of at most ``MOST_COLUMNS`` columns of the chart.

    Of more windows, neighbours are averaged.
    """
    each = -(-len(windows) // MOST_COLUMNS) or 1
    groups = [windows[first : first + each] for first in range(0, len(windows), each)]
    return [
        [
            round(group[0].start, 2),
            round(group[-1].end, 2),
            *in_units(np.mean([window.probabilities for window in group], axis=0)),
        ]
        for group in groups
    ]
