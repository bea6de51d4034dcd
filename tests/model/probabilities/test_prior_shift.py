"""The estimated class mix: it helps where the mix differs, and no payload leads it astray."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from model.genres import FMA_MEDIUM_CLIPS
from model.probabilities.calibration import FloatArray, adapt, smoothed
from model.probabilities.prior_shift import estimated_prior, expectation_maximization

UNIFORM = np.full(16, 1 / 16)
TRAINING = smoothed(np.arange(1, 17), 0.01)
MEDIUM = smoothed(np.array(FMA_MEDIUM_CLIPS), 0.1)

rows_of_16 = st.integers(1, 30).flatmap(
    lambda clips: arrays(np.float64, (clips, 16), elements=st.floats(1e-9, 1.0))
)


def payload(mix: FloatArray, clips: int, seed: int = 0) -> tuple[FloatArray, np.ndarray]:
    """Exact posteriors under ``TRAINING`` of clips drawn from a mix, and their genres."""
    rng = np.random.default_rng(seed)
    genres = rng.choice(16, size=clips, p=mix)
    evidence = rng.normal(0, np.sqrt(6), (clips, 16)) + 6 * np.eye(16)[genres]
    odds = np.exp(evidence) * TRAINING
    return odds / odds.sum(axis=1, keepdims=True), genres


def most_likely_prior(posteriors: FloatArray) -> FloatArray:
    """The maximum-likelihood mix, without the safeguard of ``estimated_prior``."""
    return expectation_maximization(posteriors / TRAINING, TRAINING, np.zeros(16))


def loss(posteriors: FloatArray, prior: FloatArray, genres: np.ndarray) -> float:
    adapted = adapt(posteriors, TRAINING, prior)
    return float(-np.log(adapted[np.arange(len(genres)), genres]).mean())


@given(rows_of_16)
@settings(max_examples=60, deadline=None)
def test_any_payload_gives_a_prior_that_excludes_nothing(values: FloatArray) -> None:
    rows = values / values.sum(axis=1, keepdims=True)
    prior = estimated_prior(rows, TRAINING)
    assert prior.sum() == pytest.approx(1)
    assert prior.min() > min(TRAINING.min(), MEDIUM.min()) / 2 - 1e-9
    np.testing.assert_allclose(prior, estimated_prior(rows[::-1], TRAINING), atol=1e-5)


@pytest.mark.parametrize("concentration", [0.3, 1.0, 10.0])
@pytest.mark.parametrize("clips", [20, 200, 2000])
def test_the_estimate_does_not_harm_and_helps_in_numbers(concentration: float, clips: int) -> None:
    rng = np.random.default_rng(clips)
    gains = []
    for seed in range(10):
        mix = rng.dirichlet(np.full(16, concentration))
        rows, genres = payload(mix, clips, seed)
        prior = estimated_prior(rows, TRAINING)
        gains.append(loss(rows, TRAINING, genres) - loss(rows, prior, genres))
    assert np.mean(gains) > 0.02


def test_a_payload_of_the_training_mix_costs_next_to_nothing() -> None:
    for clips in (20, 200, 2000):
        costs = []
        for seed in range(40):
            rows, genres = payload(TRAINING, clips, seed)
            prior = estimated_prior(rows, TRAINING)
            costs.append(loss(rows, prior, genres) - loss(rows, TRAINING, genres))
        assert np.mean(costs) < 0.02


def test_fma_mediums_mix_is_recognised() -> None:
    rows, _ = payload(MEDIUM, 500)
    prior = estimated_prior(rows, TRAINING)
    assert np.abs(prior - MEDIUM).max() < 0.03


def test_a_payload_of_one_genre_is_noticed_without_excluding_the_rest() -> None:
    rows, genres = payload(np.eye(16)[3], 300)
    prior = estimated_prior(rows, TRAINING)
    assert prior.argmax() == 3
    assert prior.min() > 0.001
    assert loss(rows, prior, genres) < loss(rows, TRAINING, genres) - 0.3


def test_clips_that_say_nothing_move_nothing_far() -> None:
    """Silence, or anything unlike music: the same posterior a thousand times."""
    silence = np.tile(smoothed(np.ones(16) + np.eye(16)[0], 0.0), (1000, 1))
    assert most_likely_prior(silence).max() > 0.99  # why there is a safeguard
    prior = estimated_prior(silence, TRAINING)
    assert prior.max() < 0.6
    assert prior.min() > 0.002


def test_one_clip_moves_the_prior_little() -> None:
    certain = smoothed(np.eye(16)[[7]][0], 1e-6)[None]
    none, one = estimated_prior(certain[:0], TRAINING), estimated_prior(certain, TRAINING)
    np.testing.assert_allclose(none, TRAINING / 2 + MEDIUM / 4 + UNIFORM / 4)
    assert np.abs(one - none).max() < 0.05


def test_the_em_alone_finds_the_most_likely_mix() -> None:
    mix = smoothed(np.array([0, 0, 5, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 2]), 0.0)
    rows, _ = payload(mix, 5000)
    found = most_likely_prior(rows)
    assert np.abs(found - mix).max() < 0.03
    evidence = np.log((rows / TRAINING) @ np.stack([found, mix, TRAINING]).T).sum(axis=0)
    assert evidence.argmax() == 0


@pytest.mark.parametrize(
    ("rows", "prior", "says"),
    [
        (np.full((2, 15), 1 / 15), UNIFORM, "posteriors for"),
        (np.full(16, 1 / 16), UNIFORM, "posteriors for"),
        (np.full((2, 16), np.nan), UNIFORM, "finite"),
        (np.full((2, 16), -1.0), UNIFORM, "not negative"),
        (np.zeros((2, 16)), UNIFORM, "all zeros"),
        (np.full((2, 16), 1 / 16), np.eye(16)[0], "must have a share"),
    ],
)
def test_what_is_no_posterior_is_refused(rows: FloatArray, prior: FloatArray, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        estimated_prior(rows, prior)
