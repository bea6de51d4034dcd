"""The scorer against published figures, scikit-learn, and what must hold for any table."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import f1_score, log_loss

from grader.metrics import clip_losses, confusion, macro_f1, score
from model.genres import FMA_MEDIUM_CLIPS, GENRES

Table = NDArray[np.float64]
Truth = NDArray[np.int_]

MEDIUM = np.repeat(np.arange(16), FMA_MEDIUM_CLIPS)
"""One label for each clip of fma_medium."""
PRIOR = np.array(FMA_MEDIUM_CLIPS) / sum(FMA_MEDIUM_CLIPS)


@st.composite
def tables(draw: st.DrawFn) -> tuple[Table, Truth]:
    """Probabilities and labels of 1 to 40 clips."""
    clips = draw(st.integers(1, 40))
    seed = draw(st.integers(0, 2**32 - 1))
    sharpness = draw(st.sampled_from([0.05, 1.0, 20.0]))
    generator = np.random.default_rng(seed)
    table = generator.dirichlet(np.full(16, sharpness), clips)
    return table, generator.integers(0, 16, clips)


def test_uniform_is_the_logarithm_of_sixteen() -> None:
    table = np.full((len(MEDIUM), 16), 1 / 16)
    assert score(table, MEDIUM).log_loss == pytest.approx(2.7726, abs=5e-5)


def test_the_kits_random_script() -> None:
    """Softmax of sixteen uniform draws: 2.812 with 0.280 a clip, F1 1/16."""
    draws = np.random.default_rng(0).random((len(MEDIUM), 16))
    table = np.exp(draws) / np.exp(draws).sum(axis=1, keepdims=True)
    scores = score(table, MEDIUM)
    assert scores.log_loss == pytest.approx(2.812, abs=0.006)
    assert np.std(clip_losses(table, MEDIUM)) == pytest.approx(0.280, abs=0.01)
    assert scores.accuracy == pytest.approx(1 / 16, abs=0.006)
    assert scores.macro_f1 == pytest.approx(0.044, abs=0.004)


def test_the_class_prior_of_medium() -> None:
    scores = score(np.tile(PRIOR, (len(MEDIUM), 1)), MEDIUM)
    assert scores.log_loss == pytest.approx(2.0887, abs=5e-5)
    assert scores.accuracy == pytest.approx(0.2841, abs=5e-5)
    assert scores.macro_f1 == pytest.approx(0.0277, abs=5e-5)


def test_one_confident_miss_costs_at_most_34_nats() -> None:
    table = np.eye(16)[[3]]
    assert clip_losses(table, np.array([4]))[0] == pytest.approx(34.54, abs=0.005)


def test_six_scores_of_the_live_grader_are_shares_of_its_clips() -> None:
    """Why "F1" is read as accuracy: a macro average is no multiple of one clip's share."""
    logged = (0.667228571429, 0.671885714286, 0.703571428571, 0.723171428571, 0.727857142857,
              0.732914285714)  # fmt: skip
    for value in logged:
        assert value * 35_000 == pytest.approx(round(value * 35_000), abs=1e-6)


@given(tables())
@settings(max_examples=50, deadline=None)
def test_agrees_with_scikit_learn(drawn: tuple[Table, Truth]) -> None:
    table, truth = drawn
    scores = score(table, truth)
    safe = np.clip(table, 1e-15, 1 - 1e-15)
    safe /= safe.sum(axis=1, keepdims=True)
    assert scores.log_loss == pytest.approx(log_loss(truth, safe, labels=range(16)), rel=1e-9)
    top = table.argmax(axis=1)
    micro = f1_score(truth, top, labels=range(16), average="micro", zero_division=0)
    macro = f1_score(truth, top, labels=range(16), average="macro", zero_division=0)
    assert scores.accuracy == pytest.approx(micro)
    assert scores.macro_f1 == pytest.approx(macro)


@given(tables(), st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_the_order_of_clips_does_not_matter(drawn: tuple[Table, Truth], seed: int) -> None:
    table, truth = drawn
    order = np.random.default_rng(seed).permutation(len(truth))
    assert score(table[order], truth[order]).log_loss == pytest.approx(score(table, truth).log_loss)


@given(tables(), st.floats(0.1, 10))
@settings(max_examples=30, deadline=None)
def test_rows_are_divided_by_their_sum(drawn: tuple[Table, Truth], factor: float) -> None:
    table, truth = drawn
    table = table.clip(1e-6)
    assert clip_losses(table * factor / 10, truth) == pytest.approx(
        clip_losses(table / 10, truth), rel=1e-9
    )


@given(tables())
@settings(max_examples=30, deadline=None)
def test_confusion_counts_every_clip_once(drawn: tuple[Table, Truth]) -> None:
    table, truth = drawn
    counts = confusion(table.argmax(axis=1), truth, 16)
    assert counts.sum() == len(truth)
    assert counts.sum(axis=1).tolist() == np.bincount(truth, minlength=16).tolist()
    assert np.trace(counts) / len(truth) == pytest.approx(score(table, truth).accuracy)


def test_confusion_has_the_truth_in_its_rows() -> None:
    predicted, truth = np.array([1, 1, 2]), np.array([0, 1, 2])
    counts = confusion(predicted, truth, 3)
    assert counts.tolist() == [[0, 1, 0], [0, 1, 0], [0, 0, 1]]
    assert macro_f1(np.array([1, 1, 2]), np.array([0, 1, 2]), 3) == pytest.approx(
        (0 + 2 / 3 + 1) / 3
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf, -0.1])
def test_values_that_are_no_probabilities_are_refused(bad: float) -> None:
    table = np.full((1, 16), 1 / 16)
    table[0, 5] = bad
    with pytest.raises(ValueError, match="finite and not negative"):
        score(table, np.array([0]))


def test_shapes_must_fit() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        score(np.full((2, len(GENRES)), 1 / 16), np.array([0]))
