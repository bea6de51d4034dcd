"""Which clips are held out together: by artist for cross-validation, by source against confounding.

A scheme is an array with the number of each clip's fold, shape [clips]: a clip is scored by a
network that was fitted to the clips of all other folds. A ``Split`` is no scheme of this kind: one
network is fitted to its training part, and its test part alone is scored.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from training.data.dataset import ClipTable

Folds = NDArray[np.int_]
"""Fold of each clip, counted from 0, shape [clips]."""

Indices = NDArray[np.int_]
"""Indices of clips in a table."""

FOLDS = 5
OFFICIAL = "official"
"""Name of the scheme of a split: fold 0 is the validation part, fold 1 the test part, and -1 the
training part."""
SOURCE = "source"
"""Name of the scheme in which whole sources are held out, a few together."""
EACH_SOURCE = "each_source"
"""Name of the scheme in which every source is a fold of its own."""
SOURCE_PARTS = 6


@dataclass(frozen=True, eq=False)
class Split:
    """A split of clips into three parts, no artist in two of them.

    Attributes:
        training: clips that a network is fitted to.
        validation: clips that choose the epoch and the calibration.
        test: clips that are scored once.
    """

    training: Indices
    validation: Indices
    test: Indices

    def folds(self, clips: int) -> Folds:
        """The split as the scheme ``OFFICIAL`` of so many clips, shape [clips]."""
        numbers = np.full(clips, -1)
        numbers[self.validation], numbers[self.test] = 0, 1
        return numbers


def fold_numbers(table: ClipTable, folds: int, seed: int) -> Folds:
    """Fold of each clip, shape [clips]: stratified by genre, no group in two folds."""
    numbers = np.zeros(len(table), int)
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    parts = splitter.split(table.genres, table.genres, list(table.groups))
    for number, (_, held) in enumerate(parts):
        numbers[held] = number
    return numbers


def cross_validation(
    table: ClipTable, repeats: int = 1, folds: int = FOLDS, seed: int = 0
) -> dict[str, Folds]:
    """Repeated group-disjoint cross-validation: schemes ``cv0``, ``cv1``, ... by name.

    Args:
        table: labelled clips.
        repeats: number of schemes; the first uses ``seed``, the next ``seed + 1``, and so on.
        folds: folds of each scheme.
        seed: seed of the first shuffle.
    """
    return {f"cv{repeat}": fold_numbers(table, folds, seed + repeat) for repeat in range(repeats)}


def source_folds(table: ClipTable, parts: int | None = None) -> Folds:
    """Fold of each clip, so that no source is in two folds; the order of clips does not matter.

    Sources of one origin (several copies of GTZAN) can share an artist: a source held out is not
    always an artist held out.

    Args:
        table: labelled clips.
        parts: so many folds (or one a source, where there are fewer sources), alike in clips and
            in genres as far as whole sources allow: a refit of a network for every small source
            would take hours. None makes every source a fold of its own, in alphabetical order.

    Raises:
        ValueError: ``parts`` is less than two.
    """
    if parts is not None and parts < 2:
        raise ValueError("one part would hold all sources out; two are the least")
    names, own = np.unique(np.array(table.sources), return_inverse=True)
    if parts is None or parts >= len(names):
        return np.asarray(own, int)
    numbers = np.zeros(len(table), int)
    splitter = StratifiedGroupKFold(parts)
    for number, (_, held) in enumerate(splitter.split(own, table.genres, own)):
        numbers[held] = number
    return numbers


def unseen_genres(genres: NDArray[np.int_], folds: Folds) -> NDArray[np.bool_]:
    """Clips whose genre no other fold has: nobody could have learned it, shape [clips]."""
    unseen = np.zeros(len(genres), bool)
    for fold in np.unique(folds):
        held = folds == fold
        unseen[held] = ~np.isin(genres[held], genres[~held])
    return unseen


def scored(genres: NDArray[np.int_], folds: Folds) -> NDArray[np.bool_]:
    """Clips that are held out, and whose genre some other fold has, shape [clips]."""
    return (folds >= 0) & ~unseen_genres(genres, folds)
