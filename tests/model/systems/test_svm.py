"""The support vector machine answers as scikit-learn's does."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from model.genres import GENRES
from model.probabilities.calibration import Calibration
from model.systems.base import Execution
from model.systems.challenge2018 import svm
from tests.support.features import clips
from training.data.dataset import DatasetError
from training.trainers.classic import fit_svm


@pytest.mark.filterwarnings("ignore:.*probability.*:FutureWarning")
@pytest.mark.parametrize("genres", [16, 3])
def test_probabilities_are_those_of_scikit_learn(genres: int, tmp_path: Path) -> None:
    features, own = clips(320, genres)
    fit_svm(features[:240], own[:240], 7, tmp_path / "w.h5", print)
    scaler = StandardScaler().fit(features[:240].astype(float))
    machine = SVC(gamma="auto", probability=True, random_state=7)
    machine.fit(scaler.transform(features[:240].astype(float)), own[:240])
    expected = machine.predict_proba(scaler.transform(features.astype(float)))
    logits = svm.Machine(tmp_path / "w.h5", Execution())(features[:, None])
    found = np.exp(logits)
    np.testing.assert_allclose(found[:, :genres], expected, rtol=1e-3, atol=1e-6)
    assert found[:, genres:].max(initial=0.0) < 1e-9
    assert np.ptp(expected, axis=0).max() > 0.3, "answers that are alike tell nothing"
    posteriors = Calibration(floor=1e-12).posteriors(logits)
    np.testing.assert_allclose(posteriors[:, :genres], expected, rtol=1e-3, atol=1e-6)


@settings(deadline=None)
@given(st.lists(st.floats(-3, 3), min_size=4, max_size=4))
def test_pairs_that_agree_give_back_their_distribution(logits: list[float]) -> None:
    odds = np.exp(logits)
    wanted = odds / odds.sum()
    firsts, seconds = np.triu_indices(4, 1)
    pairs = wanted[firsts] / (wanted[firsts] + wanted[seconds])
    # The method ends where the pairs are nearly met.
    np.testing.assert_allclose(svm.coupling(pairs[None], 4)[0], wanted, atol=0.01)


@settings(deadline=None)
@given(st.lists(st.floats(1e-7, 1 - 1e-7), min_size=120, max_size=120))
def test_pairs_that_contradict_each_other_still_give_a_distribution(pairs: list[float]) -> None:
    found = svm.coupling(np.array([pairs]), len(GENRES))
    assert (found >= 0.0).all()
    np.testing.assert_allclose(found.sum(), 1.0, rtol=1e-9)


def test_a_decision_beyond_all_measure_is_no_overflow() -> None:
    found = svm.sigmoids(np.array([[1e9, -1e9]]), np.array([-1.0, -1.0]), np.zeros(2))
    np.testing.assert_allclose(found, [[1 - 1e-7, 1e-7]])


def test_the_order_and_the_number_of_clips_in_a_call_do_not_matter(tmp_path: Path) -> None:
    features, own = clips(120, 5)
    fit_svm(features, own, 0, tmp_path / "w.h5", print)
    machine = svm.Machine(tmp_path / "w.h5", Execution(batch=4))
    assert machine.batch == 4
    together = machine(features[:8, None])
    alone = np.concatenate([machine(features[i : i + 1, None]) for i in range(8)])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_two_genres_are_too_few(tmp_path: Path) -> None:
    features, own = clips(20, 2)
    with pytest.raises(DatasetError, match="at least three genres"):
        fit_svm(features, own, 0, tmp_path / "w.h5", print)
