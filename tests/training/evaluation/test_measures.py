"""Measures of held-out posteriors, against scores computed by hand."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from grader.judging.metrics import clip_losses, reliability, score
from model.genres import GENRES
from model.probabilities.calibration import Calibration, adapt
from tests.support.invented import honest_logits, invented_table
from training.data.dataset import class_prior
from training.data.folds import source_folds
from training.evaluation import measures
from training.evaluation.bootstrap import group_draws
from training.evaluation.heldout import HeldOut
from training.evaluation.measures import AS_IS, CONVERTED

TABLE = invented_table()
CLIPS = HeldOut(TABLE.ids, TABLE.genres, TABLE.groups, TABLE.sources, schemes={})
DRAWS = group_draws(TABLE.groups, 100)
POSTERIORS = Calibration().posteriors(honest_logits(TABLE.genres, 4.0))
OTHERS = Calibration().posteriors(honest_logits(TABLE.genres, 4.0, seed=7))


def value(figure: measures.Figure) -> float:
    assert figure["value"] is not None
    return figure["value"]


def test_scores_as_is_are_the_graders_and_lie_in_their_intervals() -> None:
    figures = measures.overall([POSTERIORS], TABLE.genres, DRAWS)[AS_IS]
    scores = score(POSTERIORS, TABLE.genres)
    assert value(figures["log_loss"]) == pytest.approx(scores.log_loss, abs=5e-5)
    assert value(figures["accuracy"]) == pytest.approx(scores.accuracy, abs=5e-5)
    assert value(figures["macro_f1"]) == pytest.approx(scores.macro_f1, abs=5e-5)
    for name in ("log_loss", "accuracy"):
        low, high = figures[name]["low"], figures[name]["high"]
        assert low is not None
        assert high is not None
        assert low < value(figures[name]) < high


def test_converted_scores_are_those_of_a_network_that_knows_fma_mediums_mix() -> None:
    """Each genre's loss counts by its share, under Bayes' rule from the clips' mix."""
    figures = measures.overall([POSTERIORS], TABLE.genres, DRAWS)[CONVERTED]
    mix = measures.medium_mix()
    losses = clip_losses(adapt(POSTERIORS, np.full(16, 1 / 16), mix), TABLE.genres)
    of_genre = [losses[TABLE.genres == number].mean() for number in range(16)]
    assert value(figures["log_loss"]) == pytest.approx(mix @ np.array(of_genre), abs=5e-5)


def test_repeats_are_averaged() -> None:
    both = measures.overall([POSTERIORS, OTHERS], TABLE.genres, DRAWS)
    each = [measures.overall([table], TABLE.genres, DRAWS) for table in (POSTERIORS, OTHERS)]
    for view in measures.VIEWS:
        for name in measures.SCORES:
            mean = np.mean([value(found[view][name]) for found in each])
            assert value(both[view][name]) == pytest.approx(mean, abs=1e-4)


def test_genres_without_clips_get_no_posterior_and_are_named() -> None:
    some = TABLE.genres != 3
    table = measures.converted(POSTERIORS[some], TABLE.genres[some])
    assert (table[:, 3] == 0).all()
    np.testing.assert_allclose(table.sum(axis=1), 1)
    assert measures.missing_genres(TABLE.genres[some]) == [GENRES[3]]
    entries = measures.by_genre([POSTERIORS[some]], _chosen(some), DRAWS[:, some])
    assert entries[3]["clips"] == 0
    assert entries[3][AS_IS]["recall"]["value"] is None


def test_genres_and_sources_have_their_own_figures() -> None:
    hits = POSTERIORS.argmax(axis=1) == TABLE.genres
    genres = measures.by_genre([POSTERIORS], CLIPS, DRAWS)
    sources = measures.by_source([POSTERIORS], CLIPS, DRAWS)
    assert [entry["genre"] for entry in genres] == list(GENRES)
    assert sum(entry["clips"] for entry in sources) == len(TABLE)
    assert genres[5]["groups"] == 10
    assert value(genres[5][AS_IS]["recall"]) == pytest.approx(
        hits[TABLE.genres == 5].mean(), abs=5e-5
    )
    of_source = np.array(TABLE.sources) == sources[2]["source"]
    assert value(sources[2][AS_IS]["accuracy"]) == pytest.approx(hits[of_source].mean(), abs=5e-5)
    for entry in sources:
        assert (entry[AS_IS]["accuracy"]["low"] is None) == (entry["groups"] < 3)


