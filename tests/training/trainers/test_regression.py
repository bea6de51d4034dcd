"""The probe is scikit-learn's, and no silent feature ruins it."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from training.trainers.regression import balancing_weights, fit_probe

RNG = np.random.default_rng(0)
GENRES = np.repeat([0, 3, 5], 40)
FEATURES = RNG.normal(0.0, 1.0, (120, 6)) * [1, 2, 3, 4, 5, 0] + GENRES[:, None] * [
    1,
    0,
    0,
    0,
    0,
    0,
]


def test_a_probe_is_a_scaler_and_a_logistic_regression() -> None:
    reference = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=400))
    expected = reference.fit(FEATURES, GENRES).predict_proba(FEATURES)
    found = fit_probe(FEATURES, GENRES, 0.1).posteriors(FEATURES)
    np.testing.assert_allclose(found[:, [0, 3, 5]], expected, atol=1e-3)
    assert (found[:, [1, 2, 4]] < 1e-5).all()


def test_a_feature_that_was_all_but_silent_decides_nothing() -> None:
    features = FEATURES.copy()
    features[GENRES == 3, 5] = 1e-4
    loud = FEATURES[:1].copy()
    loud[0, 5] = 1.0
    plain = fit_probe(features, GENRES, 0.1).posteriors(FEATURES[:1])
    ruined = fit_probe(features, GENRES, 0.1).posteriors(loud)
    spared = fit_probe(features, GENRES, 0.1, feature_scale_floor=0.3).posteriors(loud)
    assert ruined[0, 3] > 0.99
    assert plain[0, 0] > 0.4
    np.testing.assert_allclose(spared, plain, atol=0.2)


def test_whole_shares_are_labels_and_halves_lie_between() -> None:
    hard = fit_probe(FEATURES, GENRES, 0.1)
    whole = fit_probe(FEATURES, np.eye(16)[GENRES], 0.1)
    np.testing.assert_allclose(whole.weights, hard.weights, atol=1e-3)
    blurred = 0.5 * np.eye(16)[GENRES] + 0.5 / 16
    unsure = fit_probe(FEATURES, blurred, 0.1).posteriors(FEATURES)
    assert (unsure.max(axis=1) < hard.posteriors(FEATURES).max(axis=1)).all()


def test_balanced_weights_count_frequent_artists_and_genres_less() -> None:
    genres = np.array([0, 0, 0, 0, 1])
    weights = balancing_weights(genres, ["a", "a", "a", "b", "c"], 0.5)
    np.testing.assert_allclose(weights / weights[4], [12**-0.5, 12**-0.5, 12**-0.5, 0.5, 1.0])
    np.testing.assert_allclose(weights.mean(), 1.0)
    np.testing.assert_array_equal(balancing_weights(genres, list("abcde"), 0.0), np.ones(5))


def test_weights_of_clips_leave_the_mix_of_genres_alone() -> None:
    """Noise tells nothing, so that posteriors are the mix of the clips."""
    rng = np.random.default_rng(0)
    genres = np.repeat([0, 3], [300, 100])
    noise = rng.normal(0, 1, (400, 3))
    weights = balancing_weights(genres, [str(number) for number in range(400)], 1.0)
    mean = fit_probe(noise, genres, 0.001, clip_weights=weights).posteriors(noise).mean(axis=0)
    np.testing.assert_allclose(mean[[0, 3]], [0.75, 0.25], atol=0.01)
