"""Every branch starts from its published weights, and computes what they computed."""

from pathlib import Path

import keras
import numpy as np
import pytest

from model.frontends.spectrogram import slaney_edges
from model.systems.base import window_starts
from model.systems.ours import fusion, music_branches
from model.systems.ours.music_branches import BranchSpectrogram
from tests.support.checkpoints import BRANCHES, write_published
from training.architectures.front_ends import SPECTROGRAMS
from training.architectures.systems import SYSTEMS
from training.initial import branches as initial
from training.initial import checkpoint, music
from training.trainers.architecture import find_architecture

FRAMES = 400
FRONT_END = SPECTROGRAMS["fusion"]


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Random weights in the place of the published ones."""
    return write_published(tmp_path, monkeypatch)


def test_every_layer_but_the_last_gets_its_initial_weights(published: dict[str, Path]) -> None:
    network = fusion.network(FRONT_END, FRAMES, BRANCHES)
    before = {w.path: np.array(w) for w in network.weights}
    initial.load(network, FRONT_END, BRANCHES, published)
    for weight in network.weights:
        changed = not np.array_equal(before[weight.path], np.array(weight))
        assert changed or "kernel" not in weight.path or weight.path.startswith("logits")
    assert np.array_equal(before["logits/kernel"], np.array(network.get_layer("logits").kernel))
    assert np.isfinite(network(np.zeros((1, FRAMES, 115), np.float32))).all()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    network = fusion.network(FRONT_END, FRAMES, (fusion.ARTIST,))
    with pytest.raises(checkpoint.CheckpointError, match=r"artist_siamese_10000\.h5: no such file"):
        initial.load(network, FRONT_END, (fusion.ARTIST,), {})


def test_an_unknown_branch_is_refused() -> None:
    with pytest.raises(ValueError, match="no branch 'tuba'"):
        fusion.network(FRONT_END, FRAMES, ("tuba",))


@pytest.mark.parametrize("branch", [music_branches.ARTIST, music_branches.MUSICNN])
@pytest.mark.parametrize("hertz", [300.0, 1000.0, 3000.0])
def test_a_tone_is_in_the_same_band_of_a_branch(branch: BranchSpectrogram, hertz: float) -> None:
    """Mapped power peaks in the band that holds the tone."""
    rate = FRONT_END.sample_rate
    tone = np.sin(2 * np.pi * hertz * np.arange(rate) / rate).astype(np.float32)
    log_mel = FRONT_END.log_mel(tone)
    power = np.exp(log_mel * FRONT_END.scale - FRONT_END.shift).mean(axis=0)
    mapped = power @ music.band_map(FRONT_END, branch, 1.0)
    centres = slaney_edges(branch.bands, branch.fmax)[1:-1]
    assert abs(centres[mapped.argmax()] - hertz) < 0.08 * hertz


def test_slaneys_bands_are_librosas() -> None:
    librosa = pytest.importorskip("librosa")
    expected = librosa.mel_frequencies(98, fmin=0, fmax=8000)
    np.testing.assert_allclose(slaney_edges(96, 8000), expected)


def test_frames_of_a_branch_are_means_of_ours() -> None:
    for branch in (music_branches.ARTIST, music_branches.MUSICNN):
        indices, weights = music_branches.frame_map(FRONT_END, branch, 1000)
        np.testing.assert_allclose(weights.sum(axis=0), 1, rtol=1e-5)
        assert indices.min() == 0
        assert indices.max() == 999
        centres = (indices * weights).sum(axis=0)
        assert (np.diff(centres) > 0).all()
        assert indices.shape[1] == round(1000 * 220 / 22_050 / branch.hop_seconds)


def test_patches_cover_a_spectrogram() -> None:
    assert window_starts(430, 129).tolist() == [0, 150, 301]
    assert window_starts(100, 100).tolist() == [0]


@pytest.mark.parametrize("system", ["best", "mobilenet"])
def test_random_weights_keep_the_signal(system: str) -> None:
    network = find_architecture(SYSTEMS[system]).random_network(400, 0)
    features = keras.Model(network.input, network.get_layer("embedding").output)
    noise = np.random.default_rng(1).normal(0, 0.7, (8, 400, 115)).astype(np.float32)
    assert 0.1 < np.std(features(noise)) < 3
