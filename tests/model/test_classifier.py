"""From Python as from the command line, whatever rung of the ladder is entered."""

import dataclasses
import doctest
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile

import model
from model import classifier
from model.classifier import One
from model.clips import LONGEST_SECONDS
from model.decoding.audio import UndecodableError
from model.errors import GenreError, UsageError
from model.genres import GENRES
from model.outputs import submission
from tests.conftest import CLIPS, ROOT, Run
from tests.support.runs import children

NAMES = ("classical-strings", "electronic-house", "spoken-word")


@pytest.fixture(scope="module")
def loaded() -> model.Classifier:
    return model.load(device="cpu", workers=2)


@pytest.fixture(scope="module")
def paths() -> list[str]:
    return [str(CLIPS / f"{name}.mp3") for name in NAMES]


@pytest.fixture(scope="module")
def table(
    paths: list[str], tmp_path_factory: pytest.TempPathFactory, predict: Run
) -> "pd.DataFrame":
    """What the command line says of these clips."""
    path = tmp_path_factory.mktemp("table") / "o.csv"
    assert predict(*paths, "-o", path, "--device", "cpu").returncode == 0
    rows = submission.read(path)
    assert [row.file_id for row in rows] == list(NAMES)
    return pd.DataFrame([row.probabilities for row in rows], paths, list(GENRES))


def test_files_give_the_bits_of_the_command_line(
    loaded: model.Classifier, paths: list[str], table: "pd.DataFrame"
) -> None:
    found = loaded.predict(paths)
    pd.testing.assert_frame_equal(found, table.rename_axis("file"), check_exact=True)
    pd.testing.assert_frame_equal(loaded.predict(Path(paths[1])), found.iloc[[1]], check_exact=True)


def test_every_rung_gives_the_same_bits(
    loaded: model.Classifier, paths: list[str], table: "pd.DataFrame"
) -> None:
    sounds = [loaded.load_audio(path) for path in paths]
    spectrograms = [loaded.log_mel(sound) for sound in sounds]
    rungs: list[list[One]] = [
        [*sounds],
        [*spectrograms],
        [paths[0], sounds[1], spectrograms[2]],
    ]
    for rung in rungs:
        found = loaded.predict(rung)
        np.testing.assert_array_equal(found.to_numpy(), table.to_numpy())
    mixed = loaded.predict([sounds[0], paths[1], spectrograms[2]])
    assert list(mixed.index) == [0, paths[1], 2]
    assert list(loaded.predict(sounds[0]).index) == [0]
    assert list(loaded.predict(tuple(sounds)).index) == [0, 1, 2]
    np.testing.assert_array_equal(loaded.log_mel(paths[0]), spectrograms[0])


def test_a_sound_at_another_rate_type_or_with_channels_is_brought_into_form(
    loaded: model.Classifier, paths: list[str], table: "pd.DataFrame"
) -> None:
    samples, rate = model.load_audio(paths[1], 44_100)
    assert rate == 44_100
    assert samples.dtype == np.float32
    stereo = np.stack([samples, samples], axis=1)
    whole = np.round(samples * 32767).astype(np.int16)
    for one in ((samples, rate), (stereo, rate), (stereo.astype(np.float64), rate), (whole, rate)):
        found = loaded.predict([one])
        np.testing.assert_allclose(found.to_numpy()[0], table.to_numpy()[1], atol=0.02)


def test_of_a_long_sound_the_middle_counts(loaded: model.Classifier) -> None:
    samples, rate = loaded.load_audio(CLIPS / "jazz-trio.mp3")
    thirty = round(LONGEST_SECONDS) * rate
    middle = np.resize(samples, thirty)
    noise = np.random.default_rng(0).normal(0, 0.1, thirty).astype(np.float32)
    long = np.concatenate([noise, middle, noise])
    np.testing.assert_array_equal(loaded.log_mel((long, rate)), loaded.log_mel((middle, rate)))


def test_a_folder_is_its_mp3s_and_what_is_not_audio_has_the_prior(
    loaded: model.Classifier, paths: list[str], tmp_path: Path
) -> None:
    (tmp_path / "a.mp3").write_bytes(Path(paths[0]).read_bytes())
    (tmp_path / "b.mp3").write_text("no audio")
    silence = (np.zeros(22_050, np.float32), 22_050)
    with pytest.warns(UserWarning, match=r"b\.mp3 \(undecodable\), 2 \(silent\)"):
        found = loaded.predict([tmp_path, silence])
    assert list(found.index) == [str(tmp_path / "a.mp3"), str(tmp_path / "b.mp3"), 2]
    assert loaded.prior is not None
    np.testing.assert_array_equal(found.to_numpy()[1:], [loaded.prior, loaded.prior])
    with pytest.warns(UserWarning, match="no usable audio"):
        assert loaded.embed([silence, paths[0]]).isna().all(axis=1).tolist() == [True, False]
    with pytest.warns(UserWarning, match="no usable audio"):
        assert loaded.predict_windows(silence).shape == (0, len(GENRES))


