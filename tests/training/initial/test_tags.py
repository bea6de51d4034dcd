"""What a public network's tags say of genres, and that the last layer hears it."""

from pathlib import Path

import numpy as np
import pytest

from model.genres import GENRES
from model.systems.ours.fusion import ARTIST, MOBILENET, MUSICNN
from tests.support.checkpoints import mn04_like, write_published
from training.initial.checkpoint import CheckpointError
from training.initial.tags import MSD_TAGS, TAGS, genre_weights
from training.optimization.config import FinishingConfig
from training.trainers import fine_tuning


def test_every_genre_has_tags_and_a_tag_one_number() -> None:
    assert set(TAGS) == set(GENRES)
    assert set(MSD_TAGS) < set(GENRES)
    for table, count in ((TAGS, 527), (MSD_TAGS, 50)):
        pairs = {pair for tags in table.values() for pair in tags.items()}
        assert len(pairs) == len(dict(pairs)) == len({number for _, number in pairs})
        assert all(0 <= number < count for _, number in pairs)


def test_the_weights_give_the_mean_of_the_tags_of_a_genre(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = write_published(tmp_path, monkeypatch)
    features = np.random.default_rng(0).normal(0, 1, (3, 512))
    logits = features @ mn04_like()["classifier.5.weight"].T
    expected = [logits[:, list(TAGS[genre].values())].mean(axis=1) for genre in GENRES]
    np.testing.assert_allclose(
        features @ genre_weights(MOBILENET, files), np.array(expected).T, atol=1e-4
    )
    with pytest.raises(CheckpointError, match="no such file"):
        genre_weights(MOBILENET, {})


def test_a_network_for_music_has_tags_of_its_own_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = write_published(tmp_path, monkeypatch)
    weights = genre_weights(MUSICNN, files)
    assert weights.shape == (200, len(GENRES))
    heard = {genre for genre, column in zip(GENRES, weights.T, strict=True) if column.any()}
    assert heard == set(MSD_TAGS)
    with pytest.raises(KeyError):
        genre_weights(ARTIST, files)


def test_the_last_layer_hears_tags_without_favouring_a_genre() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(1, 1, (40, 3)).astype(np.float32)
    groups = [str(number) for number in range(40)]
    training_set = fine_tuning.TrainingSet([], np.arange(40) % len(GENRES), groups=groups)
    tags = rng.normal(0, 1, (3, len(GENRES)))

    def logits(added: np.ndarray) -> np.ndarray:
        probe = fine_tuning.refit(features, [], added, training_set, FinishingConfig())
        return np.asarray(features @ probe.weights + probe.bias)

    added = logits(tags) - logits(0.0 * tags)
    np.testing.assert_allclose(added, (features - features.mean(axis=0)) @ tags, atol=1e-4)
    np.testing.assert_allclose(added.mean(axis=0), 0.0, atol=1e-4)
