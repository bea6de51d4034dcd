"""Invented clips and logits whose truth is known."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.genres import GENRES
from training.data.dataset import ClipTable
from training.data.folds import cross_validation, source_folds
from training.evaluation.heldout import HeldOut

SOURCES = [*(f"source {number}" for number in range(5)), "fma", "source 6", "source 7"]


def invented_table(clips: int = 640, seed: int = 0) -> ClipTable:
    """Clips of all genres, four of a group, in eight sources of unlike size."""
    rng = np.random.default_rng(seed)
    groups = np.arange(clips) // 4
    genre_of = np.arange(groups.max() + 1) % len(GENRES)
    source_of = rng.choice(8, size=groups.max() + 1, p=np.arange(1, 9) / 36)
    return ClipTable(
        ids=tuple(f"clip {number:04d}" for number in range(clips)),
        files=tuple(Path(f"{number}.mp3") for number in range(clips)),
        genres=genre_of[groups],
        groups=tuple(f"artist {group}" for group in groups),
        sources=tuple(SOURCES[source_of[group]] for group in groups),
        digest="0" * 64,
    )


def honest_logits(
    genres: NDArray[np.int_], sharpness: float = 2.0, seed: int = 1
) -> NDArray[np.float64]:
    """Logits of a network whose posteriors under equal shares of the genres are right.

    A genre's own logit is ``sharpness`` higher in the mean of normal noise whose variance is
    ``sharpness``: then the logarithm of the likelihoods' ratio is what the network gives.
    """
    noise = np.random.default_rng(seed).normal(0, np.sqrt(sharpness), (len(genres), len(GENRES)))
    return noise + sharpness * np.eye(len(GENRES))[genres]


def invented_held_out(clips: int = 640, temperature: float = 1.0) -> HeldOut:
    """Logits of an honest network, times a temperature, under two repeats and left-out sources."""
    table = invented_table(clips)
    schemes = cross_validation(table, repeats=2)
    schemes["source"] = source_folds(table, 4)
    return HeldOut(
        ids=table.ids,
        genres=table.genres,
        groups=table.groups,
        sources=table.sources,
        schemes={
            name: (folds, temperature * honest_logits(table.genres, seed=seed))
            for seed, (name, folds) in enumerate(schemes.items())
        },
    )
