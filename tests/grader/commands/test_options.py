"""What is said while a submission runs, and which folders are overwritten."""

from pathlib import Path

import pytest

from grader.commands.options import REPORT, Progress, empty_folder
from grader.engines.engine import Reading
from grader.errors import GraderError

GIB = 1 << 30


def readings(*seconds: float) -> list[Reading]:
    return [Reading(second, GIB, 2 * GIB) for second in seconds]


def test_live_progress(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress()
    progress.live = True
    for reading in readings(0.1, 0.6, 0.7, 1.2):
        progress(reading)
    progress.done()
    assert capsys.readouterr().err == (
        "\r\x1b[Krunning 1 s, 1.00 GiB, at most 2.00" * 2 + "\r\x1b[K"
    )


def test_progress_in_a_log_comes_once_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress()
    progress.live = False
    for reading in readings(1, 30, 61, 90, 122, 1, 62):  # a second run begins
        progress(reading)
    progress.done()
    said = capsys.readouterr().err.splitlines()
    assert [line.split(",")[0] for line in said] == [
        "running 61 s",
        "running 122 s",
        "running 62 s",
    ]


def test_only_our_own_folders_are_emptied(tmp_path: Path) -> None:
    assert empty_folder(tmp_path / "a" / "new").is_dir()
    (tmp_path / "precious.txt").touch()
    with pytest.raises(GraderError, match="is not empty"):
        empty_folder(tmp_path)
    (tmp_path / REPORT).touch()
    empty_folder(tmp_path)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(GraderError, match="cannot be used"):
        empty_folder(tmp_path / "file")
