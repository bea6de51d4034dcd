"""Training on FMA from the command line: one fit, kills, results that other commands read."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from model.genres import GENRES
from tests.conftest import ROOT
from tests.support import fma_links, fma_tree
from tests.support.clip_tables import write_table
from training.data import fma

EPOCHS = 4


def command(root: Path, work: Path) -> list[str]:
    options = ["--init", "none", "--system", "mobilenet", "--epochs", str(EPOCHS)]
    paths = ["--fma-root", str(root), "--work", str(work)]
    return [sys.executable, "-m", "training", "train", *options, *paths]


def run(*arguments: str) -> str:
    """What a command of training prints; it must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "training", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def weights_in(path: Path) -> dict[str, np.ndarray]:
    arrays: dict[str, np.ndarray] = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda name, part: arrays.update(
                {name: part[()]} if isinstance(part, h5py.Dataset) else {}
            )
        )
    return arrays


@pytest.mark.slow
def test_a_killed_training_ends_with_the_weights_of_a_whole_one(
    tmp_path: Path, clips: list[Path]
) -> None:
    root, whole, killed = tmp_path / "fma", tmp_path / "whole", tmp_path / "killed"
    fma_tree.build(root, clips)
    subprocess.run(command(root, whole), cwd=ROOT, check=True, timeout=900)
    shutil.copytree(whole / "spectrograms", killed / "spectrograms")
    log = killed / "mobilenet_fma_medium" / "log.txt"
    for sign in (signal.SIGKILL, signal.SIGINT):
        with subprocess.Popen(command(root, killed), cwd=ROOT, stderr=subprocess.PIPE) as process:
            finished = log.read_text().count(f" of {EPOCHS}: ") if log.exists() else 0
            while not log.exists() or log.read_text().count(f" of {EPOCHS}: ") == finished:
                assert process.poll() is None
                time.sleep(0.05)
            process.send_signal(sign)
            _, said = process.communicate(timeout=60)
        assert process.returncode == (-sign if sign == signal.SIGKILL else 130)
        assert b"Traceback" not in said
    subprocess.run(command(root, killed), cwd=ROOT, check=True, timeout=900)
    assert "continuing after" in log.read_text()
    name = Path("fma_medium/weights/mobilenet_fma_medium.weights.h5")
    arrays = [weights_in(folder / name) for folder in (whole, killed)]
    assert arrays[0].keys() == arrays[1].keys()
    for part, values in arrays[0].items():
        np.testing.assert_allclose(arrays[1][part], values, atol=1e-5)

    results, weights = whole / "fma_medium" / "results", whole / "fma_medium" / "weights"
    card = json.loads((weights / "mobilenet_fma_medium.json").read_text())
    assert card["summary"].endswith("trained on fma_medium from random weights")
    parts = fma.clip_table(root, print).split
    assert card["validation"]["scores"]["clips"] == len(parts.test)
    run("evaluate", "--system", card["name"], "--results", str(results), "--quick")
    scores = json.loads((results / f"{card['name']}.json").read_text())
    assert scores["clips"] == len(parts.test)
    board = ["--weights", str(weights), "--results", str(results), "--draws", "20"]
    run("leaderboard", *board)
    row = json.loads((results / "leaderboard.json").read_text())["systems"][0]
    loss = card["validation"]["scores"]["log_loss"]
    assert row["calibrated"]["as_is"]["log_loss"]["value"] == pytest.approx(loss, abs=1e-3)


def test_weights_are_not_replaced_unasked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from training.cli.main import main

    (tmp_path / "stft.json").write_text("{}")
    arguments = ["--system", "stft", "--data", str(tmp_path), "--out", str(tmp_path)]
    assert main(["train", *arguments]) == 2
    assert f"{tmp_path / 'stft.json'} exists" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["stft.json"]


def test_tensorboard_without_its_package_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from training.cli import train
    from training.cli.main import main

    monkeypatch.setattr(train, "find_spec", lambda name: None)
    paths = ["--data", str(tmp_path), "--out", str(tmp_path), "--work", str(tmp_path / "runs")]
    assert main(["train", "--system", "stft", "--tensorboard", "logs", *paths]) == 2
    assert "pip install tensorboard" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_links_stand_for_the_tracks_of_fma(tmp_path: Path, clips: list[Path]) -> None:
    rows = [
        [f"{genre}", clip, genre, "artist", "own"]
        for genre, clip in zip(GENRES, clips, strict=False)
    ]
    write_table(tmp_path, rows)
    labels = "track_id,genre_top,split,subset,artist_id,artist_name\n"
    labels += f"2,{GENRES[0]},training,small,1,A\n3,{GENRES[1]},test,medium,,B\n"
    labels += f"5,{GENRES[0]},validation,medium,,\n7,{GENRES[0]},training,large,,\n"
    (tmp_path / "labels.csv").write_text(labels)
    assert fma_links.build(tmp_path / "fma", tmp_path / "labels.csv", tmp_path) == 3
    found = fma.clip_table(tmp_path / "fma", print)
    assert found.table.ids == ("000002", "000003", "000005")
    assert found.table.groups == ("1", "B", "artist of 5")
    assert [part.tolist() for part in (found.split.training, found.split.test)] == [[0], [1]]


@pytest.mark.parametrize(
    ("option", "value"), [("--epochs", "-1"), ("--folds", "1"), ("--seed", "-1")]
)
def test_numbers_that_cannot_be_used_are_refused(
    option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """No network may be written that was not trained."""
    from training.cli.main import main

    with pytest.raises(SystemExit, match="2"):
        main(["train", "--data", "x", "--init", "none", option, value])
    assert f"{value!r} is not a number from" in capsys.readouterr().err
