"""A prior is a distribution over the sixteen genres, wherever it comes from."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import systems
from model.errors import UsageError
from model.genres import FMA_MEDIUM_CLIPS, GENRES
from model.probabilities import priors
from model.systems import cards

TRAINING = cards.read(systems.DEFAULT, systems.WEIGHTS_FOLDER).training_prior


@pytest.mark.parametrize("name", ["fma", "uniform", "train"])
def test_a_named_prior_is_a_distribution(name: str) -> None:
    prior = priors.named(name, TRAINING)
    assert prior.shape == (16,)
    assert prior.min() > 0
    assert prior.sum() == pytest.approx(1, abs=1e-12)


def test_the_names_mean_what_they_say() -> None:
    np.testing.assert_allclose(priors.named("train", TRAINING), TRAINING, rtol=1e-4)
    assert np.ptp(priors.named("uniform", TRAINING)) == 0
    fma = priors.named("fma", TRAINING)
    assert np.argsort(fma).tolist() == np.argsort(FMA_MEDIUM_CLIPS).tolist()


@given(st.dictionaries(st.sampled_from(GENRES), st.floats(1e-3, 1e6), min_size=1))
def test_weights_keep_their_ratios(weights: dict[str, float]) -> None:
    prior = priors.weighted(weights, "here")
    assert prior.min() > 0
    assert prior.sum() == pytest.approx(1, abs=1e-12)
    total = sum(weights.values())
    for genre, share in zip(GENRES, prior, strict=True):
        assert share == pytest.approx(weights.get(genre, 0) / total, abs=1e-6)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"Polka": 1}, "unknown genres"),
        ({"Jazz": -1}, ">= 0"),
        ({}, "sum > 0"),
        ({"Jazz": "much"}, "not a json object"),
        ([1], "not a json object"),
    ],
)
def test_what_is_no_prior_is_told_with_its_place(
    tmp_path: Path, content: object, message: str
) -> None:
    path = tmp_path / "prior.json"
    path.write_text(json.dumps(content))
    with pytest.raises(UsageError, match=message) as caught:
        priors.named(str(path), TRAINING)
    assert str(path) in str(caught.value)
