"""A table of labelled clips, and what a front end makes of them, kept in files."""

import csv
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model import cpus
from model.decoding.pool import DecoderPool
from model.errors import GenreError
from model.frontends.parameters import AnyFrontEnd, parameters
from model.frontends.spectrogram import FrontEnd
from model.genres import GENRES
from model.probabilities.calibration import FloatArray, smoothed

MOST_UNUSABLE = 0.01
"""Share of clips without usable audio that is thought to be an accident of a large collection."""

PRIOR_SMOOTHING = 0.01
"""Share of the uniform prior in the prior of labelled clips."""

_AHEAD = 8  # clips of each process that may wait to be written
_COLUMNS = ("clip_id", "file", "genre", "group", "source")

Spectrogram = NDArray[np.floating]
"""A log-mel spectrogram, or what else a front end computes, shape [frames, bands]."""


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
    table: ClipTable, front_end: AnyFrontEnd, cache: Path, log: Callable[[str], None]
) -> list[Spectrogram]:
    """What a front end makes of all clips, kept in a file of ``cache`` for the next call.

    They stay in the file and are read when they are used: those of a hundred thousand clips do not
    fit in memory. A clip without usable audio is a frame of silence, and the log says so.

    Raises:
        DatasetError: more clips than ``MOST_UNUSABLE`` of all hold no usable audio.
    """
    key = hashlib.sha256(f"{table.digest} {json.dumps(parameters(front_end))}".encode()).hexdigest()
    bits = 8 * np.dtype(front_end.dtype).itemsize
    frames, lengths = cache / f"{key[:16]}.f{bits}", cache / f"{key[:16]}.npy"
    if not lengths.exists():
        what = "spectrograms" if isinstance(front_end, FrontEnd) else "features"
        log(f"computing {what} of {len(table)} clips")
        cache.mkdir(parents=True, exist_ok=True)
        counts, unusable = [], []
        with frames.open("wb") as file:
            for path, outcome in zip(table.files, _compute(table, front_end), strict=True):
                if isinstance(outcome, str):
                    log(f"{path}: {outcome}; silence stands in for it")
                    unusable.append(path)
                    outcome = front_end.compute(np.zeros(1, np.float32))
                counts.append(len(outcome))
                file.write(outcome.tobytes())
        if len(unusable) > MOST_UNUSABLE * len(table):
            raise DatasetError(f"{len(unusable)} clips hold no usable audio, {unusable[0]} first")
        np.save(lengths, counts)
    every = np.memmap(frames, front_end.dtype, "r").reshape(-1, front_end.width)
    return np.split(every, np.cumsum(np.load(lengths))[:-1])


def _compute(table: ClipTable, front_end: AnyFrontEnd) -> Iterator[Spectrogram | str]:
    """A spectrogram or the like of each clip, or why there is none, as when predicting."""
    workers = cpus.usable()
    with DecoderPool(front_end, workers) as pool:
        for decoded in pool.decode([str(path) for path in table.files], _AHEAD * workers):
            if decoded.frames is None:
                notice = decoded.notices[0]
                yield f"{notice.reason}: {notice.detail}"
            else:
                yield decoded.frames
