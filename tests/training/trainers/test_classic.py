"""Training of the systems on hand-made features, in miniature, and what comes of it."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

import model
from model import systems
from model.clips import Clip
from model.decoding.pool import DecoderPool
from model.frontends.fma_features.front_end import ClipFeatures
from model.genres import GENRES
from model.options import Options
from model.run import journal
from model.run.execute import array_names
from model.run.pipeline import predict
from model.run.results import Results
from model.systems import cards
from model.systems.base import Execution
from tests.conftest import CLIPS
from tests.support.agreement import noise
from tests.support.clip_tables import write_table
from training.cli.main import main
from training.data.dataset import read_table
from training.evaluation import heldout
from training.trainers import classic

OF = {"Rock": "rock-band", "Spoken": "spoken-word", "Folk": "folk-waltz"}


def run(name: str, folder: Path, folds: int = 2) -> int:
    places = [arg for n in ("work", "out", "results") for arg in (f"--{n}", str(folder / n))]
    options = ["--system", name, "--data", str(folder), "--folds", str(folds), "--replace"]
    return main(["train", *options, *places])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three genres of eight clips each, cut from sample clips, each by an artist of its own."""
    folder = tmp_path_factory.mktemp("data")
    rows = []
    for genre, stem in OF.items():
        samples, rate = soundfile.read(CLIPS / f"{stem}.mp3", dtype="float32", always_2d=True)
        for copy in range(8):
            part = samples[copy * rate // 2 :][:rate]
            soundfile.write(folder / f"{genre}{copy}.wav", part, rate)
            rows.append([f"{genre}{copy}", f"{genre}{copy}.wav", genre, f"{genre}{copy}", "own"])
    write_table(folder, rows)
    return folder


@pytest.fixture(scope="module", params=sorted(classic.LIBRARIES))
def trained(request: pytest.FixtureRequest, data: Path) -> tuple[str, Path]:
    """Name of a system, and the folder that it was trained in by the command."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(classic.TREES, "rounds", 5)
        assert run(request.param, data) == 0
    return request.param, data


@pytest.mark.filterwarnings("default")
def test_the_command_trains_and_does_not_train_twice(
    trained: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    name, folder = trained
    card = cards.read(name, folder / "out")
    assert (card.architecture, card.window_frames) == (name, 1)
    assert card.front_end == ClipFeatures(22_050, band_limit_hz=10_000.0)
    settings = {"svm": classic.SVM, "xgboost": {**classic.TREES, "rounds": 5}}[name]
    assert card.training["config"] == settings
    assert card.training["library"].startswith(classic.LIBRARIES[name].package)
    assert "keras" not in card.training
    written = json.loads((folder / "out" / f"{name}.json").read_text())
    expected = {"kind": "features", "sample_rate": 22_050, "band_limit_hz": 10_000.0}
    assert written["front_end"] == expected
    held_out = heldout.read(heldout.path_of(folder / "results", name))
    assert held_out.matches(read_table(folder / "clips.csv"))
    monkeypatch.setitem(classic.TREES, "rounds", 5)
    before = (folder / "work" / name / "log.txt").read_text()
    assert before.count("fitting to") == 3
    assert run(name, folder) == 0
    after = (folder / "work" / name / "log.txt").read_text()
    assert after.count("fitting to") == 3
    assert len(after) > len(before)
    assert cards.read(name, folder / "out").weights == card.weights


@pytest.mark.filterwarnings("default")
def test_the_held_out_logits_are_those_of_the_shipped_code(trained: tuple[str, Path]) -> None:
    """What the table scores is what a person gets: the same fit again, by the public door."""
    name, folder = trained
    table = read_table(folder / "clips.csv")
    held_out = heldout.read(heldout.path_of(folder / "results", name))
    folds, logits = held_out.schemes["cv0"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(classic.TREES, "rounds", 5)
        loaded = shipped(name, folder)
        clips = [loaded.log_mel(path) for path in table.files]
        assert clips[0].dtype == np.float32
        chosen = np.flatnonzero(folds != 0)
        fit = classic.Classic(name).prepared(table, clips, print)
        fitted = fit("again", chosen, None)
    held = np.flatnonzero(folds == 0)
    np.testing.assert_allclose(fitted.predict([clips[i] for i in held]), logits[held], atol=1e-3)


def shipped(name: str, folder: Path) -> model.Classifier:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(systems, "WEIGHTS_FOLDER", folder / "out")
        return model.load(name, prior="train", device="cpu", workers=1)


@pytest.mark.filterwarnings("default")
def test_files_sounds_and_features_have_the_same_answer(
    trained: tuple[str, Path], tmp_path: Path
) -> None:
    name, folder = trained
    loaded = shipped(name, folder)
    soundfile.write(tmp_path / "a.wav", noise(0.3, 37_123), 37_123, subtype="FLOAT")
    paths = [str(CLIPS / "rock-band.mp3"), str(tmp_path / "a.wav")]
    table = loaded.predict(paths)
    assert table.to_numpy().sum(axis=1) == pytest.approx([1.0, 1.0])
    assert table.loc[paths[0]].idxmax() == "Rock"
    features = [loaded.log_mel(path) for path in paths]
    assert [one.shape for one in features] == [(1, 518), (1, 518)]
    np.testing.assert_array_equal(loaded.predict(features), table)
    sounds = [model.load_audio(path) for path in paths]
    np.testing.assert_array_equal(loaded.predict(sounds), table)
    windows = loaded.predict_windows(paths)
    assert list(windows.index) == [(path, 0.0) for path in paths]
    with pytest.raises(ValueError, match="no frame of 518 values"):
        loaded.predict(np.zeros((3, 115), np.float16))
    assert isinstance(table, pd.DataFrame)
    assert tuple(table.columns) == GENRES


@pytest.mark.filterwarnings("default")
def test_a_run_keeps_windows_but_no_picture(trained: tuple[str, Path], tmp_path: Path) -> None:
    name, folder = trained
    card = cards.read(name, folder / "out")
    system = systems.load(card, folder / "out")
    (tmp_path / "empty.mp3").touch()
    clips = [
        Clip("rock", str(CLIPS / "rock-band.mp3")),
        Clip("empty", str(tmp_path / "empty.mp3")),
    ]
    place = tmp_path / "table.csv"
    options = Options((), place, name, report=tmp_path / "report.html")
    wanted = array_names(options, card)

    mix = np.array(card.training_prior)
    execution = Execution("cpu")
    with (
        journal.Journal(place, clips, {}, True, wanted) as book,
        DecoderPool(system.front_end, 1) as pool,
    ):
        predictions = predict(clips, system, card.calibration, execution, pool, arrays=wanted)
        for index, prediction in enumerate(predictions):
            book.add(index, prediction)
    with journal.Journal(place, clips, {}, True, wanted) as book:
        assert book.unfinished() == []
        rock, empty = Results(clips, book, mix, mix)
    assert rock.predicted
    assert rock.thumbnail is None
    assert [window.start for window in rock.windows] == [0.0]
    assert (empty.predicted, empty.notices[0].reason) == (False, "empty")
    assert empty.probabilities == pytest.approx(card.training_prior)


@pytest.mark.filterwarnings("default")
def test_finished_folds_of_another_division_are_not_used(data: Path, tmp_path: Path) -> None:
    """Their networks have seen clips that are held out now."""
    shutil.copytree(data, tmp_path / "again")
    shutil.copytree(data, tmp_path / "fresh", ignore=shutil.ignore_patterns("work"))
    assert run("svm", tmp_path / "again", folds=2) == 0
    tables = []
    for name in ("again", "fresh"):
        assert run("svm", tmp_path / name, folds=3) == 0
        tables.append(heldout.read(heldout.path_of(tmp_path / name / "results", "svm")))
    for one, other in zip(*(table.schemes["cv0"] for table in tables), strict=True):
        np.testing.assert_array_equal(one, other)
