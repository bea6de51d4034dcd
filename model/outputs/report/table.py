"""The clips as data for the page's script: columns of short values, in two parts.

``rows`` is read when the page opens; ``details`` when the first clip is opened. Probabilities are
whole numbers of ``UNIT``.
"""

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from model.clips import printable
from model.genres import GENRES
from model.outputs.report.content import ReportClip
from model.outputs.report.pictures import Pictures
from model.outputs.report.sound import Embedding, location
from model.outputs.report.summary import UNSURE_BELOW

UNIT: Final = 1e-4


class Table:
    """Clips in the order in which they are added.

    Args:
        folder: where the page will lie.
        embed_limit: bytes of audio to put into the page.
    """

    def __init__(self, folder: Path, embed_limit: int) -> None:
        self._folder = folder
        self._names: list[str] = []
        self._genres: list[int] = []
        self._tops: list[int] = []
        self._predicted: list[int] = []
        self._unsure: list[int] = []
        self._notices: list[list[tuple[str, str]]] = []
        self._posteriors: list[list[int]] = []
        self._windows: list[list[list[float]]] = []
        self._paths: list[str] = []
        self._locations: list[str] = []
        self._sounds: list[str] = []
        self._pictures = Pictures()
        self.embedding = Embedding(embed_limit)

    def add(self, clip: ReportClip) -> None:
        """Take the next clip."""
        genre = int(np.argmax(clip.posterior))
        units = _units(clip.posterior)
        self._names.append(printable(clip.file_id))
        self._genres.append(genre)
        self._tops.append(units[genre])
        self._predicted.append(int(clip.predicted))
        self._unsure.append(int(clip.predicted and clip.posterior[genre] < UNSURE_BELOW))
        self._notices.append([(reason, printable(detail)) for reason, detail in clip.notices])
        self._posteriors.append(units)
        self._windows.append([[round(start, 2), *_units(row)] for start, row in clip.windows])
        self._paths.append(printable(clip.path))
        self._locations.append(location(clip.path, self._folder))
        self._sounds.append(self.embedding.data_url(clip.path))
        self._pictures.add(clip.thumbnail)

    def rows(self) -> dict[str, Any]:
        """What the table shows, and what it is sorted and searched by."""
        return {
            "genres": GENRES,
            "unit": UNIT,
            "names": self._names,
            "tops": self._tops,
            "topGenres": self._genres,
            "predicted": self._predicted,
            "unsure": self._unsure,
            "notices": self._notices,
        }

    def details(self, window_seconds: float) -> dict[str, Any]:
        """What is shown of a clip on demand."""
        return {
            "windowSeconds": window_seconds,
            "posteriors": self._posteriors,
            "windows": self._windows,
            "paths": self._paths,
            "locations": self._locations,
            "pictures": self._pictures.texts(),
        }

    def sounds(self) -> list[str]:
        """For each clip its audio as a data URL or an empty text; no list when none has any."""
        return self._sounds if self.embedding.embedded else []


def _units(probabilities: NDArray[np.floating]) -> list[int]:
    return [int(value) for value in np.rint(np.asarray(probabilities, np.float64) / UNIT)]
