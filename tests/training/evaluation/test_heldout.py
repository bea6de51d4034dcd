"""Held-out logits survive their file, and a file that cannot be used says why."""

import dataclasses
from pathlib import Path

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
    assert written.name == "mobilenet.heldout.csv"
    assert [path.name for path in written.parent.iterdir()] == [written.name]


def test_another_table_is_noticed(written: Path) -> None:
    table = invented_table(160)
    held_out = heldout.read(written)
    assert not held_out.matches(invented_table(156))
    assert not held_out.matches(dataclasses.replace(table, genres=table.genres[::-1].copy()))
    assert not held_out.matches(dataclasses.replace(table, groups=table.groups[::-1]))


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("clip_id,genre", "clip,genre", "not a file of held-out logits"),
        ("clip 0003,", "clip 0004,", "not about the same clips"),
        ("clip 0000,Blues", "clip 0000,Bluse", "unknown genre Bluse"),
        (",cv1,", ",cv1,0,", "not about the same clips"),
        (",cv0,", ",cv0,x", "invalid literal"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(
    written: Path, before: str, after: str, says: str
) -> None:
    content = written.read_text()
    everywhere = "Blues" in before
    written.write_text(content.replace(before, after, -1 if everywhere else 1))
    with pytest.raises(DatasetError, match=says) as error:
        heldout.read(written)
    assert str(written) in str(error.value)


def test_a_missing_or_empty_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="python -m training"):
        heldout.read(tmp_path / "none.csv")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(DatasetError, match="not a file of held-out logits"):
        heldout.read(tmp_path / "empty.csv")


def test_logits_that_do_not_fit_are_not_written(tmp_path: Path) -> None:
    table = invented_table(160)
    folds = source_folds(table)
    logits = honest_logits(table.genres)
    with pytest.raises(ValueError, match="scheme cv0"):
        heldout.write(tmp_path / "some.csv", table, {"cv0": (folds, logits[1:])})
    logits[5, 5] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        heldout.write(tmp_path / "some.csv", table, {"cv0": (folds, logits)})
    assert not (tmp_path / "some.csv").exists()
