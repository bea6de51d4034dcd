"""Logits to posteriors, and posteriors from one prior to another."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from model.probabilities.calibration import Calibration, FloatArray, adapt, smoothed

logits = arrays(np.float64, 16, elements=st.floats(-1e6, 1e6))
priors = arrays(np.float64, 16, elements=st.floats(1e-3, 1.0)).map(lambda p: p / p.sum())


@given(logits, st.floats(0.05, 20), st.floats(1e-9, 0.5), priors, priors)
def test_posteriors_are_strictly_between_0_and_1_and_sum_to_1(
    values: FloatArray, temperature: float, floor: float, source: FloatArray, target: FloatArray
) -> None:
    posterior = Calibration(temperature, floor).posteriors(values)
    for probabilities in (posterior, adapt(posterior, source, target)):
        assert (probabilities > 0).all()
        assert (probabilities < 1).all()
        assert abs(probabilities.sum() - 1) < 1e-12


@given(logits, priors, priors)
def test_adapting_there_and_back_changes_nothing(
    values: FloatArray, source: FloatArray, target: FloatArray
) -> None:
    posterior = Calibration(1.0, 1e-3).posteriors(values)
    there_and_back = adapt(adapt(posterior, source, target), target, source)
    np.testing.assert_allclose(there_and_back, posterior, rtol=1e-9)


def test_adapting_follows_bayes_rule() -> None:
    posterior = np.array([0.5, 0.25, 0.25])
    adapted = adapt(posterior, np.array([0.5, 0.25, 0.25]), np.array([0.2, 0.4, 0.4]))
    np.testing.assert_allclose(adapted, [0.2, 0.4, 0.4])


def test_a_high_temperature_moves_towards_uniform() -> None:
    values = np.linspace(0, 3, 16)
    cold, warm = (Calibration(t, 1e-6).posteriors(values).max() for t in (0.5, 5.0))
    assert cold > warm > 1 / 16


def test_a_smoothed_prior_has_no_zero() -> None:
    prior = smoothed(np.array([3, 1, 0, 0]), 0.1)
    np.testing.assert_allclose(prior, [0.7, 0.25, 0.025, 0.025])


@pytest.mark.parametrize(
    ("temperature", "floor"), [(0.0, 0.1), (-1.0, 0.1), (1.0, 0.0), (1.0, 1.0)]
)
def test_an_impossible_calibration_is_refused(temperature: float, floor: float) -> None:
    with pytest.raises(ValueError, match="calibration"):
        Calibration(temperature, floor)


def test_a_bias_is_added_to_the_logits() -> None:
    values = np.linspace(0, 3, 16)
    bias = tuple(np.linspace(1, -1, 16).tolist())
    with_bias = Calibration(2.0, 1e-6, bias).posteriors(values)
    np.testing.assert_allclose(with_bias, Calibration(2.0, 1e-6).posteriors(values + bias))


def test_a_bias_for_other_classes_is_refused() -> None:
    with pytest.raises(ValueError, match="3 biases for 16 classes"):
        Calibration(bias=(0.0, 1.0, 2.0)).posteriors(np.zeros(16))
    with pytest.raises(ValueError, match="not a calibration"):
        Calibration(bias=(np.nan,) * 16)


def test_fields_of_a_card_make_a_calibration_with_or_without_a_bias() -> None:
    old = json.loads('{"temperature": 0.9, "floor": 0.01}')
    assert Calibration(**old) == Calibration(0.9, 0.01)
    read = Calibration(**json.loads(json.dumps(asdict(Calibration(0.9, 0.01, (0.5,) * 16)))))
    assert read == Calibration(0.9, 0.01, (0.5,) * 16)
    assert hash(read) == hash(Calibration(0.9, 0.01, (0.5,) * 16))
