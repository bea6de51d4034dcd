"""Folds hold out whole artists, or whole sources, and are the same every time."""

import dataclasses

import numpy as np
import pytest

from tests.support.invented import invented_table
from training.data.dataset import ClipTable
from training.data.folds import cross_validation, fold_numbers, source_folds, unseen_genres


def reordered(table: ClipTable, order: np.ndarray) -> ClipTable:
    pick = order.tolist()
    return dataclasses.replace(
        table,
        ids=tuple(table.ids[i] for i in pick),
        files=tuple(table.files[i] for i in pick),
        genres=table.genres[order],
        groups=tuple(table.groups[i] for i in pick),
        sources=tuple(table.sources[i] for i in pick),
    )


def test_repeats_hold_out_whole_groups_and_begin_with_the_plain_folds() -> None:
    table = invented_table()
    schemes = cross_validation(table, repeats=3)
    assert list(schemes) == ["cv0", "cv1", "cv2"]
    assert np.array_equal(schemes["cv0"], fold_numbers(table, 5, 0))
    assert not np.array_equal(schemes["cv0"], schemes["cv1"])
    for folds in schemes.values():
        assert set(folds) == set(range(5))
        assert len(set(zip(table.groups, folds.tolist(), strict=True))) == len(set(table.groups))
        for fold in range(5):  # stratified: a fifth of every genre, give or take a group
            counts = np.bincount(table.genres[folds == fold], minlength=16)
            assert abs(counts - 8).max() <= 4


def test_every_source_is_a_fold_of_its_own() -> None:
    table = invented_table()
    folds = source_folds(table)
    assert len(set(folds)) == len(set(table.sources))
    assert len(set(zip(table.sources, folds.tolist(), strict=True))) == len(set(table.sources))


def test_parts_hold_whole_sources_and_about_as_many_clips_each() -> None:
    table = invented_table()
    folds = source_folds(table, 4)
    assert set(folds) == set(range(4))
    assert len(set(zip(table.sources, folds.tolist(), strict=True))) == len(set(table.sources))
    clips = np.bincount(folds)
    largest = max(table.sources.count(source) for source in table.sources)
    assert clips.max() <= max(largest, 1.5 * len(table) / 4)


@pytest.mark.parametrize("parts", [None, 4])
def test_the_order_of_clips_does_not_move_a_source(parts: int | None) -> None:
    table = invented_table()
    order = np.random.default_rng(0).permutation(len(table))
    there = dict(zip(table.sources, source_folds(table, parts).tolist(), strict=True))
    other = reordered(table, order)
    assert there == dict(zip(other.sources, source_folds(other, parts).tolist(), strict=True))


def test_fewer_sources_than_parts_are_folds_of_their_own() -> None:
    table = invented_table()
    few = dataclasses.replace(table, sources=tuple("ab"[n % 2] for n in range(len(table))))
    assert set(source_folds(few, 6)) == {0, 1}
    with pytest.raises(ValueError, match="two are the least"):
        source_folds(table, 1)


def test_a_genre_of_one_fold_was_seen_by_nobody() -> None:
    genres, folds = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1])
    assert unseen_genres(genres, folds).tolist() == [False, False, True, True]
