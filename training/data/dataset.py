"""A table of labelled clips, and their stored spectrograms."""

import csv
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.errors import GenreError
from model.frontends.parameters import AnyFrontEnd, parameters
from model.genres import GENRES
from model.probabilities.calibration import FloatArray, smoothed
from training.data import store

MOST_UNUSABLE = 0.01
"""Share of clips without usable audio that is thought to be an accident of a large collection."""

PRIOR_SMOOTHING = 0.01
"""Share of the uniform prior in the prior of labelled clips."""

_COLUMNS = ("clip_id", "file", "genre", "group", "source")


class DatasetError(GenreError):
    """The table or one of its files cannot be used; the message says which and why."""


@dataclass(frozen=True)
class ClipTable:
    """Labelled clips, one entry each in every field.

    Attributes:
        ids: unique names.
        files: audio files.
        genres: index into ``GENRES``, shape [clips].
        groups: artist, or the best stand-in for one; a group is never split over folds.
        sources: collection that the clip comes from.
        digest: SHA-256 of the table's file, in hexadecimal.
    """

    ids: tuple[str, ...]
    files: tuple[Path, ...]
    genres: NDArray[np.int_]
    groups: tuple[str, ...]
    sources: tuple[str, ...]
    digest: str

    def __len__(self) -> int:
        return len(self.ids)

    def select(self, indices: NDArray[np.int_]) -> "ClipTable":
        """The table of some clips; the digest stays that of the file."""
        return ClipTable(
            ids=tuple(self.ids[index] for index in indices),
            files=tuple(self.files[index] for index in indices),
            genres=self.genres[indices],
            groups=tuple(self.groups[index] for index in indices),
            sources=tuple(self.sources[index] for index in indices),
            digest=self.digest,
        )


def class_prior(genres: NDArray[np.int_]) -> FloatArray:
    """Smoothed share of each genre in labelled clips, shape [16].

    Args:
        genres: index into ``GENRES``, shape [clips].
    """
    return smoothed(np.bincount(genres, minlength=len(GENRES)), PRIOR_SMOOTHING)


def read_table(path: Path) -> ClipTable:
    """Read a csv file with the columns clip_id, file (relative to it), genre, group and source.

    Raises:
        DatasetError: the file or a column is missing, an id repeats, or a genre is unknown.
    """
    if not path.is_file():
        raise DatasetError(f"{path}: no such file; --data names a folder that holds clips.csv")
    content = path.read_bytes()
    rows = list(csv.DictReader(content.decode("utf-8").splitlines()))
    missing = [column for column in _COLUMNS if not rows or column not in rows[0]]
    if missing:
        raise DatasetError(f"{path}: no rows with the columns {', '.join(missing)}")
    ids = [row["clip_id"] for row in rows]
    if len(set(ids)) < len(ids):
        raise DatasetError(f"{path}: a clip_id stands twice")
    unknown = {row["genre"] for row in rows} - set(GENRES)
    if unknown:
        raise DatasetError(f"{path}: unknown genres {sorted(unknown)}")
    return ClipTable(
        ids=tuple(ids),
        files=tuple(path.parent / row["file"] for row in rows),
        genres=np.array([GENRES.index(row["genre"]) for row in rows]),
        groups=tuple(row["group"] for row in rows),
        sources=tuple(row["source"] for row in rows),
        digest=hashlib.sha256(content).hexdigest(),
    )


def spectrograms(
    table: ClipTable, front_end: AnyFrontEnd, folder: Path, log: Callable[[str], None]
) -> store.StoredFrames:
    """Front-end output of all clips, from the folder's store for this front end.

    Output that the store lacks is computed first; all tables share the store. A clip without usable
    audio has the output for one frame of silence, and the log names the clip.

    Raises:
        DatasetError: more clips than ``MOST_UNUSABLE`` of all hold no usable audio.
        OutputError, GenreError: see ``training.data.store.compute``.
    """
    key = hashlib.sha256(json.dumps(parameters(front_end)).encode()).hexdigest()[:16]
    stored = store.compute(table.files, front_end, folder / f"{key}.frames", log)
    for index, notice in stored.failures.items():
        log(f"{table.files[index]}: {notice.reason}: {notice.detail}; silence stands in for it")
    if len(stored.failures) > MOST_UNUSABLE * len(table):
        first = table.files[min(stored.failures)]
        raise DatasetError(f"{len(stored.failures)} clips hold no usable audio, {first} first")
    return stored
