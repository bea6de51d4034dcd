"""The networks of 2018: parameters, patches, answers, and their spectrograms against librosa."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import librosa
import numpy as np
import pytest
from numpy.typing import NDArray

from model import systems
from model.decoding.audio import load
from model.frontends.spectrogram import FrontEnd
from model.probabilities.calibration import Calibration
from model.systems import cards
from model.systems.base import Execution
from model.systems.challenge2018 import agf, dpn, patches, shortterm, stft, xception
from model.systems.challenge2018.patches import Patches
from training.architectures.front_ends import (
    CLIP_FEATURES,
    CLIPS_BAND_LIMIT_HZ,
    SPECTROGRAMS,
    WINDOW_FRAMES,
)

PARAMETERS: dict[str, dict[str, str]] = {
    "stft": {},
    "xception": {"size": "narrow"},
    "dpn": {"size": "narrow"},
    "shortterm": {},
    "agf": {},
}
SHORTEST = {
    "stft": stft.PATCHES.length,
    "xception": xception.PATCHES.length,
    "dpn": dpn.PATCHES.length,
    "shortterm": max(shortterm.MEMBERS.values()),
    "agf": agf.PATCHES.length,
}
"""Frames of what is trained on."""


def module(name: str) -> ModuleType:
    return systems.import_architecture(name)


def built(name: str, frames: int, size: str | None = None) -> keras.Model:
    keras.utils.set_random_seed(0)
    parameters = PARAMETERS[name] if size is None else {"size": size}
    network: keras.Model = module(name).network(SPECTROGRAMS[name], frames, **parameters)
    return network


@pytest.mark.parametrize("name", systems.summaries())
def test_a_shipped_system_has_the_front_end_of_its_architecture(
    name: str,
) -> None:
    card = cards.read(name, systems.WEIGHTS_FOLDER)
    if card.architecture in WINDOW_FRAMES:
        front_end = SPECTROGRAMS.get(card.architecture, CLIP_FEATURES)
        assert card.front_end == dataclasses.replace(front_end, band_limit_hz=CLIPS_BAND_LIMIT_HZ)
        assert card.window_frames == WINDOW_FRAMES[card.architecture]


def trained_parameters(network: keras.Model) -> int:
    return sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)


def test_stft_has_the_published_number_of_parameters() -> None:
    network = built("stft", SHORTEST["stft"])
    assert network.count_params() == 2_186_468
    assert network.get_layer("conv1").count_params() == 525_568
    assert network.get_layer("dense1").count_params() == 492_000


def test_xception_has_the_published_weights() -> None:
    network = built("xception", SHORTEST["xception"], "full")
    kernels = [w for w in network.trainable_weights if "kernel" in w.name]
    assert sum(int(np.prod(weight.shape)) for weight in kernels) == 3_974_384
    assert trained_parameters(network) == 3_978_752
    assert trained_parameters(built("xception", SHORTEST["xception"], "narrow")) == 258_260
    with pytest.raises(ValueError, match=r"no size 'wide'.*full, narrow"):
        built("xception", SHORTEST["xception"], "wide")


def test_dpn_has_the_published_number_of_parameters_and_channels() -> None:
    network = built("dpn", SHORTEST["dpn"], "dpn92")
    assert trained_parameters(network) == 35_010_768
    for stage, (blocks, side) in enumerate(zip((3, 4, 20, 3), (48, 24, 12, 6), strict=True), 1):
        assert network.get_layer(f"stage{stage}_{blocks}_out").output.shape[2] == side
    assert network.get_layer("logits").input.shape == (None, 2688)
    assert trained_parameters(built("dpn", SHORTEST["dpn"], "narrow")) == 904_976
    with pytest.raises(ValueError, match=r"no size 'wide'.*dpn92, narrow"):
        built("dpn", 86, "wide")


def test_agf_has_the_published_number_of_parameters() -> None:
    """Each network up to its features; its own last layer belongs to training."""
    network = built("agf", SHORTEST["agf"])
    for name in (agf.GENRE, *agf.FACTORS):
        own = [layer for layer in network.layers if layer.name.startswith(f"{name}_")]
        assert sum(layer.count_params() for layer in own) + 256 * 16 + 16 == 568_656
        assert sum(layer.count_params() for layer in own) + 256 * 40 + 40 == 574_824
    networks = 1 + len(agf.FACTORS)
    assert network.get_layer("fusion").count_params() == 256 * networks * 1024 + 1024


def test_the_members_of_shortterm_are_alike() -> None:
    network = built("shortterm", SHORTEST["shortterm"])
    counts = {
        name: sum(
            layer.count_params() for layer in network.layers if layer.name.startswith(f"{name}_")
        )
        for name in ("1s", "2s", "3s", "5s")
    }
    assert len(set(counts.values())) == 1
    assert sum(counts.values()) == network.count_params()


@pytest.mark.parametrize(
    ("cut", "frames", "count"),
    [
        (stft.PATCHES, WINDOW_FRAMES["stft"], 19),
        (xception.PATCHES, WINDOW_FRAMES["xception"], 8),
        (dpn.PATCHES, WINDOW_FRAMES["dpn"], 15),
        (agf.PATCHES, WINDOW_FRAMES["agf"], 125),
        (Patches(5, 2), 5, 1),
        (Patches(5, 2), 6, 1),
        (Patches(5, 2, to_the_end=True), 6, 2),
        (Patches(5, 2, to_the_end=True), 7, 2),
    ],
)
def test_a_clip_has_as_many_patches_as_published(cut: Patches, frames: int, count: int) -> None:
    starts = cut.starts(frames)
    assert len(starts) == count
    assert starts == sorted(set(starts))
    assert starts[0] == 0
    assert starts[-1] + cut.length <= frames
    if cut.to_the_end:
        assert starts[-1] + cut.length == frames


def test_less_than_a_patch_is_refused() -> None:
    with pytest.raises(ValueError, match="42 frames are less than a patch of 43"):
        agf.PATCHES.starts(42)


def spectrogram(front_end: FrontEnd, frames: int, clips: int = 1) -> NDArray[np.float32]:
    shape = (clips, frames, front_end.mel_bands)
    return np.random.default_rng(1).random(shape, np.float32)


@pytest.mark.parametrize("name", ["stft", "dpn", "agf"])
def test_the_answer_is_the_mean_of_the_patches_probabilities(name: str) -> None:
    architecture = module(name)
    length = architecture.PATCHES.length
    frames = length + 2 * round(architecture.PATCHES.hop)
    one, whole = built(name, length), built(name, frames)
    clip = spectrogram(SPECTROGRAMS[name], frames)
    clip *= 10.0 * np.arange(frames, dtype=np.float32)[None, :, None] / frames
    starts = architecture.PATCHES.starts(frames)
    assert len(starts) == 3
    parts = np.concatenate([clip[:, start : start + length] for start in starts])
    _tell_apart(one, parts)
    whole.set_weights(one.get_weights())
    answers = np.exp(one.predict(parts, verbose=0))
    assert np.ptp(answers, axis=0).max() > 0.1, "patches that are alike tell nothing"
    expected = answers.mean(axis=0)
    np.testing.assert_allclose(expected.sum(), 1.0, rtol=1e-5)
    found = Calibration(floor=1e-12).posteriors(whole.predict(clip, verbose=0))[0]
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-6)


def test_the_answer_of_shortterm_is_the_mean_of_its_members() -> None:
    network = built("shortterm", 300)
    names = [f"answer_{seconds}s" for seconds in shortterm.MEMBERS]
    members = keras.Model(network.input, [network.get_layer(name).output for name in names])
    clip = spectrogram(SPECTROGRAMS["shortterm"], 300)
    answers = np.exp(members.predict(clip, verbose=0))
    assert answers.shape == (4, 1, 16)
    np.testing.assert_allclose(
        np.exp(network.predict(clip, verbose=0)), answers.mean(axis=0), rtol=1e-4
    )


def _tell_apart(network: keras.Model, parts: NDArray[np.float32]) -> None:
    """Random weights for normalisation, and a last layer by which these patches differ."""
    rng = np.random.default_rng(2)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([0.5 + rng.random(w.shape) for w in layer.get_weights()])
    logits = network.get_layer("logits")
    features = keras.Model(network.input, logits.input).predict(parts, verbose=0)
    kernel = rng.normal(size=logits.kernel.shape)
    made = features @ kernel
    logits.set_weights([kernel / made.std(axis=0), -made.mean(axis=0) / made.std(axis=0)])


@pytest.mark.parametrize("stride", [1, 2])
def test_a_grouped_convolution_mixes_channels_of_one_group_only(stride: int) -> None:
    rng = np.random.default_rng(0)
    picture = keras.Input((7, 6, 8))
    output = dpn.grouped_convolution(picture, "grouped", stride, 4)
    network = keras.Model(picture, output)
    kernel = rng.normal(size=(3, 3, 8, 2)).astype(np.float32)
    network.get_layer("grouped").set_weights([kernel])
    seen = rng.normal(size=(1, 7, 6, 8)).astype(np.float32)
    expected = np.zeros((1, *output.shape[1:]))
    for row, column, channel in np.ndindex(*output.shape[1:]):
        group, own = divmod(channel, 2)
        top, left = stride * row, stride * column
        part = seen[0, top : top + 3, left : left + 3, 2 * group : 2 * group + 2]
        weights = kernel[:, :, 2 * group : 2 * group + 2, own]
        expected[0, row, column, channel] = (part * weights).sum()
    np.testing.assert_allclose(network(seen), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_a_card_makes_a_system_that_answers(name: str, tmp_path: Path) -> None:
    """With random weights, and a window of the least length to save time."""
    frames = SHORTEST[name]
    built(name, frames).save_weights(tmp_path / f"{name}.weights.h5")
    default = cards.read(systems.DEFAULT, systems.WEIGHTS_FOLDER)
    card = dataclasses.replace(
        default,
        name=name,
        architecture=name,
        parameters=PARAMETERS[name],
        front_end=SPECTROGRAMS[name],
        window_frames=frames,
        graph=None,
        weights=cards.describe(tmp_path / f"{name}.weights.h5"),
    )
    cards.write(card, tmp_path)
    assert cards.read(name, tmp_path) == card
    network = systems.load(cards.read(name, tmp_path), tmp_path).connect(Execution("cpu", 1))
    assert network.batch == 2
    logits = network(spectrogram(card.spectrogram, frames, 2))
    assert logits.shape == (2, 16)
    np.testing.assert_allclose(np.exp(logits).sum(axis=1), 1.0, rtol=1e-4)


def by_librosa(name: str, samples: NDArray[np.float32]) -> NDArray[np.floating]:
    """The spectrogram as the original's code has it, shape [frames, bands]."""
    front_end = SPECTROGRAMS[name]
    magnitude = np.abs(
        librosa.stft(samples, n_fft=front_end.fft_length, hop_length=front_end.hop_length)
    )
    if name == "stft":
        return np.asarray(magnitude.T)
    power = magnitude if name == "agf" else magnitude**2
    mel = librosa.feature.melspectrogram(
        S=power, sr=front_end.sample_rate, n_mels=front_end.mel_bands
    )
    decibels: Callable[..., Any] = librosa.power_to_db
    if name == "agf":
        return np.asarray(librosa.amplitude_to_db(mel).T)
    return np.asarray(decibels(mel, ref=np.max).T)


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_the_front_end_is_the_published_one(name: str, clips: list[Path]) -> None:
    front_end = SPECTROGRAMS[name]
    samples = load(clips[2], front_end.sample_rate).samples
    expected = by_librosa(name, samples)
    found = front_end.log_mel(samples)
    assert found.shape == expected.shape
    if name == "xception":
        lowest = expected.min()
        np.testing.assert_allclose(found.min(), 0.0)
        np.testing.assert_allclose(found.max(), 1.0)
        found = found * (expected.max() - lowest) + lowest
    # Where a threshold is an offset here, quiet values differ by less than three decibels.
    loud = expected > expected.max() - 60.0
    tolerance = 1e-3 * expected.max() if name == "stft" else 0.1
    assert np.abs(found - expected)[loud].max() < tolerance
    assert np.abs(found - expected).max() < (tolerance if name == "stft" else 3.1)


def test_silence_has_finite_values() -> None:
    for name in PARAMETERS:
        front_end = SPECTROGRAMS[name]
        quiet = front_end.log_mel(np.zeros(5000, np.float32))
        assert np.isfinite(quiet).all(), name
        assert np.ptp(quiet) < 1e-6, name


def test_the_answer_of_one_patch_is_its_log_softmax() -> None:
    logits = keras.Input((4,))
    one = keras.Model(logits, patches.log_mean_softmax(logits, 1))
    row = np.array([[1.0, 2.0, 3.0, -90.0]], np.float32)
    expected = row - np.log(np.exp(row).sum())
    np.testing.assert_allclose(one.predict(row, verbose=0), expected, rtol=1e-5)
