"""Resampling of groups: whole groups, seeded, and intervals as wide as theory has them."""

import numpy as np
import pytest

from training.evaluation.bootstrap import group_draws, intervals


def test_clips_of_a_group_are_drawn_together_and_groups_keep_their_number() -> None:
    groups = ["a", "b", "a", "c", "c", "c"]
    draws = group_draws(groups, 50, seed=3)
    assert draws.shape == (50, 6)
    assert (draws[:, 0] == draws[:, 2]).all()
    assert (draws[:, 3] == draws[:, 5]).all()
    assert (draws[:, 0] + draws[:, 1] + draws[:, 3] == 3).all()
    assert np.array_equal(draws, group_draws(groups, 50, seed=3))
    assert not np.array_equal(draws, group_draws(groups, 50, seed=4))


def test_the_interval_of_a_mean_is_that_of_the_normal_distribution() -> None:
    values = np.random.default_rng(0).normal(5, 2, 400)
    draws = group_draws([str(number) for number in range(400)], 1000)
    low, high = intervals(lambda weights: np.array([np.average(values, weights=weights)]), draws)
    half = 1.96 * values.std() / np.sqrt(400)
    assert low[0] == pytest.approx(values.mean() - half, abs=0.03)
    assert high[0] == pytest.approx(values.mean() + half, abs=0.03)


def test_clips_of_few_groups_are_little_evidence() -> None:
    """A hundred copies of four clips are worth four clips."""
    values = np.tile([0.0, 1.0, 0.0, 1.0], 100)
    draws = {
        "alone": group_draws([str(number) for number in range(400)]),
        "grouped": group_draws(["abcd"[number % 4] for number in range(400)]),
    }
    widths = {
        name: np.diff(intervals(lambda w: np.array([np.average(values, weights=w)]), drawn)[:, 0])
        for name, drawn in draws.items()
    }
    assert widths["alone"][0] < 0.15
    assert widths["grouped"][0] > 0.5


def test_a_value_that_no_draw_has_gets_no_interval() -> None:
    draws = group_draws(["a", "b"], 20)
    ends = intervals(lambda weights: np.array([np.nan, weights.sum()]), draws)
    assert np.isnan(ends[:, 0]).all()
    assert ends[:, 1].tolist() == [2, 2]
