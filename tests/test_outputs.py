"""What a run writes beside the submission, and that none of it changes the submission."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from model.genres import GENRES
from model.outputs import submission
from model.probabilities.calibration import adapt
from model.probabilities.prior_shift import estimated_prior
from model.systems import cards
from tests.conftest import CLIPS, ROOT
from tests.support import cheap_system
from tests.support.odd import tone, wav
from tests.support.report_samples import opened
from tests.support.runs import errors, finish, start, wait_for_rows

NAMES = ("blues-shuffle", "hip-hop-beat", "rock-band")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three good clips, two bad ones, two files with one id, and formats other than mp3."""
    place = tmp_path_factory.mktemp("music")
    for name in NAMES:
        shutil.copy(CLIPS / f"{name}.mp3", place / f"{name}.mp3")
    shutil.copy(CLIPS / "rock-band.mp3", place / "rock-band.MP3")
    (place / "empty.mp3").touch()
    (place / "bad.mp3").write_text("not audio")
    (place / "tone.wav").write_bytes(wav(tone(2.0, 22_050), 22_050))
    return place


@pytest.fixture(scope="module")
def plain(weights: Path, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The table of a run without any further option."""
    table = tmp_path_factory.mktemp("plain") / "o.csv"
    assert finish(weights, folder, "-o", table).returncode == 0
    return table


def rows(table: Path) -> dict[str, tuple[float, ...]]:
    return {row.file_id: row.probabilities for row in submission.read(table)}


def test_everything_at_once_leaves_the_numbers_as_they_are(
    weights: Path, folder: Path, plain: Path, tmp_path: Path
) -> None:
    done = finish(
        weights, folder, "-o", tmp_path / "o.parquet", "--min-confidence", 0.2, "--report",
        tmp_path / "r.html", "--per-window", tmp_path / "w.csv", "--save-settings", "--write-tags",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "o.parquet", "o.parquet.errors.jsonl", "o.parquet.settings.json", "r.html", "w.csv",
    ]  # fmt: skip
    frame = pd.read_parquet(tmp_path / "o.parquet").set_index("file_id")
    assert {key: tuple(frame.loc[key, list(GENRES)]) for key in frame.index} == rows(plain)
    sure = frame[list(GENRES)].max(axis=1) >= 0.2
    sure[["bad", "empty"]] = False
    best = frame[list(GENRES)].idxmax(axis=1)
    assert list(frame["genre"]) == list(best.where(sure, "unsure"))
    noted = submission.errors_path(tmp_path / "o.parquet")
    assert noted.read_bytes() == submission.errors_path(plain).read_bytes()
    windows = pd.read_csv(tmp_path / "w.csv")
    assert set(windows["file_id"]) == set(NAMES)
    assert windows[list(GENRES)].sum(axis=1).to_numpy() == pytest.approx(1)
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert all(name in page for name in (*NAMES, "empty"))
    shown = opened(tmp_path / "r.html").data("row-data")
    notices = shown["notices"][shown["names"].index("rock-band")]
    assert ["duplicate", f"{folder / 'rock-band.mp3'} has the same id, and no row", 1] in notices
    for name in NAMES:
        assert (folder / f"{name}.mp3").read_bytes() == (CLIPS / f"{name}.mp3").read_bytes()


def test_another_prior_needs_no_new_look_at_the_clips(
    weights: Path, folder: Path, tmp_path: Path
) -> None:
    kept, fresh = tmp_path / "kept.csv", tmp_path / "fresh.csv"
    assert finish(weights, folder, "-o", kept, "--keep-journal", "--prior", "train").returncode == 0
    train = rows(kept)
    again = finish(weights, folder, "-o", kept, "--keep-journal", "--prior", "uniform")
    assert "5 of 5 clips are in the journal already" in again.stderr
    assert finish(weights, folder, "-o", fresh, "--prior", "uniform").returncode == 0
    assert kept.read_bytes() == fresh.read_bytes()
    found = finish(weights, folder, "-o", kept, "--keep-journal", "--prior", "estimate")
    assert "estimated class mix: " in found.stderr
    training_prior = np.array(cards.read(cheap_system.NAME, weights).training_prior)
    posteriors = np.array([train[name] for name in NAMES])
    prior = estimated_prior(posteriors, training_prior)
    estimated = rows(kept)
    for name in NAMES:
        expected = adapt(np.array(train[name]), training_prior, prior)
        np.testing.assert_allclose(estimated[name], expected, rtol=1e-12)
    for name in ("bad", "empty"):
        np.testing.assert_allclose(estimated[name], prior, rtol=1e-12)


def test_every_output_of_a_run_is_replaced_by_the_next(
    weights: Path, folder: Path, tmp_path: Path
) -> None:
    names = ("--per-window", "w.parquet", "--report", "r.html", "--save-settings")
    options = [tmp_path / name if "." in name else name for name in names]
    for form in ("csv", "jsonl", "parquet"):
        for _ in range(2):
            done = finish(weights, folder, "-o", tmp_path / "o.txt", "--format", form, *options)
            assert done.returncode == 0, done.stderr


def test_a_report_needs_no_locale(
    weights: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("PYTHONUTF8", "0")
    monkeypatch.setenv("PYTHONCOERCECLOCALE", "0")
    music = tmp_path / "Müsik"
    shutil.copytree(folder, music)
    page = tmp_path / "r.html"
    done = finish(weights, music, "-o", tmp_path / "o.csv", "--report", page)
    assert done.returncode == 0, done.stderr
    assert "M\\xc3\\xbcsik" in page.read_text(encoding="utf-8")


def test_settings_and_report_say_by_what_the_answers_were_made(
    weights: Path, folder: Path, tmp_path: Path
) -> None:
    page = tmp_path / "r.html"
    options = ("--prior", "estimate", "--any-audio", "--report", page, "--save-settings")
    assert finish(weights, folder, "-o", tmp_path / "o.csv", *options).returncode == 0
    about = json.loads((tmp_path / "o.settings.json").read_text())["about"]
    assert about["weights"] == cards.read(cheap_system.NAME, weights).weights.sha256
    assert about["packages"]["numpy"] == np.__version__
    assert tuple(about["mix"].values()) == rows(tmp_path / "o.csv")["bad"]  # which has the prior
    assert list(about["mix"]) == list(GENRES)
    said = opened(page).text
    mix = ", ".join(f"{genre} {share:.4f}" for genre, share in about["mix"].items())
    for text in (about["weights"], f"numpy {np.__version__}", "any-audio", "estimate", mix):
        assert text in said
    assert "keep-journal" not in said


@pytest.mark.parametrize("choice", ["card", "off"])
def test_the_report_says_whether_answers_were_calibrated(
    weights: Path, folder: Path, tmp_path: Path, choice: str
) -> None:
    page = tmp_path / "r.html"
    options = ("--calibration", choice, "--report", page)
    assert finish(weights, folder, "-o", tmp_path / "o.csv", *options).returncode == 0
    assert ("without calibration" in opened(page).text) is (choice == "off")


def test_what_the_journal_lacks_is_done_again(weights: Path, folder: Path, tmp_path: Path) -> None:
    table, windows = tmp_path / "o.csv", tmp_path / "w.jsonl"
    assert finish(weights, folder, "-o", table, "--keep-journal").returncode == 0
    before = table.read_bytes()
    more = finish(weights, folder, "-o", table, "--keep-journal", "--per-window", windows)
    assert "2 of 5 clips are in the journal already" in more.stderr  # the bad ones have no windows
    assert table.read_bytes() == before
    less = finish(weights, folder, "-o", table)
    assert "5 of 5 clips are in the journal already" in less.stderr


def test_a_killed_run_ends_in_the_same_windows(
    weights: Path, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    music = tmp_path_factory.mktemp("links")
    for number in range(30):
        (music / f"{number:02}.mp3").symlink_to(CLIPS / f"{NAMES[number % 3]}.mp3")
    expected = tmp_path / "expected.jsonl"
    options = ("--report", tmp_path / "r.html", "--per-window")
    done = finish(weights, music, "-o", tmp_path / "e.csv", *options, expected)
    assert done.returncode == 0, done.stderr
    process = start(
        weights, music, "-o", tmp_path / "o.csv", *options, tmp_path / "w.jsonl", pause=3
    )
    wait_for_rows(tmp_path / "o.csv.journal" / "rows.jsonl")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    again = finish(weights, music, "-o", tmp_path / "o.csv", *options, tmp_path / "w.jsonl")
    assert "clips are in the journal already" in again.stderr
    assert (tmp_path / "w.jsonl").read_bytes() == expected.read_bytes()
    assert (tmp_path / "o.csv").read_bytes() == (tmp_path / "e.csv").read_bytes()


def test_other_formats_are_taken_when_asked_for(
    weights: Path, folder: Path, plain: Path, tmp_path: Path
) -> None:
    table = tmp_path / "o.csv"
    assert finish(weights, folder, "-o", table, "--any-audio").returncode == 0
    assert rows(table).keys() == rows(plain).keys() | {"tone.wav"}
    assert not {line["reason"] for line in errors(table)["tone.wav"]} & {"not_mp3"}
    assert finish(weights, folder / "tone.wav", "-o", table).returncode == 0
    assert rows(table).keys() == {"tone.wav"}


def test_shards_join_to_the_bytes_of_one_run(
    weights: Path, folder: Path, plain: Path, tmp_path: Path
) -> None:
    parts = [tmp_path / f"part{number}.csv" for number in (1, 2, 3)]
    for number, part in enumerate(parts, 1):
        done = finish(weights, folder, "-o", part, "--shard", f"{number}/3")
        assert done.returncode == 0, done.stderr
    joined = tmp_path / "joined.csv"
    assert merge(parts[2], parts[0], parts[1], "-o", joined) == (0, "")
    assert joined.read_bytes() == plain.read_bytes()
    assert submission.errors_path(joined).read_bytes() == submission.errors_path(plain).read_bytes()
    assert merge(*parts[:2], "-o", joined) == (1, "merge: shards [3] are missing, of 3\n")
    assert merge(*parts, parts[0], "-o", joined) == (1, "merge: shards [1] are there twice, of 3\n")
    settings = parts[1].with_suffix(".settings.json")
    settings.write_text(settings.read_text().replace('"uniform"', '"train"'))
    code, said = merge(*parts, "-o", joined)
    assert (code, "prior differs" in said) == (1, True)
    assert joined.read_bytes() == plain.read_bytes()


def merge(*arguments: object) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "model.cli.merge", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


def test_more_shards_than_clips_leave_some_without_rows(
    weights: Path, folder: Path, tmp_path: Path
) -> None:
    done = finish(weights, folder, "-o", tmp_path / "o.csv", "--shard", "7/7")
    assert done.returncode == 0, done.stderr
    assert rows(tmp_path / "o.csv") == {}


def test_settings_are_replayed_and_the_command_line_wins(
    weights: Path, folder: Path, tmp_path: Path
) -> None:
    first = tmp_path / "first.csv"
    options = ("--prior", "uniform", "--any-audio", "--min-confidence", 0.1, "--save-settings")
    assert finish(weights, folder, "-o", first, *options).returncode == 0
    before = first.read_bytes()
    first.unlink()
    saved = tmp_path / "first.settings.json"
    assert finish(weights, "--settings", saved).returncode == 0
    assert first.read_bytes() == before
    second = tmp_path / "second.csv"
    done = finish(weights, "--settings", saved, "-o", second, "--no-any-audio", folder / "bad.mp3")
    assert done.returncode == 0, done.stderr
    assert list(pd.read_csv(second)["file_id"]) == ["bad"]


def test_a_replay_takes_its_format_from_the_new_name_and_changes_no_clip(
    weights: Path, folder: Path, tmp_path: Path
) -> None:
    copies, saved = tmp_path / "music", tmp_path / "first.jsonl.settings.json"
    shutil.copytree(folder, copies)
    options = ("--min-confidence", 0.1, "--write-tags=apply", "--save-settings")
    assert finish(weights, copies, "-o", tmp_path / "first.jsonl", *options).returncode == 0
    for name in NAMES:
        shutil.copy(CLIPS / f"{name}.mp3", copies)
    second = tmp_path / "second.csv"
    assert finish(weights, "--settings", saved, "-o", second).returncode == 0
    assert pd.read_csv(second).shape == (5, 18)
    for name in NAMES:
        assert (copies / f"{name}.mp3").read_bytes() == (CLIPS / f"{name}.mp3").read_bytes()
    third = tmp_path / "third.csv"
    done = finish(weights, copies, "-o", third, "--format", "jsonl", "--save-settings")
    assert done.returncode == 0
    again = finish(weights, "--settings", third.with_suffix(".settings.json"), "-o", second)
    assert again.returncode == 0
    assert second.read_bytes() == third.read_bytes()


def test_tags_are_written_where_that_is_asked_for(
    weights: Path, folder: Path, tmp_path: Path
) -> None:
    copies = tmp_path / "music"
    shutil.copytree(folder, copies)
    options = ("-o", tmp_path / "o.csv", "--min-confidence", 0.1)
    dry = finish(weights, "--write-tags", copies, *options)
    assert dry.returncode == 0, dry.stderr
    assert "3 to be written; nothing was" in dry.stderr
    for name in NAMES:
        assert (copies / f"{name}.mp3").read_bytes() == (CLIPS / f"{name}.mp3").read_bytes()
    wet = finish(weights, copies, *options, "--write-tags=apply")
    assert wet.stdout == dry.stdout
    assert "3 written, 0 files left alone" in wet.stderr
    for name in ("blues-shuffle.mp3", "hip-hop-beat.mp3", "rock-band.MP3"):  # it has the row
        assert (copies / name).read_bytes().startswith(b"ID3")
    again = finish(weights, copies, *options, "--write-tags=apply")
    assert "0 written, 0 files left alone" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--embeddings", "e.csv"], 2, ".npz or .parquet"),
        (["--embeddings", "e.npz"], 1, "has no embeddings"),
        (["--shard", "0/3"], 2, "a part such as 1/8"),
        (["--shard", "1/2", "--prior", "estimate"], 2, "needs all clips"),
        (["--min-confidence", "1.5"], 2, "from 0 to 1"),
        (["--per-window", "o.csv"], 2, "two outputs would have this name"),
        (["--per-window", "."], 1, "is a folder"),
        (["--report", str(CLIPS / "jazz-trio.mp3")], 2, "add --overwrite"),
        (["--report", str(CLIPS / "rock-band.mp3"), "--overwrite"], 2, "is an input"),
        (["--settings", "given.json", "--report", "given.json", "--overwrite"], 2, "is an input"),
        (["--write-tags=yes"], 2, "one of dry-run, apply, fill"),
        (["--settings", "gone.json"], 2, "cannot be read"),
    ],
)
def test_what_cannot_be_is_told_before_the_work(
    weights: Path, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    (tmp_path / "given.json").write_text("{}")
    songs = {path: path.read_bytes() for path in CLIPS.iterdir()}
    places = [str(tmp_path / a) if "." in a and "-" not in a and a[0] in "eog." else a
              for a in arguments]  # fmt: skip
    done = finish(weights, CLIPS / "rock-band.mp3", "-o", tmp_path / "o.csv", *places)
    assert (done.returncode, message in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "o.csv").exists()
    assert songs == {path: path.read_bytes() for path in CLIPS.iterdir()}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"prior": "fma", "colour": "blue"}, "settings colour: unknown, or for the command line"),
        ({"overwrite": True, "write-tags": "apply"}, "settings overwrite, write-tags: unknown, or"),
        ({"top": [1]}, "top must be a text or a number"),
        ({"recursive": "yes"}, "recursive must be true or false"),
        ({"clips": "folder"}, "clips must be a list"),
        ({"top": -1}, "at least 0"),
        ([], "not a json object"),
        ("{", "not json"),
    ],
)
def test_wrong_settings_are_told(
    weights: Path, tmp_path: Path, settings: object, message: str
) -> None:
    path = tmp_path / "s.json"
    path.write_text(settings if isinstance(settings, str) else json.dumps(settings))
    done = finish(weights, CLIPS, "-o", tmp_path / "o.csv", "--settings", path)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
