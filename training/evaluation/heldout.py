"""Held-out logits: the logits of each clip by a network that was not trained on the clip.

All scores, tables and pictures of a trained system are computed from these logits, so that they can
be computed again without audio and without training.

Each system has one file, ``training/results/NAME.heldout.npz``, with the arrays ``clip_id``,
``genre``, ``group`` and ``source`` of shape [clips], ``scheme`` of shape [schemes], ``fold`` of
shape [schemes, clips], and ``logits``, float32 of shape [schemes, clips, 16] with four decimals.
Logits are raw: no calibration is applied. ``training.data.folds`` lists the schemes.
"""

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.files import atomic_file
from model.genres import GENRES
from training.data.dataset import ClipTable, DatasetError
from training.data.folds import OFFICIAL, Folds

Logits = NDArray[np.floating]
"""Raw logits, shape [clips, 16]."""

Schemes = Mapping[str, tuple[Folds, Logits]]
"""Fold of each clip, shape [clips], and held-out logits, shape [clips, 16], by scheme."""

DECIMALS: Final = 4


@dataclass(frozen=True)
class HeldOut:
    """Held-out logits of the same clips under one or more schemes of folds.

    Attributes:
        ids: names of the clips.
        genres: index into ``GENRES``, shape [clips].
        groups: artist, or the best substitute for the artist, of each clip.
        sources: collection that each clip comes from.
        schemes: folds and logits by scheme (``cv0``, ``cv1``, ..., ``source``, or ``official``).
    """

    ids: tuple[str, ...]
    genres: NDArray[np.int_]
    groups: tuple[str, ...]
    sources: tuple[str, ...]
    schemes: Schemes

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def repeats(self) -> list[str]:
        """Names of the schemes of repeated cross-validation, ``cv0`` first; or ``official``."""
        if OFFICIAL in self.schemes:
            return [OFFICIAL]
        names = (name for name in self.schemes if name.startswith("cv"))
        return sorted(names, key=lambda name: int(name[2:]))

    @property
    def scored(self) -> NDArray[np.int_]:
        """Indices of the clips that are scored: all, or the test part of a split."""
        if OFFICIAL in self.schemes:
            return np.flatnonzero(self.schemes[OFFICIAL][0] == 1)
        return np.arange(len(self))

    def select(self, indices: NDArray[np.int_]) -> "HeldOut":
        """The held-out logits of some clips."""
        return HeldOut(
            ids=tuple(self.ids[index] for index in indices),
            genres=self.genres[indices],
            groups=tuple(self.groups[index] for index in indices),
            sources=tuple(self.sources[index] for index in indices),
            schemes={
                name: (folds[indices], logits[indices])
                for name, (folds, logits) in self.schemes.items()
            },
        )

    def matches(self, table: ClipTable) -> bool:
        """Whether ``table`` has the same clips in the same order with the same labels."""
        return (
            self.ids == table.ids
            and self.groups == table.groups
            and self.sources == table.sources
            and np.array_equal(self.genres, table.genres)
        )


def path_of(results: Path, name: str) -> Path:
    """Path of a system's held-out logits in a folder of results."""
    return results / f"{name}.heldout.npz"


def write(path: Path, table: ClipTable, schemes: Schemes) -> None:
    """Write held-out logits; the same values give the same bytes.

    Args:
        path: file to write; a missing folder is created.
        table: the clips.
        schemes: folds and logits by scheme.

    Raises:
        ValueError: a shape does not fit the table, or a logit is not finite.
        OutputError: the file cannot be written.
    """
    for name, (folds, logits) in schemes.items():
        if folds.shape != (len(table),) or logits.shape != (len(table), len(GENRES)):
            raise ValueError(f"scheme {name}: {logits.shape} logits for {len(table)} clips")
        if not np.isfinite(logits).all():
            raise ValueError(f"scheme {name}: a logit is not finite")
    with atomic_file(path) as file:
        np.savez_compressed(
            file.buffer,
            clip_id=np.array(table.ids),
            genre=np.array([GENRES[genre] for genre in table.genres]),
            group=np.array(table.groups),
            source=np.array(table.sources),
            scheme=np.array(list(schemes)),
            fold=np.array([folds for folds, _ in schemes.values()], np.int32),
            logits=np.array([logits.round(DECIMALS) for _, logits in schemes.values()], np.float32),
        )


def read(path: Path) -> HeldOut:
    """Read the file that ``write`` wrote.

    Raises:
        DatasetError: the file is missing, is no such file, names an unknown genre, or its shapes
            do not fit each other.
    """
    if not path.is_file():
        raise DatasetError(f"{path}: no such file; `python -m training train` writes it")
    try:
        if not zipfile.is_zipfile(path):
            raise ValueError("it is no npz file")
        with np.load(path) as arrays:
            return _checked(dict(arrays))
    except (OSError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise DatasetError(f"{path}: no file of held-out logits ({error}); train again") from None


def _checked(arrays: Mapping[str, NDArray[np.generic]]) -> HeldOut:
    names = ("clip_id", "genre", "group", "source", "scheme", "fold", "logits")
    if missing := [name for name in names if name not in arrays]:
        raise ValueError(f"array {missing[0]} is missing")
    ids, genres, groups, sources, schemes = (tuple(arrays[n].tolist()) for n in names[:5])
    if unknown := set(genres) - set(GENRES):
        raise ValueError(f"unknown genre {min(unknown)}")
    folds, clips = arrays["fold"].astype(int), len(ids)
    # Rounding restores the decimals that float32 cannot hold exactly.
    logits = arrays["logits"].astype(np.float64).round(DECIMALS)
    if not clips or {len(genres), len(groups), len(sources)} != {clips}:
        raise ValueError(f"{clips} clips with {len(genres)} genres")
    if folds.shape != (len(schemes), clips) or logits.shape != (*folds.shape, len(GENRES)):
        raise ValueError(f"folds of shape {folds.shape} for logits of shape {logits.shape}")
    if not np.isfinite(logits).all():
        raise ValueError("a logit is not finite")
    return HeldOut(
        ids=ids,
        genres=np.array([GENRES.index(genre) for genre in genres]),
        groups=groups,
        sources=sources,
        schemes=dict(zip(schemes, zip(folds, logits, strict=True), strict=True)),
    )
