"""Calibrations are found where the truth is known, chosen by clips not fitted to, and priced."""

import numpy as np
import pytest

from grader.judging.metrics import clip_losses, reliability
from model.probabilities.calibration import Calibration
from tests.support.invented import honest_logits, invented_held_out
from training.evaluation.calibration import (
    choose_method,
    compare_methods,
    compare_schemes,
    fit_calibration,
    held_out_posteriors,
    shipped_calibration,
)

GENRES = np.arange(640) % 16
FOLDS = (np.arange(640) // 16) % 3
BIAS = np.tile([0.5, -0.5], 8)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_of_the_logits_is_found(temperature: float) -> None:
    found = fit_calibration(temperature * honest_logits(GENRES), GENRES)
    assert found.temperature == pytest.approx(temperature, rel=0.1)
    assert found.floor < 0.05
    assert found.bias == ()


def test_a_bias_of_the_logits_is_found_and_taken_back() -> None:
    logits = honest_logits(GENRES)
    found = fit_calibration(logits - BIAS, GENRES, "vector")
    assert found.temperature == pytest.approx(1, abs=0.15)
    assert np.corrcoef(found.bias, BIAS)[0, 1] > 0.9
    exact = clip_losses(Calibration().posteriors(logits), GENRES).mean()
    biased = clip_losses(Calibration().posteriors(logits - BIAS), GENRES).mean()
    recalibrated = clip_losses(found.posteriors(logits - BIAS), GENRES).mean()
    assert recalibrated - exact < (biased - exact) / 3


def test_few_clips_give_a_small_bias() -> None:
    some = slice(0, 48)
    few = fit_calibration(honest_logits(GENRES)[some] - BIAS, GENRES[some], "vector")
    many = fit_calibration(honest_logits(GENRES) - BIAS, GENRES, "vector")
    assert np.abs(few.bias).mean() < np.abs(many.bias).mean()


def test_the_method_that_helps_clips_not_fitted_to_is_chosen() -> None:
    logits = honest_logits(GENRES)
    biased = logits - BIAS
    assert choose_method(biased, GENRES, FOLDS) == "vector"
    shipped = shipped_calibration({"cv0": (FOLDS, biased)}, GENRES)
    assert shipped == fit_calibration(biased, GENRES, "vector")
    few = slice(0, 160)
    assert choose_method(logits[few], GENRES[few], FOLDS[few]) == "temperature"
    assert choose_method(logits, GENRES, np.zeros(640, int)) == "temperature"


def test_a_fold_is_calibrated_by_the_others_alone() -> None:
    """Ruining the logits of one fold changes nothing for it but its own logits."""
    logits = 3 * honest_logits(GENRES)
    before = held_out_posteriors(logits, GENRES, FOLDS)
    changed = GENRES.copy()
    changed[FOLDS == 2] = 15 - changed[FOLDS == 2]
    after = held_out_posteriors(logits, changed, FOLDS)
    assert np.array_equal(before[FOLDS == 2], after[FOLDS == 2])
    assert not np.array_equal(before[FOLDS == 1], after[FOLDS == 1])


def test_nested_calibration_corrects_overconfident_logits() -> None:
    logits = 4 * honest_logits(GENRES)
    folds = (np.arange(640) // 16) % 5
    raw, recalibrated = Calibration().posteriors(logits), held_out_posteriors(logits, GENRES, folds)
    assert clip_losses(recalibrated, GENRES).mean() < clip_losses(raw, GENRES).mean() - 0.3
    assert reliability(raw, GENRES).error > 0.2
    assert reliability(recalibrated, GENRES).error < 0.06


def test_the_comparison_tells_held_out_figures() -> None:
    logits = 2 * honest_logits(GENRES)[:320]
    genres, folds = GENRES[:320], FOLDS[:320]
    rows = compare_methods(logits, genres, folds)
    assert list(rows) == ["none", "temperature", "vector", "nested choice"]
    expected = clip_losses(held_out_posteriors(logits, genres, folds, "vector"), genres).mean()
    assert rows["vector"]["log_loss"] == pytest.approx(expected, abs=5e-5)
    assert rows["temperature"]["calibration_error"] < rows["none"]["calibration_error"]


def test_what_ships_is_fitted_to_held_out_sources_where_there_are_such() -> None:
    held_out = invented_held_out()
    folds, logits = held_out.schemes["source"]
    schemes = {**held_out.schemes, "source": (folds, 3.0 * logits)}  # too sure of new sources
    shipped = shipped_calibration(schemes, held_out.genres)
    assert shipped.temperature == pytest.approx(3.0, rel=0.15)
    first = {"cv0": held_out.schemes["cv0"]}
    assert shipped_calibration(first, held_out.genres).temperature == pytest.approx(1.0, rel=0.15)

    found = compare_schemes({"cv0": schemes["cv0"], "source": schemes["source"]}, held_out.genres)
    assert list(found) == ["none", "cv0", "source"]
    losses = {fitted: row["source"]["log_loss"] for fitted, row in found.items()}
    assert losses["source"] < losses["cv0"] == pytest.approx(losses["none"], abs=0.1)
    assert found["source"]["cv0"]["log_loss"] > found["cv0"]["cv0"]["log_loss"]


def test_clips_of_a_genre_that_nobody_could_learn_do_not_calibrate() -> None:
    genres = np.repeat([0, 1, 2], 60)
    folds = np.where(genres == 2, 1, np.arange(180) % 2)
    folds[genres == 2] = 1
    logits = honest_logits(genres)
    lost = logits.copy()
    lost[genres == 2, 2] = -20.0
    assert shipped_calibration({"source": (folds, lost)}, genres) == shipped_calibration(
        {"source": (folds, logits)}, genres
    )
