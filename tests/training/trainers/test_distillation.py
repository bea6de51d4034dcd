"""The probe is scikit-learn's, and no silent feature ruins it."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from training.trainers.distillation import fit_probe

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
