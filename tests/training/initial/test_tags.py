"""What a public network's tags say of genres, and that the last layer hears it."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from model.genres import GENRES
from model.systems.ours.fusion import ARTIST, MOBILENET
from tests.support.checkpoints import mn04_like, write_published
from training.initial.checkpoint import CheckpointError
from training.initial.tags import TAGS, genre_weights
from training.optimization.config import FinishingConfig
from training.optimization.prediction import predict
from training.trainers import fine_tuning


def test_every_genre_has_tags_and_a_tag_one_number() -> None:
    assert set(TAGS) == set(GENRES)
    pairs = {pair for tags in TAGS.values() for pair in tags.items()}
    assert len(pairs) == len(dict(pairs)) == len({number for _, number in pairs})
    assert all(0 <= number < 527 for _, number in pairs)


def test_the_weights_give_the_mean_of_the_tags_of_a_genre(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = write_published(tmp_path, monkeypatch)
    rng = np.random.default_rng(0)
    features = {
        ARTIST: rng.normal(0, 1, (3, 256)).astype(np.float32),
        MOBILENET: rng.normal(0, 1, (3, 512)).astype(np.float32),
    }
    weights = genre_weights(features, MOBILENET, files)
    logits = features[MOBILENET] @ mn04_like()["classifier.5.weight"].T
    expected = [logits[:, list(TAGS[genre].values())].mean(axis=1) for genre in GENRES]
    found = np.concatenate([features[ARTIST], features[MOBILENET]], axis=1) @ weights
    np.testing.assert_allclose(found, np.array(expected).T, atol=1e-4)
    with pytest.raises(CheckpointError, match="no such file"):
        genre_weights(features, MOBILENET, {})


@pytest.mark.filterwarnings("default")
def test_the_last_layer_hears_tags_without_favouring_a_genre() -> None:
    rng = np.random.default_rng(0)
    inputs = keras.Input((4, 3))
    means = keras.layers.GlobalAveragePooling1D(name="embedding")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(len(GENRES), name="logits")(means))
    spectrograms = [rng.normal(1, 1, (4, 3)).astype(np.float32) for _ in range(40)]
    training_set = fine_tuning.TrainingSet(spectrograms, np.arange(40) % len(GENRES), start={})
    tags = rng.normal(0, 1, (3, len(GENRES)))

    def logits(strength: float) -> np.ndarray:
        config = FinishingConfig(tag_logit_share=strength)
        fine_tuning.refit(model, replace(training_set, tags=tags), config)
        return predict(model, spectrograms, 4)

    features = np.stack([spectrogram.mean(axis=0) for spectrogram in spectrograms])
    added = logits(0.5) - logits(0.0)
    expected = 0.5 * (features - features.mean(axis=0)) @ tags
    np.testing.assert_allclose(added, expected, atol=1e-4)
    np.testing.assert_allclose(added.mean(axis=0), 0.0, atol=1e-4)
