"""Tables of clips, their spectrograms, and folds without a shared artist."""

import dataclasses
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from model.frontends.spectrogram import FrontEnd
from model.genres import GENRES
from tests.support.clip_tables import write_table
from training.architectures.front_ends import SPECTROGRAMS
from training.data.dataset import ClipTable, DatasetError, read_table, spectrograms
from training.data.folds import fold_numbers


class ThreadsFrontEnd(FrontEnd):
    """Gives the number of threads that numpy may use where it is computed, 0 for any."""

    def compute(self, waveform: NDArray[np.float32]) -> NDArray[Any]:
        threads = int(os.environ.get("OPENBLAS_NUM_THREADS", "0"))
        return np.full((1, self.width), threads, self.dtype)


def test_a_table_is_read_with_files_beside_it(tmp_path: Path) -> None:
    path = write_table(tmp_path, [["a", "audio/a.mp3", "Rock", "someone", "somewhere"]])
    table = read_table(path)
    assert table.ids == ("a",)
    assert table.files == (tmp_path / "audio" / "a.mp3",)
    assert table.genres.tolist() == [GENRES.index("Rock")]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "no rows"),
        ([["a", "a.mp3", "Polka", "g", "s"]], "unknown genres"),
        ([["a", "a.mp3", "Rock", "g", "s"], ["a", "b.mp3", "Rock", "g", "s"]], "stands twice"),
    ],
)
def test_a_wrong_table_says_what_is_wrong(
    tmp_path: Path, rows: list[list[str]], message: str
) -> None:
    with pytest.raises(DatasetError, match=message):
        read_table(write_table(tmp_path, rows))


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no such file"):
        read_table(tmp_path / "clips.csv")


def test_spectrograms_are_computed_once_and_kept(tmp_path: Path, clips: list[Path]) -> None:
    rows = [[path.stem, path, "Rock", "g", "s"] for path in clips[:3]]
    table = read_table(write_table(tmp_path, rows))
    said: list[str] = []
    first = spectrograms(table, SPECTROGRAMS["fusion"], tmp_path / "work", said.append)
    again = spectrograms(table, SPECTROGRAMS["fusion"], tmp_path / "work", said.append)
    assert len(said) == 1
    for one, other in zip(first, again, strict=True):
        assert one.dtype == np.float16
        np.testing.assert_array_equal(one, other)


def test_processes_that_compute_have_one_thread_each(tmp_path: Path, clips: list[Path]) -> None:
    table = read_table(write_table(tmp_path, [["a", clips[0], "Rock", "g", "s"]]))
    front_end = ThreadsFrontEnd(**dataclasses.asdict(SPECTROGRAMS["fusion"]))
    (threads,) = spectrograms(table, front_end, tmp_path / "work", print)
    assert (threads == 1).all()


def test_a_clip_without_audio_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").touch()
    table = read_table(write_table(tmp_path, [["a", "a.mp3", "Rock", "g", "s"]]))
    said: list[str] = []
    with pytest.raises(DatasetError, match=r"1 clips hold no usable audio, .*a\.mp3 first"):
        spectrograms(table, SPECTROGRAMS["fusion"], tmp_path / "work", said.append)
    assert any("a.mp3: empty" in line for line in said)


def test_no_group_is_in_two_folds() -> None:
    rng = np.random.default_rng(0)
    count = 400
    groups = tuple(f"artist {number}" for number in rng.integers(60, size=count))
    table = ClipTable(
        ids=tuple(map(str, range(count))),
        files=(Path("x"),) * count,
        genres=rng.integers(4, size=count),
        groups=groups,
        sources=("s",) * count,
        digest="",
    )
    folds = fold_numbers(table, 5, seed=0)
    for group in set(groups):
        assert len({fold for fold, g in zip(folds, groups, strict=True) if g == group}) == 1
    assert set(folds) == {0, 1, 2, 3, 4}
