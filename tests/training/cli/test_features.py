"""The 518 features: equal to the published recipe, in FMA's table, whatever is in the files."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from benchmarks import librosa_features
from model.frontends.fma_features.clip import FeaturesError
from model.frontends.fma_features.columns import COLUMNS
from tests.conftest import CLIPS, ROOT
from tests.support import fma_tree
from tests.support.agreement import agree, noise
from training.data import features_table
from training.data.features_worker import features_of_file
from training.data.fma import audio_path, load


def extract(*arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "training", "features", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("name", ["rock-band", "spoken-word", "classical-strings"])
def test_features_of_clips_are_those_of_librosa(name: str) -> None:
    path = CLIPS / f"{name}.mp3"
    agree(features_of_file(path), librosa_features.features_of_file(path))


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(FeaturesError, match="not there"):
        features_of_file(tmp_path / "a.mp3")


def test_the_table_is_what_pandas_writes_for_such_columns(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(0, 9, (3, 518)).astype(np.float32)
    names = ["2", "5", 'a "b", c']
    features_table.write(tmp_path / "features.csv", names, [values[:1], None, values[2:]])
    columns = pd.MultiIndex.from_tuples(COLUMNS, names=["feature", "statistics", "number"])
    frame = pd.DataFrame(values, pd.Index(names, name="track_id"), columns)
    frame.loc["5"] = np.nan
    frame.to_csv(tmp_path / "pandas.csv", float_format="%.10e")
    text = (tmp_path / "features.csv").read_text()
    assert text == (tmp_path / "pandas.csv").read_text()
    assert text.startswith(features_table.header())
    pd.testing.assert_frame_equal(
        load(tmp_path / "features.csv").astype(np.float32), frame, check_column_type=False
    )


def test_a_folder_with_bad_files_gets_a_whole_table(
    tmp_path: Path,
) -> None:
    folder, output = tmp_path / "clips", tmp_path / "out" / "features.csv"
    folder.mkdir()
    for seed, name in enumerate(["b", "a", "d"]):
        soundfile.write(folder / f"{name}.mp3", noise(2.0, 22_050, seed), 22_050, format="MP3")
    (folder / "c.mp3").write_bytes(b"no mp3 at all")
    done = extract(folder, "-o", output, "--workers", "1")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"3 of 4 clips have features: {output}\n"
    assert "c.mp3: cannot be decoded" in done.stderr
    table = load(output)
    assert list(table.index) == ["a", "b", "c", "d"]
    assert table.isna().all(axis=1).tolist() == [False, False, True, False]
    np.testing.assert_array_equal(
        table.loc["a"].to_numpy(np.float32), features_of_file(folder / "a.mp3")
    )
    errors = output.with_suffix(".errors.jsonl").read_text().splitlines()
    assert [json.loads(error)["file_id"] for error in errors] == ["c"]


@pytest.mark.slow
def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path) -> None:
    folder, output = tmp_path / "clips", tmp_path / "features.csv"
    folder.mkdir()
    for number in range(12):
        soundfile.write(folder / f"{number:02d}.wav", noise(2.0, 22_050, number), 22_050)
        (folder / f"{number:02d}.wav").rename(folder / f"{number:02d}.mp3")
    frames = output.with_name("features.csv.frames")
    command = [sys.executable, "-m", "training", "features", str(folder), "-o", str(output)]
    with subprocess.Popen(
        [*command, "--workers", "1"], cwd=ROOT, stderr=subprocess.PIPE, text=True
    ) as process:
        while not frames.exists() or frames.stat().st_size < 2 * 518 * 4:
            assert process.poll() is None
            time.sleep(0.002)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=100)
    assert process.returncode == 130
    assert "run the same command again to continue" in said
    kept = np.fromfile(frames, np.float32)
    kept = kept[: len(kept) // 518 * 518].reshape(-1, 518)
    assert 2 <= len(kept) < 12
    done = extract(folder, "-o", output, "--workers", "1")
    lacking = int(done.stderr.partition(" clips: ")[0].rpartition(" ")[2])
    assert 12 - lacking in (len(kept), len(kept) - 1)  # the last clip may lack its record
    table = load(output)
    assert len(table) == 12
    np.testing.assert_array_equal(table.to_numpy(np.float32)[: 12 - lacking], kept[: 12 - lacking])
    assert not table.isna().any(axis=None)
    assert [path.name for path in output.parent.glob("features.csv*")] == ["features.csv"]


def test_fma_gets_a_row_for_every_track_and_none_for_what_is_faulty(
    tmp_path: Path, clips: list[Path]
) -> None:
    short = tmp_path / "rock-short.mp3"
    soundfile.write(short, noise(1.0, 22_050), 22_050, format="MP3")
    tracks = fma_tree.build(tmp_path / "fma", [short])
    gone = audio_path(tmp_path / "fma", tracks[1].track_id)
    gone.unlink()
    done = extract("--fma-root", tmp_path / "fma", "-o", tmp_path / "features.csv", "--workers", 1)
    assert done.returncode == 0, done.stderr
    table = load(tmp_path / "features.csv")
    assert table.index.tolist() == [t.track_id for t in tracks if t.subset != "large"]
    empty = table.index[table.isna().all(axis=1)].tolist()
    assert empty == [tracks[1].track_id, fma_tree.FAULTY["Rock"]]
    assert f"{gone}: the file is not there" in done.stderr
    assert list(table.columns) == list(
        load(tmp_path / "fma/fma_metadata/features.csv").columns.sort_values()
    )


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "name either a folder of mp3s or --fma-root DIR"),
        (["nowhere"], 2, "no such folder or file"),
        (["--fma-root", "nowhere"], 1, "expected is a folder in which"),
        (["x", "--workers", "0"], 2, "is not a number from 1"),
    ],
)
def test_wrong_arguments_are_told_without_a_traceback(
    arguments: list[str], code: int, message: str
) -> None:
    done = extract(*arguments)
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr
