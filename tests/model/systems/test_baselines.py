"""The systems that do not listen: random numbers and the class mix."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

import model
from model import systems
from model.genres import GENRES
from model.outputs.submission import HEADER
from model.probabilities import priors
from model.systems import cards
from model.systems.base import Execution
from model.systems.baselines.random import Random
from tests.conftest import Run


def rows(path: Path) -> dict[str, list[float]]:
    with path.open(newline="") as file:
        header, *lines = list(csv.reader(file))
    assert tuple(header) == HEADER
    return {line[0]: [float(value) for value in line[1:]] for line in lines}


@pytest.fixture
def short(tmp_path: Path, clips: list[Path]) -> Path:
    """Three clips, one of them under two names."""
    folder = tmp_path / "music"
    folder.mkdir()
    for name, clip in zip("abcd", [*clips[:3], clips[1]], strict=True):
        shutil.copy(clip, folder / f"{name}.mp3")
    return folder


def test_random_depends_on_the_audio_alone(short: Path, tmp_path: Path, predict: Run) -> None:
    found = []
    for number, options in enumerate((("--workers", 1, "--batch", 1), ("--workers", 2))):
        table = tmp_path / f"{number}.csv"
        done = predict(short, "--system", "random", "-o", table, "--prior", "uniform", *options)
        assert done.returncode == 0, done.stderr
        found.append(rows(table))
    (short / "b.mp3").unlink()
    predict(short, "--system", "random", "-o", tmp_path / "2.csv", "--prior", "uniform")
    assert found[0] == found[1]
    assert rows(tmp_path / "2.csv")["d"] == found[0]["d"] == found[0]["b"]
    assert len({tuple(row) for row in found[0].values()}) == 3


def test_random_is_a_softmax_of_uniform_numbers() -> None:
    """No share can be above e times another; and the mean over many draws is even."""
    card = cards.read("random", systems.WEIGHTS_FOLDER)
    network = systems.load(card).connect(Execution(batch=2000))
    windows = np.random.default_rng(0).normal(size=(network.batch, 2, 3)).astype(np.float32)
    posteriors = card.calibration.posteriors(network(windows))
    assert (posteriors.max(axis=1) / posteriors.min(axis=1)).max() < np.e
    np.testing.assert_allclose(posteriors.mean(axis=0), 1 / 16, atol=2e-3)
    np.testing.assert_allclose(np.log(posteriors).std(axis=1).mean(), 12**-0.5, rtol=0.05)


def test_random_with_another_seed_is_another(tmp_path: Path) -> None:
    card = cards.read("random", systems.WEIGHTS_FOLDER)
    module = systems.load(card)
    np.save(tmp_path / "seed.npy", np.array(1))
    windows = np.zeros((1, 2, 3), np.float32)
    other = Random(tmp_path / "seed.npy", Execution())(windows)
    assert not np.allclose(module.connect(Execution())(windows), other)


@pytest.mark.parametrize("name", ["fma", "uniform", "train"])
def test_prior_answers_with_the_prior_that_is_asked_for(name: str, clips: list[Path]) -> None:
    table = model.load("prior", prior=name, device="cpu", workers=1).predict(clips[:2])
    card = cards.read("prior", systems.WEIGHTS_FOLDER)
    assert list(table.columns) == list(GENRES)
    expected = priors.named(name, card.training_prior)
    np.testing.assert_allclose(table.to_numpy(), [expected, expected], rtol=1e-5)


def test_prior_through_the_command_line(short: Path, tmp_path: Path, predict: Run) -> None:
    done = predict(short, "--system", "prior", "--prior", "fma", "-o", tmp_path / "prior.csv")
    assert done.returncode == 0, done.stderr
    table = rows(tmp_path / "prior.csv")
    assert sorted(table) == ["a", "b", "c", "d"]
    for row in table.values():
        assert GENRES[int(np.argmax(row))] == "Rock"
        np.testing.assert_allclose(row, priors.named("fma", ()), atol=1e-6)