def test_files_of_a_folder_that_share_an_id_have_a_row_each(
    loaded: model.Classifier, paths: list[str], tmp_path: Path
) -> None:
    names = ("a.MP3", "a.mp3", "b.mp3")
    for name, path in zip(names, paths, strict=True):
        (tmp_path / name).write_bytes(Path(path).read_bytes())
    found = loaded.predict(tmp_path)
    assert list(found.index) == [str(tmp_path / name) for name in names]
    np.testing.assert_array_equal(found.to_numpy(), loaded.predict(paths).to_numpy())


def test_windows_and_embeddings_belong_to_their_clips(
    loaded: model.Classifier, paths: list[str]
) -> None:
    windows = loaded.predict_windows(paths)
    assert list(windows.columns) == list(GENRES)
    assert list(windows.index.unique("file")) == paths
    starts = windows.loc[paths[0]].index.to_numpy()
    assert starts[0] == 0
    assert (np.diff(starts) > 0).all()
    assert windows.sum(axis=1).to_numpy() == pytest.approx(1)
    embeddings = loaded.embed(paths)
    assert embeddings.notna().all(axis=None)
    assert embeddings.shape[1] >= len(GENRES)
    assert list(embeddings.index) == paths
    sounds = [loaded.load_audio(path) for path in paths]
    np.testing.assert_array_equal(loaded.embed(sounds).to_numpy(), embeddings.to_numpy())


def test_the_prior_is_a_name_a_file_weights_or_estimated(
    loaded: model.Classifier, paths: list[str], tmp_path: Path
) -> None:
    spectrograms = [loaded.log_mel(path) for path in paths]
    (tmp_path / "prior.json").write_text('{"Jazz": 1}')
    for prior in ({"Jazz": 1}, str(tmp_path / "prior.json")):
        jazz = dataclasses.replace(loaded, prior=model.load(prior=prior).prior)
        assert (jazz.predict(spectrograms).idxmax(axis=1) == "Jazz").all()
    flat = dataclasses.replace(loaded, prior=None).predict(spectrograms)
    assert not np.array_equal(flat, loaded.predict(spectrograms))
    assert model.load(prior="estimate").prior is None
    for wrong in ({"Polka": 1.0}, "nonesuch"):
        with pytest.raises(UsageError, match=r"^prior.*(Polka|nonesuch)"):
            model.load(prior=wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((100, 7)),
        (np.zeros((2, 1000)), 22_050),
        (np.zeros(1000), 0),
        (np.array(["a"]), 22_050),
    ],
)
def test_an_array_that_is_no_clip_is_refused(loaded: model.Classifier, wrong: object) -> None:
    with pytest.raises(ValueError, match=r"no spectrogram|no sound|channels|rate"):
        loaded.predict([wrong])  # type: ignore[list-item]


@pytest.mark.parametrize("value", [np.nan, -np.inf, 1e30])
def test_a_spectrogram_of_what_is_no_number_is_refused(
    loaded: model.Classifier, value: float
) -> None:
    spectrogram = np.zeros((100, loaded.card.front_end.width), np.float32)
    spectrogram[50, 3] = value
    with pytest.raises(ValueError, match="not finite"):
        loaded.predict(spectrogram)


def test_a_spectrogram_of_absurd_numbers_costs_its_own_row_only(
    loaded: model.Classifier, paths: list[str], table: "pd.DataFrame"
) -> None:
    absurd = np.full((1000, loaded.card.front_end.width), 6e4, np.float32)
    with pytest.warns(UserWarning, match=r"hence the prior: 0 \(failure\)$"):
        found = loaded.predict([absurd, paths[0]])
    np.testing.assert_array_equal(found.to_numpy(), [loaded.prior, table.to_numpy()[0]])


def test_subfolders_and_other_formats_are_for_those_who_ask(
    loaded: model.Classifier, paths: list[str], tmp_path: Path
) -> None:
    below = tmp_path / "below"
    below.mkdir()
    samples, rate = model.load_audio(paths[0])
    soundfile.write(below / "a.wav", samples, rate)
    with pytest.raises(UsageError, match=r"add recursive=True .* add any_audio=True") as caught:
        loaded.predict(tmp_path)
    assert "--" not in str(caught.value)
    for call in (loaded.predict, loaded.predict_windows, loaded.embed):
        found = call(tmp_path, recursive=True, any_audio=True)
        assert set(found.index.get_level_values(0)) == {str(below / "a.wav")}
    (below / "b.mp3").write_bytes(Path(paths[1]).read_bytes())
    assert list(loaded.predict(tmp_path, recursive=True).index) == [str(below / "b.mp3")]


