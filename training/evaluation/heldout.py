"""Logits of clips by networks that had not seen them, in a csv file that is kept with the project.

Everything that the evaluation says of a trained system is computed from this file, so that its
tables can be made again without the audio and without training. A row is one clip of one scheme of
folds (``training.data.folds``): clip_id, genre, group, source, scheme, fold, and a column of raw
logits
for each genre, before any calibration.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.genres import GENRES
from training.data.dataset import ClipTable, DatasetError
from training.data.folds import Folds

Logits = NDArray[np.float64]
"""Raw logits, shape [clips, 16]."""

_COLUMNS = ("clip_id", "genre", "group", "source", "scheme", "fold")


@dataclass(frozen=True)
class HeldOut:
    """Held-out logits of the same clips under one or more schemes of folds.

    Attributes:
        ids: names of the clips.
        genres: index into ``GENRES``, shape [clips].
        groups: artist, or the best stand-in for one, shape [clips].
        sources: collection that the clip comes from, shape [clips].
        schemes: for each scheme (``cv0``, ``cv1``, ..., ``source``) the fold of each clip and its
            logits by the network fitted without that fold.
    """

    ids: tuple[str, ...]
    genres: NDArray[np.int_]
    groups: tuple[str, ...]
    sources: tuple[str, ...]
    schemes: Mapping[str, tuple[Folds, Logits]]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def repeats(self) -> list[str]:
        """Names of the schemes of repeated cross-validation, ``cv0`` first."""
        names = (name for name in self.schemes if name.startswith("cv"))
        return sorted(names, key=lambda name: int(name[2:]))

    def matches(self, table: ClipTable) -> bool:
        """Whether these are the clips of ``table``, in its order and with its labels."""
        return (
            self.ids == table.ids
            and self.groups == table.groups
            and self.sources == table.sources
            and np.array_equal(self.genres, table.genres)
        )


def path_of(results: Path, name: str) -> Path:
    """Where the held-out logits of a system lie in the folder of results."""
    return results / f"{name}.heldout.csv"


def write(
    path: Path, table: ClipTable, schemes: Mapping[str, tuple[Folds, NDArray[np.floating]]]
) -> None:
    """Write held-out logits with four decimals.

    Args:
        path: the csv file; its folder is made.
        table: the clips.
        schemes: fold of each clip, shape [clips], and its logits, shape [clips, 16], by scheme.

    Raises:
        ValueError: a shape does not fit the table, or a logit is not finite.
    """
    for name, (folds, logits) in schemes.items():
        if folds.shape != (len(table),) or logits.shape != (len(table), len(GENRES)):
            raise ValueError(f"scheme {name}: {logits.shape} logits for {len(table)} clips")
        if not np.isfinite(logits).all():
            raise ValueError(f"scheme {name}: a logit is not finite")
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    with unfinished.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*_COLUMNS, *GENRES])
        for name, (folds, logits) in schemes.items():
            for row, clip in enumerate(table.ids):
                known = (clip, GENRES[table.genres[row]], table.groups[row], table.sources[row])
                values = (f"{value:.4f}" for value in logits[row])
                writer.writerow([*known, name, folds[row], *values])
    unfinished.replace(path)


def read(path: Path) -> HeldOut:
    """Read what ``write`` wrote.

    Raises:
        DatasetError: the file is missing, has other columns, names an unknown genre, holds a value
            that is no number, or its schemes are not about the same clips in the same order.
    """
    if not path.is_file():
        raise DatasetError(f"{path}: no such file; `python -m training train` writes it")
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file)) or [[]]
    if tuple(header) != (*_COLUMNS, *GENRES):
        raise DatasetError(f"{path}: not a file of held-out logits; train again to write one")
    if not rows:
        raise DatasetError(f"{path}: holds no clip; train again")
    parts: dict[str, list[list[str]]] = {}
    for row in rows:
        parts.setdefault(row[4] if len(row) == len(header) else "", []).append(row)
    first = next(iter(parts.values()))
    clips = [row[:4] for row in first]
    if "" in parts or any([row[:4] for row in part] != clips for part in parts.values()):
        raise DatasetError(f"{path}: its schemes are not about the same clips; train again")
    ids, genres, groups, sources = (tuple(column) for column in zip(*clips, strict=True))
    if unknown := set(genres) - set(GENRES):
        raise DatasetError(f"{path}: unknown genre {min(unknown)}; train again")
    try:
        return HeldOut(
            ids=ids,
            genres=np.array([GENRES.index(genre) for genre in genres]),
            groups=groups,
            sources=sources,
            schemes={name: _scheme(part) for name, part in parts.items()},
        )
    except ValueError as error:
        raise DatasetError(f"{path}: {error}; train again") from None


def _scheme(rows: list[list[str]]) -> tuple[Folds, Logits]:
    folds = np.array([int(row[5]) for row in rows])
    logits = np.array([[float(value) for value in row[6:]] for row in rows])
    if not np.isfinite(logits).all():
        raise ValueError("a logit is not finite")
    return folds, logits