def test_what_no_other_source_has_is_not_scored() -> None:
    genres = TABLE.genres.copy()
    only = np.array(TABLE.sources) == "source 7"
    genres[genres == 0] = 1
    genres[np.flatnonzero(only)[:6]] = 0  # a genre of one source
    clips = replace(CLIPS, genres=genres)
    found = measures.source_out(POSTERIORS, source_folds(TABLE), clips, DRAWS)
    small = {s for s in TABLE.sources if TABLE.sources.count(s) < measures.LEAST_CLIPS}
    left = sum(TABLE.sources.count(source) for source in small)
    assert found["clips"] == len(TABLE) - 6 - left
    assert set(found["accuracy_of_source"]) == set(TABLE.sources) - small


def test_the_worst_clips_come_first() -> None:
    found = measures.worst([POSTERIORS], CLIPS, share=0.02)
    losses = clip_losses(POSTERIORS, TABLE.genres)
    assert len(found) == 13
    assert found[0]["clip"] == TABLE.ids[losses.argmax()]
    assert [row["log_loss"] for row in found] == sorted(
        (r["log_loss"] for r in found), reverse=True
    )
    assert found[0]["genre"] != found[0]["given"]


def test_clips_of_a_source_are_scored_under_a_prior() -> None:
    prior = np.arange(1.0, 17.0) / 136
    found = measures.of_source("source 3", POSTERIORS, CLIPS, prior, DRAWS)
    chosen = np.array(TABLE.sources) == "source 3"
    assert found["clips"] == chosen.sum()
    genres = TABLE.genres[chosen]
    odds = POSTERIORS[chosen] * prior / class_prior(TABLE.genres)
    rows = odds / odds.sum(axis=1, keepdims=True)
    losses = -np.log(rows[np.arange(len(genres)), genres])
    assert found["log_loss"]["value"] == pytest.approx(losses.mean(), abs=5e-5)
    assert found["log_loss_of_prior"] == pytest.approx(-np.log(prior[genres]).mean(), abs=5e-5)
    error = reliability(rows, genres).error
    assert found["calibration_error"] == pytest.approx(error, abs=5e-5)
    assert found["error_by_chance"] == measures.error_by_chance(rows)
    assert measures.of_source("nowhere", POSTERIORS, CLIPS, prior, DRAWS) == {"clips": 0}


def test_answers_without_listening_score_what_the_proof_figures_say() -> None:
    found = measures.without_listening(TABLE.genres, np.arange(len(TABLE)) % 5)
    assert found["uniform"][AS_IS]["log_loss"] == pytest.approx(2.7726, abs=5e-5)
    mix = found["class mix of the other folds"]
    assert mix[CONVERTED]["log_loss"] == pytest.approx(2.0887, abs=0.01)
    assert mix[CONVERTED]["accuracy"] == pytest.approx(0.2841, abs=5e-5)


def test_pictures_count_every_clip() -> None:
    shown = measures.pictures(POSTERIORS, TABLE.genres)
    for view in measures.VIEWS:
        assert np.sum(shown[view]["confusion"]) == len(TABLE)
        assert sum(shown[view]["share"]) == pytest.approx(1, abs=1e-3)


def test_exact_probabilities_show_an_error_by_chance_that_falls_with_clips() -> None:
    rng = np.random.default_rng(0)
    few, many = (rng.dirichlet(np.full(16, 0.3), clips) for clips in (200, 5000))
    assert 0.04 < measures.error_by_chance(few) < 0.12
    assert measures.error_by_chance(many) < 0.02


def test_unequal_weights_make_fewer_effective_clips() -> None:
    assert measures.effective_clips(TABLE.genres) < len(TABLE)
    medium = np.repeat(np.arange(16), (measures.medium_mix() * 25_000).round().astype(int))
    assert measures.effective_clips(medium) == pytest.approx(25_000)


def _chosen(some: NDArray[np.bool_]) -> HeldOut:
    numbers = np.flatnonzero(some).tolist()
    return HeldOut(
        tuple(TABLE.ids[i] for i in numbers),
        TABLE.genres[some],
        tuple(TABLE.groups[i] for i in numbers),
        tuple(TABLE.sources[i] for i in numbers),
        schemes={},
    )
