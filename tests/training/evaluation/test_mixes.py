"""Simulated test sets have the mix and the groups asked for, and every prior its price."""

from typing import Any

import numpy as np
import pytest

from model.genres import FMA_MEDIUM_CLIPS
from model.probabilities.calibration import Calibration
from tests.support.invented import honest_logits, invented_table
from training.evaluation.bootstrap import group_draws
from training.evaluation.mixes import (
    ESTIMATE,
    MAXIMUM,
    ORACLE,
    UNADAPTED,
    draw_test_set,
    simulate,
)

TABLE = invented_table()


@pytest.fixture(scope="module")
def simulation() -> dict[str, Any]:
    posteriors = Calibration().posteriors(honest_logits(TABLE.genres, 6.0))
    prior = np.full(16, 1 / 16)
    return simulate(posteriors, TABLE.genres, TABLE.groups, prior, {20: 20, 100: 5})


def test_a_test_set_has_the_mix_and_only_drawn_groups() -> None:
    rng = np.random.default_rng(0)
    weights = group_draws(TABLE.groups, 1)[0]
    mix = np.array(FMA_MEDIUM_CLIPS) / sum(FMA_MEDIUM_CLIPS)
    chosen = draw_test_set(TABLE.genres, weights, mix, 20_000, rng)
    shares = np.bincount(TABLE.genres[chosen], minlength=16) / 20_000
    assert np.abs(shares - mix).max() < 0.012
    assert (weights[chosen] > 0).all()


def test_a_genre_without_a_drawn_group_is_drawn_from_all_of_its_clips() -> None:
    chosen = draw_test_set(TABLE.genres, np.zeros(len(TABLE)), np.eye(16)[4], 500,
                          np.random.default_rng(0))  # fmt: skip
    assert set(chosen) == set(np.flatnonzero(TABLE.genres == 4))


def test_the_true_mix_is_the_best_prior_of_all(simulation: dict[str, Any]) -> None:
    for cells in simulation["losses"].values():
        for cell in cells.values():
            assert cell[ORACLE] <= min(cell.values()) + 0.02
    assert simulation["mean"][ORACLE] == min(
        simulation["mean"][p] for p in (ORACLE, "fma", "uniform")
    )


def test_a_wrong_fixed_prior_costs_more_than_an_estimate(simulation: dict[str, Any]) -> None:
    assert simulation["largest_excess"]["fma"] > 0.1
    assert simulation["largest_excess"][ESTIMATE] < 0.02
    assert simulation["mean"][ESTIMATE] < simulation["mean"][UNADAPTED]
    assert simulation["largest_excess"][MAXIMUM] > simulation["largest_excess"][ESTIMATE]
    assert simulation["largest_excess"][UNADAPTED] == 0


def test_the_result_is_the_same_every_time_and_complete(simulation: dict[str, Any]) -> None:
    posteriors = Calibration().posteriors(honest_logits(TABLE.genres, 6.0))
    again = simulate(posteriors, TABLE.genres, TABLE.groups, np.full(16, 1 / 16), {20: 20, 100: 5})
    assert again == simulation
    assert len(simulation["losses"]) == 9
    assert set(simulation["losses"]["uniform"]) == {"20", "100"}
    assert simulation["mean"]["train"] == pytest.approx(simulation["mean"]["uniform"])


def test_genres_without_clips_are_left_out_of_every_mix() -> None:
    some = TABLE.genres < 8
    posteriors = Calibration().posteriors(honest_logits(TABLE.genres, 6.0))[some]
    groups = [group for group, kept in zip(TABLE.groups, some, strict=True) if kept]
    found = simulate(posteriors, TABLE.genres[some], groups, np.full(16, 1 / 16), {20: 5})
    assert all(np.isfinite(x) for c in found["losses"].values() for x in c["20"].values())
