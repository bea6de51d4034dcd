"""Clips to rows in order, in batches across files."""

from itertools import repeat
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from model import systems
from model.clips import Clip, Notice
from model.decoding.pool import Decoded, DecoderPool
from model.errors import GenreError
from model.probabilities.calibration import Calibration
from model.results import Prediction
from model.run.pipeline import predict, with_logits
from model.systems import cards
from model.systems.base import Execution, System, cut_windows, window_starts
from tests.support.odd import tone, wav

FRONT_END = cards.read(systems.DEFAULT, systems.WEIGHTS_FOLDER).front_end
BANDS = 3


class MeanNetwork:
    """Logits that tell which windows were seen: the window's mean in every place."""

    def __init__(self, batch: int) -> None:
        self.batch = batch
        self.sizes: list[int] = []

    def __call__(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        self.sizes.append(len(windows))
        return np.repeat(windows.mean(axis=(1, 2))[:, None], 16, axis=1)


class Embedding(MeanNetwork):
    """The same, with the first band's mean and the last one's as features."""

    has_embedding = True

    def embed(
        self, windows: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return self(windows), windows.mean(axis=1)[:, [0, -1]]


def predictions_of(paths: list[Path], network: MeanNetwork, *arrays: str) -> list[Prediction]:
    clips = [Clip(path.stem, str(path)) for path in paths]
    system = System(FRONT_END, 500, lambda _: network)
    with DecoderPool(FRONT_END, 2) as pool:
        return list(predict(clips, system, Calibration(), Execution(), pool, arrays=arrays))


@given(st.lists(st.integers(0, 95), max_size=12), st.integers(1, 7))
def test_batches_cross_files_and_nothing_is_lost(lengths: list[int], batch: int) -> None:
    network = MeanNetwork(batch)
    decoded = [
        Decoded(np.full((length, BANDS), index, np.float16) if length else None)
        for index, length in enumerate(lengths)
    ]
    answers = list(with_logits(decoded, network, frames=20))
    assert [entry for entry, _, _ in answers] == decoded
    for index, (entry, logits, embeddings) in enumerate(answers):
        windows = 0 if entry.frames is None else len(window_starts(len(entry.frames), 20))
        assert len(logits) == windows
        np.testing.assert_allclose(logits, np.full_like(logits, index), rtol=1e-6)
        assert embeddings is None
    *full, last = network.sizes or [1]
    assert all(size == batch for size in full)
    assert 1 <= last <= batch


@given(st.integers(1, 5000), st.integers(1, 300))
def test_windows_have_one_length_and_reach_both_ends(length: int, frames: int) -> None:
    log_mel = np.arange(length, dtype=np.float32)[:, None]
    windows = cut_windows(log_mel, frames)
    assert windows.shape[1:] == (frames, 1)
    assert len(windows) == max(1, round(length / frames))
    assert windows[0, 0, 0] == 0
    if length >= 2 * frames:
        assert windows[-1, -1, 0] == length - 1
    if length < frames:
        np.testing.assert_array_equal(windows[0, :, 0], np.arange(frames) % length)


def test_a_clip_that_cannot_be_decoded_has_no_posterior(tmp_path: Path, clips: list[Path]) -> None:
    (tmp_path / "empty.mp3").touch()
    paths = [clips[0], tmp_path / "empty.mp3", clips[1]]
    found = predictions_of(paths, MeanNetwork(4))
    assert [outcome.posterior is None for outcome in found] == [False, True, False]
    assert found[1].notices == (Notice("empty", "zero bytes"),)
    assert not any(outcome.arrays for outcome in found)


def test_answers_that_are_no_numbers_cost_one_clip() -> None:
    class Overflowing(MeanNetwork):
        def __call__(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
            logits = super().__call__(windows)
            return np.where(logits == 1.0, np.nan, logits)

    network = Overflowing(2)
    decoded = [Decoded(np.full((30, BANDS), index, np.float16)) for index in range(3)]
    clips = [Clip(str(index), "") for index in range(3)]
    system = System(FRONT_END, 20, lambda _: network)
    in_process = dict(enumerate([repeat(one).__next__] for one in decoded))
    with DecoderPool(FRONT_END, 1) as pool:
        first, odd, last = predict(
            clips, system, Calibration(), Execution(), pool, in_process=in_process
        )
    assert odd.posterior is None
    assert odd.notices[-1].reason == "failure"
    assert first.posterior is not None
    assert last.posterior is not None


def test_what_is_to_be_kept_is_kept_and_changes_no_posterior(clips: list[Path]) -> None:
    plain = predictions_of(clips[:3], Embedding(4))
    kept = predictions_of(clips[:3], Embedding(4), "windows", "embedding", "thumbnail", "likeness")
    for bare, full in zip(plain, kept, strict=True):
        assert bare.posterior is not None
        assert full.posterior is not None
        np.testing.assert_array_equal(bare.posterior, full.posterior)
        windows = full.arrays["windows"]
        assert windows.shape[1] == 18
        assert windows[0, 0] == 0
        assert (np.diff(windows[:, 0]) > 0).all()
        np.testing.assert_allclose(windows[:, 2:].sum(axis=1), 1)
        assert full.arrays["embedding"].shape == (2,)
        assert full.arrays["thumbnail"].dtype == np.uint8
        assert full.arrays["likeness"].shape == (2,)


def test_likeness_without_embeddings_comes_from_the_logits(clips: list[Path]) -> None:
    (found,) = predictions_of(clips[:1], MeanNetwork(4), "likeness")
    assert found.arrays["likeness"].shape == (16,)
    assert np.linalg.norm(found.arrays["likeness"]) == pytest.approx(1)


def test_a_network_without_embeddings_is_told(clips: list[Path]) -> None:
    with pytest.raises(GenreError, match="choose another"):
        predictions_of(clips[:1], MeanNetwork(4), "embedding")


def test_a_wav_is_no_surprise_under_its_own_name(tmp_path: Path) -> None:
    for name in ("a.wav", "b.mp3"):
        (tmp_path / name).write_bytes(wav(tone(2.0, 22_050), 22_050))
    outcomes = predictions_of(sorted(tmp_path.iterdir()), MeanNetwork(4))
    reasons = [{notice.reason for notice in outcome.notices} for outcome in outcomes]
    assert "not_mp3" not in reasons[0]
    assert "not_mp3" in reasons[1]


def test_an_error_of_the_network_is_not_swallowed(clips: list[Path]) -> None:
    def connect(_: Execution) -> MeanNetwork:
        raise RuntimeError("no network")

    system = System(FRONT_END, 500, connect)
    with (
        DecoderPool(FRONT_END, 1) as pool,
        pytest.raises(RuntimeError, match="no network"),
    ):
        list(predict([Clip("a", str(clips[0]))], system, Calibration(), Execution(), pool))