def test_a_file_that_is_not_there_is_told(loaded: model.Classifier, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such"):
        loaded.predict(str(tmp_path / "gone.mp3"))
    with pytest.raises(UndecodableError, match="missing"):
        model.load_audio(tmp_path / "gone.mp3")


def test_of_several_files_one_that_is_not_there_has_the_prior(
    loaded: model.Classifier, paths: list[str], table: "pd.DataFrame", tmp_path: Path
) -> None:
    with pytest.warns(UserWarning, match=r"gone\.mp3 \(missing\)"):
        found = loaded.predict([tmp_path / "gone.mp3", paths[0]])
    np.testing.assert_array_equal(found.to_numpy(), [loaded.prior, table.to_numpy()[0]])


@pytest.mark.parametrize("wrong", [None, 3, [None], ["a.mp3", 3.0], {"rate": 3}.items()])
def test_what_is_no_clip_is_named(loaded: model.Classifier, wrong: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=r"no clip; give a file|no sound|rate"):
        loaded.predict(wrong)


def test_a_classifier_in_an_error_message_is_short(loaded: model.Classifier) -> None:
    assert repr(loaded).startswith("Classifier(system='mobilenet', device='cpu', workers=")


def test_progress_is_shown_to_those_who_ask(
    loaded: model.Classifier, paths: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    loaded.predict(paths[:2])
    assert capsys.readouterr().err == ""
    dataclasses.replace(loaded, progress=True).predict(paths[:2])
    assert "2 of 2 clips" in capsys.readouterr().err


def test_the_examples_in_the_docstrings_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    results = doctest.testmod(classifier)
    assert results.attempted >= 15
    assert results.failed == 0


def test_a_script_needs_no_guard(tmp_path: Path, paths: list[str]) -> None:
    """Decoding happens in other processes, and none of them runs the script again."""
    script = tmp_path / "script.py"
    script.write_text(f"import model\nprint(len(model.load(device='cpu').predict({paths!r})))\n")
    done = subprocess.run(
        [sys.executable, script],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{len(paths)}\n"


def test_worker_processes_live_from_call_to_call_until_the_end(paths: list[str]) -> None:
    before = children()
    with model.load(device="cpu", workers=1) as classifier:
        first = classifier.predict(paths[:2])
        workers = children() - before
        assert len(workers) == 1
        with pytest.raises(ValueError, match="no spectrogram"):
            classifier.predict([*paths, np.zeros((100, 7)), *paths])
        again = classifier.predict(paths[:2])
        assert children() - before == workers
    pd.testing.assert_frame_equal(again, first, check_exact=True)
    assert not children() & workers
    pd.testing.assert_frame_equal(classifier.predict(paths[:2]), first, check_exact=True)
    workers = children() - before
    assert workers
    del classifier
    assert not children() & workers


def test_a_program_that_does_not_close_its_classifier_ends_and_leaves_no_process(
    paths: list[str],
) -> None:
    script = f"""
import model
from tests.support.runs import children
classifier = model.load(device="cpu", workers=2)
classifier.predict({paths!r})
print(*children())
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    workers = done.stdout.split()
    assert len(workers) == 2
    assert not [worker for worker in workers if Path("/proc", worker).exists()]


@pytest.mark.parametrize(
    ("wrong", "valid"),
    [
        ({"device": "banana"}, "auto, cpu, gpu"),
        ({"calibration": "sometimes"}, "card, on, off"),
        ({"workers": 0}, "at least 1"),
        ({"workers": "two"}, "at least 1"),
        ({"batch": -1}, "invalid batch -1: must be .* at least 1"),
    ],
)
def test_an_invalid_value_is_refused_with_the_valid_ones(wrong: dict[str, Any], valid: str) -> None:
    with pytest.raises(UsageError, match=valid):
        model.load(**wrong)


def test_without_pandas_the_message_says_what_to_do(
    loaded: model.Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(GenreError, match="pip install pandas"):
        loaded.predict("tests/clips")


def test_unknown_names_of_the_package_are_errors() -> None:
    with pytest.raises(AttributeError, match="nonesuch"):
        model.nonesuch  # noqa: B018
    assert {"load", "load_audio", "Classifier"} <= set(dir(model))
