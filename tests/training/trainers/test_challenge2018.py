"""Training of the networks of 2018 in miniature, and the targets that artists give."""

import dataclasses
from pathlib import Path

import keras
import numpy as np
import pytest

from model import systems
from model.frontends.spectrogram import FrontEnd
from model.systems import cards
from model.systems.base import Execution
from model.systems.challenge2018 import agf, patches, stft
from tests.conftest import CLIPS
from tests.support.clip_tables import write_table
from training.architectures.front_ends import SPECTROGRAMS
from training.architectures.systems import SYSTEMS
from training.cli.main import main
from training.data import folds
from training.data.dataset import ClipTable, read_table
from training.data.store import Spectrogram
from training.trainers import artist_groups, challenge2018, fine_tuning
from training.trainers.networks import Networks
from training.trainers.training_run import TrainingRun, train

TOO_LARGE = ("dpn", "xception")
NETWORKS = [
    name
    for name, made in SYSTEMS.items()
    if made.architecture in challenge2018.CONFIGS and name not in TOO_LARGE
]


@pytest.fixture
def table(tmp_path: Path) -> ClipTable:
    """Two genres with three clips each."""
    rows = [
        [f"{genre}-{copy}", CLIPS / f"{stem}.mp3", genre, f"artist {copy} of {genre}", "own"]
        for genre, stem in (("Rock", "rock-band"), ("Spoken", "spoken-word"))
        for copy in range(3)
    ]
    write_table(tmp_path, rows)
    return read_table(tmp_path / "clips.csv")


def run(name: str, table: ClipTable, folder: Path) -> TrainingRun:
    """One part is trained on for an epoch, the others are for validation and test."""
    work = folder / "runs" / name
    work.mkdir(parents=True)
    made = SYSTEMS[name]
    config = dataclasses.replace(challenge2018.CONFIGS[made.architecture], epochs=1, batch_size=4)
    return TrainingRun(
        name=name,
        spec=made,
        trainer=Networks(made, work, config),
        schemes={},
        work=work,
        weights_folder=folder / "weights",
        results_folder=folder / "results",
        split=folds.Split(*(np.array([first, first + 3]) for first in range(3))),
    )


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_of_2018_is_trained_predicts_and_is_not_trained_twice(
    name: str, table: ClipTable, tmp_path: Path
) -> None:
    said: list[str] = []
    made = run(name, table, tmp_path)
    card = train(made, table, said.append)
    epochs = 2 if name == "agf" else 1
    assert sum(line.startswith("epoch") for line in said) == epochs
    read = cards.read(name, tmp_path / "weights")
    assert (read.architecture, read.parameters) == (made.spec.architecture, made.spec.parameters)
    assert read.front_end == card.front_end
    assert read.front_end != cards.read(systems.DEFAULT, systems.WEIGHTS_FOLDER).front_end
    assert read.training["initial_weights"] == []
    assert read.validation["scores"]["clips"] == 2
    network = systems.load(read, tmp_path / "weights").connect(Execution("cpu", 1))
    bands = read.front_end.width
    logits = network(np.zeros((2, read.window_frames, bands), np.float32))
    np.testing.assert_allclose(np.exp(logits).sum(axis=1), 1.0, rtol=1e-4)

    said.clear()
    again = train(made, table, said.append)
    assert not any(line.startswith("epoch") for line in said)
    assert again.weights == card.weights


def training_set(front_end: FrontEnd, clips: int, frames: int) -> fine_tuning.TrainingSet:
    """Clips of two genres that differ in which half of the bands is loud.

    Values have about mean 0 and variance 1: so few steps do not move a normalisation's averages.
    """
    rng = np.random.default_rng(0)
    genres = np.arange(clips) % 2
    loud = np.arange(front_end.mel_bands) * 2 // front_end.mel_bands == genres[:, None]
    values = 1.8 * loud[:, None] + rng.normal(-0.9, 0.4, (clips, frames, front_end.mel_bands))
    return fine_tuning.TrainingSet(
        spectrograms=list(values.astype(np.float16)),
        genres=genres,
        groups=[f"artist {number // 4} of {number % 2}" for number in range(clips)],
    )


