"""Data of the page's script: columns of short values for the table of clips.

``rows`` is parsed when the page opens, ``details`` when the first clip is opened. Probabilities are
whole numbers of ``UNIT``.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from model.clips import printable
from model.genres import GENRES
from model.outputs.report.audio import EmbeddedAudio, location
from model.outputs.report.summary import UNSURE_BELOW
from model.outputs.report.thumbnails import Thumbnails
from model.results import Result

UNIT: Final = 1e-4


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
            for name in ("names", "tops", "topGenres", "predicted", "unsure", "troubled", "notices")
        }
        self._details: dict[str, list[Any]] = {
            name: [] for name in ("posteriors", "windows", "paths", "locations")
        }
        self._audio_urls: list[str] = []
        self._thumbnails = Thumbnails()
        self.audio = EmbeddedAudio(embed_limit)

    def add(self, result: Result) -> None:
        """Add the next clip."""
        clip, probabilities = result.clip, result.probabilities
        genre = int(np.argmax(probabilities))
        units = _units(probabilities)
        row = {
            "names": printable(clip.file_id),
            "tops": units[genre],
            "topGenres": genre,
            "predicted": int(result.predicted),
            "unsure": int(result.predicted and probabilities[genre] < UNSURE_BELOW),
            "troubled": int(result.troubled),
            "notices": [(notice.reason, printable(notice.detail)) for notice in result.notices],
        }
        details = {
            "posteriors": units,
            "windows": [
                [round(window.start, 2), *_units(window.probabilities)] for window in result.windows
            ],
            "paths": printable(clip.path),
            "locations": location(clip.path, self._folder),
        }
        for columns, values in ((self._rows, row), (self._details, details)):
            for name, value in values.items():
                columns[name].append(value)
        self._audio_urls.append(self.audio.data_url(clip.path))
        self._thumbnails.add(result.thumbnail)

    def rows(self) -> dict[str, Any]:
        """The columns that the table shows, sorts and searches."""
        return {"genres": GENRES, "unit": UNIT, **self._rows}

    def details(self, window_seconds: float) -> dict[str, Any]:
        """The columns that the page shows when a clip is opened."""
        pictures = self._thumbnails.texts()
        return {"windowSeconds": window_seconds, **self._details, "pictures": pictures}

    def audio_urls(self) -> list[str]:
        """A data URL or an empty text for each clip; empty if no audio is embedded."""
        return self._audio_urls if self.audio.embedded else []


def _units(probabilities: Sequence[float]) -> list[int]:
    return [int(value) for value in np.rint(np.asarray(probabilities, np.float64) / UNIT)]
