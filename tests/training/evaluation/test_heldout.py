"""Held-out logits survive their file, and a file that cannot be used says why."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.invented import honest_logits, invented_table
from training.data.dataset import DatasetError
from training.data.folds import cross_validation, source_folds
from training.evaluation import heldout


@pytest.fixture
def written(tmp_path: Path) -> Path:
    table = invented_table(160)
    schemes = {name: (folds, honest_logits(table.genres))
               for name, folds in cross_validation(table, 2).items()}  # fmt: skip
    schemes["source"] = (source_folds(table), -honest_logits(table.genres))
    path = heldout.path_of(tmp_path / "results", "mobilenet")
    heldout.write(path, table, schemes)
    return path


def test_what_is_written_is_read(written: Path) -> None:
    table = invented_table(160)
    held_out = heldout.read(written)
    assert held_out.matches(table)
    assert held_out.repeats == ["cv0", "cv1"]
    assert len(held_out) == 160
    folds, logits = held_out.schemes["source"]
    assert np.array_equal(folds, source_folds(table))
    np.testing.assert_allclose(logits, -honest_logits(table.genres), atol=5e-5)
    assert written.name == "mobilenet.heldout.npz"
    assert [path.name for path in written.parent.iterdir()] == [written.name]


def test_another_table_is_noticed(written: Path) -> None:
    table = invented_table(160)
    held_out = heldout.read(written)
    assert not held_out.matches(invented_table(156))
    assert not held_out.matches(dataclasses.replace(table, genres=table.genres[::-1].copy()))
    assert not held_out.matches(dataclasses.replace(table, groups=table.groups[::-1]))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"clip_id": None}, "array clip_id is missing"),
        ({"clip_id": np.array([])}, "0 clips"),
        ({"group": np.array(["someone"])}, "160 clips"),
        ({"genre": np.full(160, "Bluse")}, "unknown genre Bluse"),
        ({"genre": np.full(160, "Blues", object)}, "allow_pickle"),
        ({"scheme": np.array(["cv0"])}, "shape"),
        ({"fold": np.zeros((3, 159))}, "shape"),
        ({"fold": np.full((3, 160), "x")}, "invalid literal"),
        ({"logits": np.zeros((3, 160, 15))}, "shape"),
        ({"logits": np.full((3, 160, 16), np.nan)}, "not finite"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(
    written: Path, changes: dict[str, Any], says: str
) -> None:
    with np.load(written) as file:
        arrays = {**file, **changes}
    np.savez(written, **{name: array for name, array in arrays.items() if array is not None})
    with pytest.raises(DatasetError, match=says) as error:
        heldout.read(written)
    assert str(written) in str(error.value)


def test_a_missing_or_damaged_file_says_what_to_do(written: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="python -m training"):
        heldout.read(tmp_path / "none.npz")
    content = written.read_bytes()
    for damaged in (b"", b"clip_id,genre", content[: len(content) // 2]):
        written.write_bytes(damaged)
        with pytest.raises(DatasetError, match="no file of held-out logits"):
            heldout.read(written)


def test_four_decimals_are_stored_exactly_and_the_bytes_are_always_the_same(
    written: Path, tmp_path: Path
) -> None:
    held_out, table = heldout.read(written), invented_table(160)
    exact = -honest_logits(table.genres).round(4)
    assert np.array_equal(held_out.schemes["source"][1], exact)
    again = tmp_path / "again.npz"
    heldout.write(again, table, held_out.schemes)
    assert again.read_bytes() == written.read_bytes()


def test_logits_that_do_not_fit_are_not_written(tmp_path: Path) -> None:
    table = invented_table(160)
    folds = source_folds(table)
    logits = honest_logits(table.genres)
    with pytest.raises(ValueError, match="scheme cv0"):
        heldout.write(tmp_path / "some.npz", table, {"cv0": (folds, logits[1:])})
    logits[5, 5] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        heldout.write(tmp_path / "some.npz", table, {"cv0": (folds, logits)})
    assert not (tmp_path / "some.npz").exists()
