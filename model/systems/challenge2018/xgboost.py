"""Gradient-boosted trees on hand-made features of a clip, in the spirit of rank 3 of 2018.

After Murauer and Specht, Detecting Music Genre Using Extreme Gradient Boosting, WWW 2018. Only the
abstract is available to us: of a CNN, a deep network, extremely randomised trees and XGBoost (Chen
and Guestrin, 2016), the last was best, on numerical features of whole clips. As there, one vector
of features represents a clip, and the library's multi-class probabilities are the result.
Deviations, apart from unpublished details:

- The features are the 518 of FMA. Theirs came from Essentia.
- Number, depth and learning rate of the trees are our choice (``training.trainers.classic``), not
  tuned.
- Every clip is brought to 22,050 Hz, and at most its middle 30 seconds are looked at.

The weights are the library's json file, compressed. Prediction evaluates the trees with numpy; only
training needs the library. The logits are logarithms of the probabilities.
"""

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from model.genres import GENRES
from model.systems.base import Execution
from model.systems.cards import Card

_BATCH: Final = 32
_NO_CHILD: Final = -1


def connect(card: Card, weights: Path, execution: Execution) -> "Trees":
    """Read the weights; of the arguments, ``execution.batch`` and the weights are used."""
    return Trees(weights, execution)


@dataclass(frozen=True)
class Forest:
    """The nodes of all trees in flat arrays; the children of a leaf are the leaf.

    Attributes:
        roots: first node of each tree.
        genres: which logit each tree adds to.
        lefts: next node where the feature is less than the threshold.
        rights: next node elsewhere.
        features: index of the feature.
        thresholds: single precision, as the library compares.
        values: value of a leaf, added to the logit.
        depth: largest number of steps from a root to a leaf.
    """

    roots: NDArray[np.int32]
    genres: NDArray[np.int32]
    lefts: NDArray[np.int32]
    rights: NDArray[np.int32]
    features: NDArray[np.int32]
    thresholds: NDArray[np.float32]
    values: NDArray[np.float32]
    depth: int


class Trees:
    """Features to logarithms of probabilities.

    Args:
        weights: json of the library, compressed by gzip: trees of 16 classes.
        execution: only ``batch`` is used.
    """

    def __init__(self, weights: Path, execution: Execution) -> None:
        self.batch = execution.batch or _BATCH
        with gzip.open(weights, "rt", encoding="utf-8") as file:
            learner = json.load(file)["learner"]
        self.forest = forest(learner["gradient_booster"]["model"])
        start = json.loads(learner["learner_model_param"]["base_score"])
        self._start = np.broadcast_to(np.array(start, float), len(GENRES))

    def __call__(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits, shape [batch, 16], of windows of one frame, shape [batch, 1, 518]."""
        leaves = reached(self.forest, windows[:, 0])
        margins = np.tile(self._start, (len(windows), 1))
        values = self.forest.values[leaves].astype(float)
        for genre in range(len(GENRES)):
            margins[:, genre] += values[:, self.forest.genres == genre].sum(axis=1)
        margins -= margins.max(axis=1, keepdims=True)
        margins -= np.log(np.exp(margins).sum(axis=1, keepdims=True))
        return margins.astype(np.float32)


def forest(model: Mapping[str, Any]) -> Forest:
    """The trees of ``gradient_booster.model`` in the library's json."""
    trees: Sequence[Mapping[str, Any]] = model["trees"]
    sizes = [len(tree["left_children"]) for tree in trees]
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    first = np.repeat(roots, sizes)

    def joined(name: str) -> NDArray[np.float64]:
        return np.concatenate([np.array(tree[name], float) for tree in trees])

    lefts, rights = joined("left_children").astype(int), joined("right_children").astype(int)
    leaf = lefts == _NO_CHILD
    own = np.arange(len(leaf))
    lefts, rights = np.where(leaf, own, first + lefts), np.where(leaf, own, first + rights)
    # For a leaf, the library stores the value in the array of thresholds.
    conditions = joined("split_conditions").astype(np.float32)
    return Forest(
        roots=roots.astype(np.int32),
        genres=np.array(model["tree_info"], np.int32),
        lefts=lefts.astype(np.int32),
        rights=rights.astype(np.int32),
        features=joined("split_indices").astype(np.int32),
        thresholds=conditions,
        values=np.where(leaf, conditions, np.float32(0)),
        depth=_depth(roots, lefts, rights),
    )


def reached(trees: Forest, features: NDArray[np.float32]) -> NDArray[np.int32]:
    """The leaf in which each clip ends in each tree, shape [clips, trees].

    Args:
        trees: the forest.
        features: finite, shape [clips, features].
    """
    nodes = np.tile(trees.roots, (len(features), 1))
    clips = np.arange(len(features))[:, None]
    for _ in range(trees.depth):
        less = features[clips, trees.features[nodes]] < trees.thresholds[nodes]
        nodes = np.where(less, trees.lefts[nodes], trees.rights[nodes])
    return nodes


def _depth(
    roots: NDArray[np.integer], lefts: NDArray[np.integer], rights: NDArray[np.integer]
) -> int:
    """Largest number of steps from a root to a leaf."""
    depth, level = 0, roots
    while (lefts[level] != level).any():
        level = np.unique(np.concatenate([lefts[level], rights[level]]))
        depth += 1
    return depth
