"""Augmentation and teacher, each alone."""

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from grader.judging.metrics import clip_losses
from training.architectures.front_ends import SPECTROGRAMS
from training.optimization.augmentation import Augmentation, augment, crop
from training.trainers.regression import fit_probe, soft_targets

FLOOR = (np.log(SPECTROGRAMS["fusion"].offset) + SPECTROGRAMS["fusion"].shift) / SPECTROGRAMS[
    "fusion"
].scale


@given(st.integers(1, 900), st.integers(0, 1000))
def test_a_crop_has_its_length_and_only_the_clips_frames(length: int, seed: int) -> None:
    log_mel = np.arange(length, dtype=np.float32)[:, None]
    cropped = crop(log_mel, 500, Augmentation(), np.random.default_rng(seed))[:, 0]
    assert len(cropped) == 500
    steps = np.diff(cropped)
    # Frames follow each other, but for the jumps where a short stretch begins again.
    assert set(steps[steps != 1]) <= {-(min(length, 210) - 1), -(min(length, 500) - 1)}


def test_length_does_not_give_a_clip_away() -> None:
    rng = np.random.default_rng(0)
    long = np.arange(3000, dtype=np.float32)[:, None]
    repeated = [len(set(crop(long, 500, Augmentation(), rng)[:, 0])) == 210 for _ in range(400)]
    assert 0.2 < np.mean(repeated) < 0.4


def test_varied_crops_stay_above_the_floor_and_differ() -> None:
    rng = np.random.default_rng(0)
    log_mel = rng.normal(0, 0.5, (500, SPECTROGRAMS["fusion"].mel_bands)).astype(np.float32)
    one, other = (augment(log_mel, SPECTROGRAMS["fusion"], Augmentation(), rng) for _ in range(2))
    assert one.shape == log_mel.shape
    assert one.dtype == np.float32
    assert one.min() >= np.float32(FLOOR)
    assert not np.array_equal(one, other)


def test_a_probe_is_scikit_learns_regression_in_plain_numbers() -> None:
    rng = np.random.default_rng(0)
    genres = rng.integers(3, size=300) * 5
    features = rng.normal(0, 3, (300, 8)) + genres[:, None] * np.arange(8)
    probe = fit_probe(features, genres, 0.01)
    posteriors = probe.posteriors(features)
    assert np.mean(posteriors.argmax(axis=1) == genres) > 0.9
    np.testing.assert_allclose(posteriors.sum(axis=1), 1)
    assert posteriors[:, 1].max() < 1e-3  # a genre without clips


def test_soft_targets_do_not_see_the_clips_own_group(tmp_path: Path) -> None:
    """Groups that carry a label of their own cannot be told from the others' clips."""
    rng = np.random.default_rng(0)
    groups = [f"group {number // 10}" for number in range(200)]
    genres = np.repeat(rng.integers(2, size=20), 10)
    features = np.repeat(np.eye(20), 10, axis=0).astype(np.float32)  # tells the group, no more
    targets = soft_targets(features, genres, groups, 10.0, 0, tmp_path)
    losses = clip_losses(targets, genres)
    assert losses.mean() > 0.6  # ln 2 is ignorance
    seen = fit_probe(features, genres, 10.0).posteriors(features)
    assert clip_losses(seen, genres).mean() < 0.1