@pytest.mark.filterwarnings("default")
def test_it_learns_what_is_plain_to_see(tmp_path: Path) -> None:
    clips = training_set(SPECTROGRAMS["stft"], 16, 140)
    model = stft.network(SPECTROGRAMS["stft"], stft.PATCHES.length)
    config = dataclasses.replace(challenge2018.CONFIGS["stft"], epochs=3, batch_size=8)
    said: list[str] = []
    checkpoint = tmp_path / "checkpoint.weights.h5"
    challenge2018.fit(model, clips, SPECTROGRAMS["stft"], config, 0, checkpoint, said.append)
    epochs = [f"epoch {number} of 3" for number in (1, 2, 3)]
    assert [line.partition(":")[0] for line in said] == epochs
    answers = challenge2018.predict(model, clips.spectrograms, stft.PATCHES.length)
    np.testing.assert_allclose(np.exp(answers).sum(axis=1), 1.0, rtol=1e-4)
    assert (answers.argmax(axis=1) == clips.genres).mean() > 0.9


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_artist_group_factors_are_learned_first_and_nothing_stays_frozen(tmp_path: Path) -> None:
    clips = training_set(SPECTROGRAMS["agf"], 16, 50)
    model = agf.network(SPECTROGRAMS["agf"], agf.PATCHES.length)
    trainable = [weight.path for weight in model.trainable_weights]
    before = {w.path: keras.ops.convert_to_numpy(w) for w in model.weights}
    config = dataclasses.replace(challenge2018.CONFIGS["agf"], epochs=12, batch_size=8)
    checkpoint = tmp_path / "checkpoint.weights.h5"
    challenge2018.fit(model, clips, SPECTROGRAMS["agf"], config, 0, checkpoint, lambda line: None)
    assert [weight.path for weight in model.trainable_weights] == trainable
    for name in ("genre_conv1", "mfcc_conv1", "dmfcc_conv1", "fusion", "logits"):
        kernel = model.get_layer(name).kernel
        assert not np.allclose(before[kernel.path], keras.ops.convert_to_numpy(kernel)), name
    whole = agf.network(SPECTROGRAMS["agf"], 50)
    whole.set_weights(model.get_weights())
    answers = challenge2018.predict(whole, clips.spectrograms, 50)
    assert (answers.argmax(axis=1) == clips.genres).mean() > 0.9


def test_bands_are_standardised_by_the_clips() -> None:
    clips = training_set(SPECTROGRAMS["dpn"], 6, 40).spectrograms
    image = keras.Input((40, SPECTROGRAMS["dpn"].mel_bands))
    model = keras.Model(image, patches.standardised(image, "standardised"))
    challenge2018.standardise(model.get_layer("standardised"), clips)
    found = model.predict(np.array(clips, np.float32), verbose=0)
    np.testing.assert_allclose(found.mean(axis=(0, 1)), 0.0, atol=1e-3)
    np.testing.assert_allclose(found.std(axis=(0, 1)), 1.0, rtol=1e-3)


def test_a_band_that_never_changes_is_no_division_by_zero() -> None:
    image = keras.Input((3, 2))
    model = keras.Model(image, patches.standardised(image, "standardised"))
    flat: list[Spectrogram] = [np.full((3, 2), -80.0, np.float16)]
    challenge2018.standardise(model.get_layer("standardised"), flat)
    found = model.predict(np.array(flat, np.float32), verbose=0)
    np.testing.assert_allclose(found, 0.0, atol=1e-2)


@pytest.mark.parametrize("kind", agf.FACTORS)
def test_artists_that_sound_alike_share_topics(kind: str) -> None:
    """Two kinds of artists: noise about one spectrum, and about another that moves faster."""
    rng = np.random.default_rng(0)
    slope = np.linspace(-1.0, 1.0, 128)
    loud = (np.arange(24) // 2) % 2  # every second artist, with two clips each
    clips = [
        (-40 + 20 * slope * (1 - 2 * kind_) + rng.normal(0, 1 + 9 * kind_, (60, 128))).astype(
            np.float16
        )
        for kind_ in loud
    ]
    groups = [f"artist {number // 2}" for number in range(24)]
    shares = artist_groups.topics(kind, clips, groups, 0)
    assert shares.shape == (24, artist_groups.TOPICS)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, rtol=1e-5)
    np.testing.assert_array_equal(shares[::2], shares[1::2])
    np.testing.assert_array_equal(shares, artist_groups.topics(kind, clips, groups, 0))
    two = artist_groups.topics(kind, clips, groups, 0, words=8, count=2).argmax(axis=1)
    np.testing.assert_array_equal(two == two[0], loud == loud[0])


def test_other_factors_are_refused() -> None:
    with pytest.raises(ValueError, match="'essentia'"):
        artist_groups.topics("essentia", [], [], 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--system", "stft", "--init", "folder"], "always starts at random"),
        (["--system", "mobilenet"], "--init is needed"),
        (["--system", "mobilenet", "--init", "none", "--epochs", "0"], "leave random weights"),
        (["--system", "stft", "--epochs", "0"], "leave random weights"),
    ],
)
def test_the_command_line_knows_who_starts_from_what(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "--data", "nowhere", *arguments]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_the_command_line_trains_one(
    table: ClipTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For one epoch in two folds, in mixed precision, which the card says."""
    tiny = dataclasses.replace(challenge2018.CONFIGS["stft"], epochs=1, batch_size=4)
    monkeypatch.setitem(challenge2018.CONFIGS, "stft", tiny)
    folders = ["--work", "runs", "--out", "weights", "--results", "results"]
    command = ["train", "--system", "stft", "--data", ".", "--folds", "2", *folders]
    command += ["--precision", "mixed"]
    monkeypatch.chdir(tmp_path)
    assert main(command) == 0
    card = cards.read("stft", tmp_path / "weights")
    front_end = dataclasses.replace(SPECTROGRAMS["stft"], band_limit_hz=10_000.0)
    assert (card.architecture, card.front_end) == ("stft", front_end)
    assert card.training["clips"] == len(table)
    assert card.training["config"]["precision"] == "mixed"
    assert (tmp_path / "results" / "stft.heldout.npz").is_file()
    assert folds.fold_numbers(table, 2, 0).max() == 1
    said = (tmp_path / "runs" / "stft" / "log.txt").read_text()
    assert said.count("epoch 1 of 1") == 3
