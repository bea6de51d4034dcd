"""Probes: logistic regressions on frozen embeddings, to compare trained networks with.

A probe is a ``StandardScaler`` and an L2 logistic regression on the joined embeddings of one or
more public networks. No layer of these networks is trained.
"""

import warnings
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from model.genres import GENRES
from training.data.dataset import ClipTable
from training.data.embeddings import read_embeddings
from training.data.folds import (
    EACH_SOURCE,
    SOURCE,
    SOURCE_PARTS,
    Folds,
    cross_validation,
    source_folds,
)
from training.evaluation.heldout import HeldOut, Logits

STRENGTH: Final = 0.003
"""Inverse regularisation (scikit-learn's C)."""

_NEVER: Final = -15.0
"""Least logit, and the logit of a genre without training clips."""


def probe(name: str, folder: Path, table: ClipTable, repeats: int) -> tuple[int, HeldOut]:
    """Fit a probe to all folds of all schemes; returns its feature count and held-out logits.

    Args:
        name: names of the embeddings, joined by ``+``.
        folder: folder with ``EMBEDDING.npz``.
        table: the clips.
        repeats: number of cross-validations.

    Raises:
        DatasetError: an embedding is missing or lacks a clip.
    """
    features = read_embeddings(folder, name.split("+"), table)
    schemes = cross_validation(table, repeats)
    schemes[SOURCE] = source_folds(table, SOURCE_PARTS)
    schemes[EACH_SOURCE] = source_folds(table)
    held_out = HeldOut(
        ids=table.ids,
        genres=table.genres,
        groups=table.groups,
        sources=table.sources,
        schemes={
            key: (folds, held_out_logits(features, table.genres, folds))
            for key, folds in schemes.items()
        },
    )
    return features.shape[1], held_out


def held_out_logits(
    features: NDArray[np.float32], genres: NDArray[np.int_], folds: Folds
) -> Logits:
    """Logits of each fold by a regression fitted to the other folds, shape [clips, 16]."""
    logits = np.full((len(genres), len(GENRES)), _NEVER)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for fold in np.unique(folds):
            held = folds == fold
            regression = LogisticRegression(C=STRENGTH, max_iter=400)
            pipeline = make_pipeline(StandardScaler(), regression)
            pipeline.fit(features[~held], genres[~held])
            log_posteriors = pipeline.predict_log_proba(features[held])
            logits[np.ix_(held, regression.classes_)] = np.maximum(log_posteriors, _NEVER)
    return logits
