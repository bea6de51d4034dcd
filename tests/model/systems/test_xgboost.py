"""Boosted trees answer as the library that grew them."""

from pathlib import Path

import numpy as np
import pytest
from xgboost import Booster, DMatrix

from model.genres import GENRES
from model.systems.base import Execution
from model.systems.challenge2018 import xgboost
from tests.support.features import clips
from training.trainers import classic


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(classic.TREES, "rounds", 6)


def by_the_library(path: Path, features: np.ndarray) -> np.ndarray:
    """Probabilities by the library, from the file that is shipped, unpacked."""
    import gzip

    booster = Booster()
    booster.load_model(bytearray(gzip.decompress(path.read_bytes())))
    return np.asarray(booster.predict(DMatrix(features)))


@pytest.mark.parametrize("genres", [16, 3])
def test_probabilities_are_those_of_the_library(genres: int, tmp_path: Path) -> None:
    features, own = clips(320, genres)
    path = tmp_path / "w.json.gz"
    classic.fit_trees(features[:240], own[:240], 3, path, print)
    trees = xgboost.Trees(path, Execution(batch=5))
    assert trees.batch == 5
    found = np.exp(trees(features[:, None]))
    expected = by_the_library(path, features)
    assert found.shape == (320, len(GENRES))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-7)
    assert np.ptp(expected, axis=0).max() > 0.2, "answers that are alike tell nothing"


def test_a_value_on_the_threshold_goes_the_librarys_way(tmp_path: Path) -> None:
    """Clips whose features are the thresholds themselves, of all nodes of the first trees."""
    features, own = clips(240, 16)
    path = tmp_path / "w.json.gz"
    classic.fit_trees(features, own, 3, path, print)
    trees = xgboost.Trees(path, Execution())
    nodes = np.flatnonzero(trees.forest.lefts != np.arange(len(trees.forest.lefts)))[:500]
    exact = features[np.arange(len(nodes)) % len(features)].copy()
    exact[np.arange(len(nodes)), trees.forest.features[nodes]] = trees.forest.thresholds[nodes]
    np.testing.assert_allclose(
        np.exp(trees(exact[:, None])), by_the_library(path, exact), rtol=1e-4, atol=1e-7
    )


def test_the_same_seed_grows_the_same_file(tmp_path: Path) -> None:
    features, own = clips(60, 4)
    contents = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        classic.fit_trees(features, own, seed, tmp_path / name, print)
        contents.append((tmp_path / name).read_bytes())
    assert contents[0] == contents[1] != contents[2]
