"""Labels of fma_medium from tracks.csv, as the starter kit wrote them."""

import subprocess
import sys
from pathlib import Path

from grader.judging.labels import read_labels
from model.genres import GENRES
from tests.conftest import ROOT
from tests.support import fma_tree


def labels(*arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "training", "labels", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_labels_hold_all_of_medium_and_the_grader_reads_them(
    tmp_path: Path, clips: list[Path]
) -> None:
    tracks = fma_tree.build(tmp_path / "fma", clips)
    output = tmp_path / "train_labels.csv"
    done = labels(tmp_path / "fma" / "fma_metadata" / "tracks.csv", "-o", output)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"100 labels written at {output}\n"
    lines = output.read_text().splitlines()
    expected = [f"{t.track_id},{t.genre}" for t in tracks if t.subset != "large"]
    assert lines == ["track_id,genre", *expected]
    assert read_labels(output)["000002"] == GENRES.index("Blues")


def test_a_missing_table_is_an_error_and_not_a_traceback(tmp_path: Path) -> None:
    done = labels(tmp_path / "tracks.csv", "-o", tmp_path / "labels.csv")
    assert done.returncode == 1
    assert done.stderr.startswith(f"labels: {tmp_path / 'tracks.csv'}: no such file")
    assert not (tmp_path / "labels.csv").exists()
