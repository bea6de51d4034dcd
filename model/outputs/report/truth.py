"""Right genres of clips, as a person wrote them down, and how predictions compare with them."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.clips import printable
from model.errors import UsageError
from model.genres import GENRES

_ID_COLUMNS: Final = ("file_id", "clip_id", "track_id")
BINS: Final = 10
_LEAST: Final = 1e-15
"""Smallest probability whose logarithm counts, as in the challenge's measure."""


def read_truth(path: Path) -> dict[str, int]:
    """Index of the right genre by ``file_id``.

    Args:
        path: csv file with the columns ``file_id`` (or ``clip_id``, ``track_id``) and ``genre``,
            such as the report's corrections or ``train_labels.csv``. Rows without a genre are
            skipped.

    Raises:
        UsageError: the file cannot be read, lacks a column, or has an unknown genre; the message
            names the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            names = rows.fieldnames or ()
            key = next((name for name in _ID_COLUMNS if name in names), None)
            if key is None or "genre" not in names:
                raise UsageError(f"{path}: needs a line with the columns file_id,genre at its top")
            return {
                row[key]: _genre(path, rows.line_num, row["genre"])
                for row in rows
                if row[key] and row["genre"]
            }
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{path}: cannot be read: {reason}") from None


def _genre(path: Path, line: int, name: str) -> int:
    for index, genre in enumerate(GENRES):
        if genre.casefold() == name.strip().casefold():
            return index
    genres = ", ".join(GENRES)
    raise UsageError(f"{path}: line {line}: no genre {printable(name)!r}; the genres are {genres}")


@dataclass
class Comparison:
    """Predictions of clips whose right genre is known.

    Attributes:
        confusion: number of clips by right genre and most probable genre, shape [16, 16].
        sums: by confidence, in ``BINS`` equal steps: number of clips, sum of confidences and number
            of right ones; shape [``BINS``, 3].
        loss: sum of the negative logarithms of the right genre's probability.
        unpredicted: number of clips that have a right genre and no prediction.
    """

    confusion: NDArray[np.int64] = field(
        default_factory=lambda: np.zeros((len(GENRES), len(GENRES)), np.int64)
    )
    sums: NDArray[np.float64] = field(default_factory=lambda: np.zeros((BINS, 3)))
    loss: float = 0.0
    unpredicted: int = 0

    def add(self, truth: int, probabilities: Sequence[float], predicted: bool) -> None:
        """Count a clip."""
        if not predicted:
            self.unpredicted += 1
            return
        genre = int(np.argmax(probabilities))
        top = probabilities[genre]
        self.confusion[truth, genre] += 1
        self.sums[min(BINS - 1, int(top * BINS))] += (1.0, top, genre == truth)
        self.loss -= float(np.log(max(probabilities[truth], _LEAST)))

    @property
    def clips(self) -> int:
        """Number of predicted clips whose right genre is known."""
        return int(self.confusion.sum())

    @property
    def right(self) -> int:
        """Number of clips whose most probable genre is the right one."""
        return int(np.trace(self.confusion))

    @property
    def log_loss(self) -> float:
        """Mean logarithmic loss in nats; 0 without clips."""
        return self.loss / max(1, self.clips)

    def genres(self) -> list[int]:
        """Indices of the genres that are the right or the most probable one of some clip."""
        counts = self.confusion.sum(axis=0) + self.confusion.sum(axis=1)
        return [int(index) for index in np.flatnonzero(counts)]

    def reliability(self) -> list[tuple[int, float, float]]:
        """Number of clips, mean confidence and share of right ones, by step of confidence."""
        return [
            (int(count), confidence / count, right / count)
            for count, confidence, right in self.sums
            if count
        ]


def lookup(truth: Mapping[str, int], file_id: str) -> int | None:
    """The right genre of a clip, whose id may stand there with ``.mp3`` or without its folder."""
    name = file_id.rpartition("/")[2]
    keys = (file_id, f"{file_id}.mp3", name, f"{name}.mp3")
    return next((truth[key] for key in keys if key in truth), None)
