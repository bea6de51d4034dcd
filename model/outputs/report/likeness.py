"""Likeness of clips: short vectors, the most similar clips, and a map of the collection."""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

SIZE: Final = 128
"""Length of a likeness vector. A projection to this many random directions changes the distance of
two clips by about 6 % (1 / sqrt(2 * SIZE); Johnson and Lindenstrauss 1984)."""

MOST_CLIPS: Final = 20_000
"""Number of clips up to which the report has a map."""

FEWEST_CLIPS: Final = 4
"""A map of fewer clips says nothing."""

SCALE: Final = 1000
"""Coordinates of the map are whole numbers from 0 to this."""

_NEIGHBOURS: Final = 10
_STEPS: Final = 200
_STRANGERS: Final = 10
"""Number of random clips from which each clip moves away in a step."""

_AT_ONCE: Final = 512
_TINY: Final = np.float32(1e-12)
_ALIKE: Final = 1e-6
"""Clips that are all this near each other have one place on the map."""


def likeness(features: NDArray[np.floating]) -> NDArray[np.float32]:
    """Features of a clip projected to ``SIZE`` random directions; short ones are not projected.

    Roots of the features take part, at length 1: without them a few large features decide alone.

    Args:
        features: embedding of the clip, shape [features], or its logits.

    Returns:
        Shape [``SIZE``] or shorter, of length 1. The directions are always the same.
    """
    values = _unit(np.sign(features) * np.sqrt(np.abs(features)).astype(np.float32))
    return values if len(values) <= SIZE else _unit(values @ _directions(len(values)))


@cache
def _directions(features: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).standard_normal((features, SIZE), np.float32)


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, _TINY), np.float32)


def neighbours(vectors: NDArray[np.float32]) -> NDArray[np.int64]:
    """The most similar clips of each clip, by the cosine of their centred vectors.

    Args:
        vectors: shape [clips, size], at least ``FEWEST_CLIPS`` clips.

    Returns:
        Indices, shape [clips, 10 or fewer], the most similar first.
    """
    unit = _unit(vectors - vectors.mean(axis=0))
    wanted = min(_NEIGHBOURS, len(unit) - 1)
    found = np.empty((len(unit), wanted), np.int64)
    for start in range(0, len(unit), _AT_ONCE):
        cosines = unit[start : start + _AT_ONCE] @ unit.T
        own = np.arange(len(cosines))
        cosines[own, start + own] = -2.0
        best = np.argpartition(-cosines, wanted - 1, axis=1)[:, :wanted]
        order = np.argsort(-np.take_along_axis(cosines, best, axis=1), axis=1, kind="stable")
        found[start : start + len(cosines)] = np.take_along_axis(best, order, axis=1)
    return found


def positions(vectors: NDArray[np.float32], similar: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places of clips on a map on which similar clips are near each other.

    Starts with the two directions in which the vectors differ most. Then each clip moves towards
    its neighbours and away from random clips, with the forces of UMAP (McInnes, Healy and Melville
    2018) for a closeness of 1 / (1 + distance²).

    Args:
        vectors: shape [clips, size], at least ``FEWEST_CLIPS`` clips.
        similar: the neighbours of each clip, shape [clips, neighbours].

    Returns:
        Shape [clips, 2], from 0 to ``SCALE``; the same for the same vectors. Each coordinate is a
        third the place and two thirds its rank, so that groups far apart leave little empty map.
    """
    centred = _unit(vectors - vectors.mean(axis=0))
    _, axes = np.linalg.eigh(centred.T @ centred)
    places = centred @ axes[:, :-3:-1]
    places *= 3 / np.maximum(places.std(axis=0), _TINY)
    random = np.random.default_rng(0)
    for step in range(_STEPS):
        ahead = places[similar] - places[:, None]
        pull = (2 * ahead / (1 + _squares(ahead))).mean(axis=1)
        away = places[random.integers(len(places), size=(len(places), _STRANGERS))]
        away -= places[:, None]
        squares = _squares(away)
        push = np.clip(2 * away / ((0.05 + squares) * (1 + squares)), -4, 4).mean(axis=1)
        places += (1 - step / _STEPS) * (pull - push)
    low, high = places.min(axis=0), places.max(axis=0)
    share = (places - low) / np.maximum(high - low, _TINY)
    rank = places.argsort(axis=0).argsort(axis=0) / (len(places) - 1)
    if (high - low).max() < _ALIKE:
        return np.full(places.shape, SCALE // 2, np.int64)
    return np.asarray(np.rint(SCALE * (share + 2 * rank) / 3), np.int64)


def _squares(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.square(vectors).sum(axis=-1, keepdims=True))
