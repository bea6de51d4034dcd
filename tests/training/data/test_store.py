"""The store of front-end output: equal to the front end, resumable, read clip by clip."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from model.decoding import audio
from model.files import OutputError
from training.architectures.front_ends import CLIP_FEATURES, SPECTROGRAMS
from training.data import store
from training.data.store import StoredFrames, Subset

FRONT_END = SPECTROGRAMS["fusion"]

store_compute = partial(store.compute, workers=1, show=lambda steps, total: iter(steps))


def compute(files: list[Path], path: Path, said: list[str] | None = None) -> StoredFrames:
    log = (said if said is not None else []).append
    return store_compute(files, FRONT_END, path, log)


def test_frames_are_those_of_the_front_end_and_computed_once(
    tmp_path: Path, clips: list[Path]
) -> None:
    path, said = tmp_path / "a" / "x.frames", list[str]()
    stored = compute([clips[1], clips[0], clips[1]], path, said)
    assert len(said) == 1
    for frames, clip in zip(stored, [clips[1], clips[0], clips[1]], strict=True):
        expected = FRONT_END.compute(audio.load(clip, FRONT_END.sample_rate).samples)
        np.testing.assert_array_equal(frames, expected)
    again = compute(clips[:3], path, said)
    assert "of 1 clips" in said[1]
    np.testing.assert_array_equal(again[0], stored[1])
    assert len(compute(clips[:3], path, said)) == 3
    assert len(said) == 2


def test_what_a_kill_tore_is_computed_again(tmp_path: Path, clips: list[Path]) -> None:
    path = tmp_path / "x.frames"
    expected = [np.array(frames) for frames in compute(clips[:3], path)]
    rows = tmp_path / "x.frames.journal" / "rows.jsonl"
    lines = rows.read_bytes().splitlines(keepends=True)
    rows.write_bytes(b"".join(lines[:2]) + lines[2][:-9])
    with path.open("ab") as file:
        file.write(b"torn")
    said: list[str] = []
    for frames, wanted in zip(compute(clips[:3], path, said), expected, strict=True):
        np.testing.assert_array_equal(frames, wanted)
    assert "of 1 clips" in said[0]


def test_frames_that_were_lost_or_made_otherwise_are_computed_again(
    tmp_path: Path, clips: list[Path]
) -> None:
    path, said = tmp_path / "x.frames", list[str]()
    wanted = [np.array(frames) for frames in compute(clips[:2], path)]
    path.write_bytes(path.read_bytes()[:-1])
    np.testing.assert_array_equal(compute(clips[:2], path, said)[1], wanted[1])
    assert "of 1 clips" in said[0]
    path.unlink()
    np.testing.assert_array_equal(compute(clips[:2], path, said)[1], wanted[1])
    assert "of 2 clips" in said[1]
    made_with = {"package": "2"}
    store_compute(clips[:2], FRONT_END, path, said.append, made_with=made_with)
    assert "of 2 clips" in said[2]


def test_a_failure_is_kept_if_it_depends_on_the_content_alone(tmp_path: Path) -> None:
    bad, gone = tmp_path / "bad.mp3", tmp_path / "gone.mp3"
    bad.write_bytes(b"no audio" * 99)
    path, said = tmp_path / "x.frames", list[str]()
    for _ in range(2):
        stored = compute([bad, gone], path, said)
        assert [notice.reason for notice in stored.failures.values()] == ["undecodable", "missing"]
        silence = FRONT_END.compute(np.zeros(1, np.float32))
        np.testing.assert_array_equal(stored[0], silence)
    assert "of 2 clips" in said[0]
    assert "of 1 clips" in said[1]


def test_a_worker_that_dies_costs_one_clip(tmp_path: Path, clips: list[Path]) -> None:
    files = [tmp_path / "a.mp3", tmp_path / "deadly.mp3", tmp_path / "b.mp3"]
    for file in files:
        file.write_bytes(clips[0].read_bytes())
    stored = store_compute(
        files,
        FRONT_END,
        tmp_path / "x.frames",
        print,
        decoder="tests.support.deadly_worker",
    )
    assert list(stored.failures) == [1]
    assert stored.failures[1].reason == "crash"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, clips: list[Path]) -> None:
    (tmp_path / "x.frames").mkdir()
    with pytest.raises(OutputError, match=r"x\.frames: is a folder"):
        compute(clips[:1], tmp_path / "x.frames")


def test_a_store_can_be_removed(tmp_path: Path, clips: list[Path]) -> None:
    compute(clips[:1], tmp_path / "x.frames")
    store.remove(tmp_path / "x.frames")
    assert not list(tmp_path.iterdir())


def test_a_subset_reads_what_it_is_asked_for() -> None:
    subset = Subset("abcdef", np.array([5, 0, 2]))
    assert list(subset) == ["f", "a", "c"]
    assert list(Subset(subset, np.array([2, 1]))) == ["c", "a"]
    assert len(subset) == 3


def test_features_of_a_large_archive_can_be_held_at_once(tmp_path: Path) -> None:
    """More clips than a process may have memory maps, as a fit to features lists them."""
    front_end, count = CLIP_FEATURES, 70_000
    path = tmp_path / "x.frames"
    np.zeros((4, front_end.width), front_end.dtype).tofile(path)
    places = np.stack([np.arange(count) % 4, np.ones(count, int)], axis=1)
    stored = StoredFrames(path, front_end, places, {})
    assert len(list(stored)) == count
