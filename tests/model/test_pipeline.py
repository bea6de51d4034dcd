"""Clips to rows in order, in batches across files."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from model.calibration import Calibration
from model.clips import Clip, Notice
from model.pipeline import Belief, classify, with_logits
from model.systems.base import Execution, System, cut_windows
from model.workers import Decoded, Limits
from tests.model.test_workers import FRONT_END

BANDS = 3
UNIFORM = np.full(16, 1 / 16)
BELIEF = Belief(Calibration(), UNIFORM, UNIFORM)


class MeanNetwork:
    """Logits that tell which windows were seen: the window's mean in every place."""

    def __init__(self, batch: int) -> None:
        self.batch = batch
        self.shapes: set[tuple[int, ...]] = set()

    def __call__(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        self.shapes.add(windows.shape)
        return np.repeat(windows.mean(axis=(1, 2))[:, None], 16, axis=1)


@given(st.lists(st.integers(0, 95), max_size=12), st.integers(1, 7))
def test_batches_cross_files_and_nothing_is_lost(lengths: list[int], batch: int) -> None:
    network = MeanNetwork(batch)
    decoded = [
        Decoded(np.full((length, BANDS), index, np.float16) if length else None)
        for index, length in enumerate(lengths)
    ]
    answers = list(with_logits(decoded, network, frames=20))
    assert [entry for entry, _ in answers] == decoded
    for index, (entry, logits) in enumerate(answers):
        if entry.log_mel is None:
            assert logits is None
        else:
            assert logits is not None
            np.testing.assert_allclose(logits, np.full(16, index), rtol=1e-6)
    assert network.shapes <= {(batch, 20, BANDS)}


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


def test_a_clip_that_cannot_be_decoded_gets_the_prior(tmp_path: Path, clips: list[Path]) -> None:
    (tmp_path / "empty.mp3").touch()
    paths = [clips[0], tmp_path / "empty.mp3", clips[1]]
    belief = Belief(Calibration(), UNIFORM, np.arange(1, 17) / 136)
    network = MeanNetwork(4)
    system = System(FRONT_END, 500, lambda _: network)
    outcomes = list(
        classify(
            [Clip(path.stem, path) for path in paths], system, belief, Execution(), 2, Limits()
        )
    )
    assert [outcome.predicted for outcome in outcomes] == [True, False, True]
    np.testing.assert_allclose(outcomes[1].posterior, belief.prior)
    assert outcomes[1].notices == (Notice("empty", "zero bytes"),)


def test_an_error_of_the_network_is_not_swallowed(clips: list[Path]) -> None:
    def connect(_: Execution) -> MeanNetwork:
        raise RuntimeError("no network")

    system = System(FRONT_END, 500, connect)
    with pytest.raises(RuntimeError, match="no network"):
        list(classify([Clip("a", clips[0])], system, BELIEF, Execution(), 1))
