"""The scorer against published figures, scikit-learn, and what must hold for any table."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import f1_score, log_loss

from grader.judging.metrics import (
    class_weights,
    clip_losses,
    confusion,
    macro_f1,
    reliability,
    score,
)
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


def test_the_prior_of_mediums_training_part_on_its_test_part() -> None:
    train = (58, 495, 142, 13, 5050, 1801, 1215, 1761, 1045, 814, 306, 408, 945, 5681, 94, 94)
    test = (8, 62, 18, 6, 632, 225, 152, 220, 174, 102, 39, 51, 119, 711, 42, 12)
    truth = np.repeat(np.arange(16), test)
    scores = score(np.tile(np.array(train) / sum(train), (len(truth), 1)), truth)
    assert scores.log_loss == pytest.approx(2.1454, abs=5e-5)
    assert scores.accuracy == pytest.approx(0.2763, abs=5e-5)
    assert scores.macro_f1 == pytest.approx(0.0271, abs=5e-5)


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


@given(tables(), st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_a_weight_of_two_is_the_clip_twice(drawn: tuple[Table, Truth], seed: int) -> None:
    table, truth = drawn
    times = np.random.default_rng(seed).integers(0, 3, len(truth))
    times[0] = 1
    chosen = np.repeat(np.arange(len(truth)), times)
    weighted = score(table, truth, times.astype(float))
    repeated = score(table[chosen], truth[chosen])
    assert weighted.log_loss == pytest.approx(repeated.log_loss)
    assert weighted.accuracy == pytest.approx(repeated.accuracy)
    assert weighted.macro_f1 == pytest.approx(repeated.macro_f1)
    bins, again = (
        reliability(table, truth, times.astype(float)),
        reliability(table[chosen], truth[chosen]),
    )
    np.testing.assert_allclose(bins.share, again.share)
    assert bins.error == pytest.approx(again.error)


@given(tables())
@settings(max_examples=30, deadline=None)
def test_weights_of_a_mix_give_the_classes_its_shares(drawn: tuple[Table, Truth]) -> None:
    _, truth = drawn
    weights = class_weights(truth, PRIOR)
    assert weights.sum() == pytest.approx(len(truth))
    sums = np.bincount(truth, weights, 16)
    present = np.unique(truth)
    expected = PRIOR[present] / PRIOR[present].sum()
    np.testing.assert_allclose(sums[present] / len(truth), expected)


def test_weights_of_a_mix_keep_proportions_within_a_class() -> None:
    truth = np.array([0, 0, 1])
    weights = class_weights(truth, np.array([0.5, 0.25, 0.25]), np.array([3.0, 1.0, 7.0]))
    np.testing.assert_allclose(weights, [1.5, 0.5, 1.0])


def test_weights_without_any_clip_are_refused() -> None:
    with pytest.raises(ValueError, match="no clip is of a class"):
        class_weights(np.array([0, 0]), np.array([0.0, 1.0]))


def test_weighting_uniform_predictions_to_medium_changes_no_loss() -> None:
    truth = np.arange(160) % 16
    table = np.tile(PRIOR, (160, 1))
    scores = score(table, truth, class_weights(truth, PRIOR))
    assert scores.log_loss == pytest.approx(2.0887, abs=5e-5)
    assert scores.accuracy == pytest.approx(0.2841, abs=5e-5)


def test_calibration_error_by_hand() -> None:
    """Two bins: three clips at 0.9 of which two are right, one at 0.6 that is right."""
    table = np.array([[0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.6, 0.4]])
    bins = reliability(table, np.array([0, 1, 1, 0]))
    filled = bins.share > 0
    np.testing.assert_allclose(bins.share[filled], [0.25, 0.75])
    np.testing.assert_allclose(bins.confidence[filled], [0.6, 0.9])
    np.testing.assert_allclose(bins.accuracy[filled], [1, 2 / 3])
    assert bins.error == pytest.approx(0.25 * 0.4 + 0.75 * (0.9 - 2 / 3))
    assert len(bins.share) == 15


def test_a_bin_has_its_upper_edge_and_not_its_lower() -> None:
    bins = reliability(np.array([[0.5, 0.5], [0.51, 0.49], [1.0, 0.0]]), np.zeros(3, int), bins=2)
    np.testing.assert_allclose(bins.share, [1 / 3, 2 / 3])


def test_exact_probabilities_have_little_calibration_error() -> None:
    rng = np.random.default_rng(0)
    table = rng.dirichlet(np.full(16, 0.3), 40_000)
    truth = (rng.random((40_000, 1)) > table.cumsum(axis=1)).sum(axis=1).clip(0, 15)
    assert reliability(table, truth).error < 0.01
    sharper = table**2 / (table**2).sum(axis=1, keepdims=True)
    assert reliability(sharper, truth).error > 0.1
