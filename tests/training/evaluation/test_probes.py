"""Probes learn from the other folds only, whatever genres those have."""

from pathlib import Path

import numpy as np
import pytest

from grader.judging.metrics import score
from model.probabilities.calibration import Calibration
from tests.support.invented import honest_logits, invented_table
from training.data.dataset import DatasetError
from training.data.embeddings import read_embeddings
from training.data.folds import fold_numbers, source_folds
from training.evaluation.probes import held_out_logits, probe

TABLE = invented_table(320)


def write_embeddings(folder: Path, name: str, features: np.ndarray) -> None:
    """In another order than the table's, as half precision."""
    order = np.random.default_rng(0).permutation(len(TABLE))
    ids = np.array(TABLE.ids)[order]
    np.savez(folder / f"{name}.npz", clip_id=ids, emb=features[order].astype(np.float16))


def test_embeddings_are_joined_in_the_order_of_the_table(tmp_path: Path) -> None:
    features = honest_logits(TABLE.genres)
    features[7, 3] = np.nan
    write_embeddings(tmp_path, "one", features)
    write_embeddings(tmp_path, "two", -features)
    joined = read_embeddings(tmp_path, ["one", "two"], TABLE)
    features[7, 3] = 0
    np.testing.assert_allclose(joined, np.hstack([features, -features]), atol=0.01)


def test_a_missing_embedding_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"one\.npz: no such file"):
        read_embeddings(tmp_path, ["one"], TABLE)
    np.savez(tmp_path / "one.npz", clip_id=np.array(TABLE.ids[1:]), emb=np.zeros((319, 2)))
    with pytest.raises(DatasetError, match="no embedding of clip 0000"):
        read_embeddings(tmp_path, ["one"], TABLE)


def test_good_features_are_learned_and_groups_features_are_not() -> None:
    """Features that tell the artist alone are worth nothing on other artists."""
    folds = fold_numbers(TABLE, 5, 0)
    good = held_out_logits(honest_logits(TABLE.genres, 8.0).astype(np.float32), TABLE.genres, folds)
    artists = np.unique(np.array(TABLE.groups), return_inverse=True)[1]
    told = held_out_logits(np.eye(artists.max() + 1, dtype=np.float32)[artists],
                           TABLE.genres, folds)  # fmt: skip
    assert score(Calibration().posteriors(good), TABLE.genres).accuracy > 0.7
    assert score(Calibration().posteriors(told), TABLE.genres).accuracy < 0.15


def test_a_genre_that_the_other_folds_lack_is_never_given() -> None:
    folds = np.where(TABLE.genres == 4, 0, source_folds(TABLE, 2) + 1)
    features = honest_logits(TABLE.genres).astype(np.float32)
    logits = held_out_logits(features, TABLE.genres, folds)
    assert (logits[folds == 0, 4] == -15).all()
    assert (logits[folds == 0].argmax(axis=1) != 4).all()
    assert np.isfinite(logits).all()


def test_a_probe_has_all_schemes(tmp_path: Path) -> None:
    write_embeddings(tmp_path, "one", honest_logits(TABLE.genres))
    features, held_out = probe("one", tmp_path, TABLE, repeats=2)
    assert features == 16
    assert list(held_out.schemes) == ["cv0", "cv1", "source", "each_source"]
    assert held_out.matches(TABLE)
