"""What is said while a submission runs, and which folders are overwritten."""

from pathlib import Path

import pytest

from grader.commands.progress import Progress
from grader.engines.engine import Usage
from grader.errors import GraderError
from grader.report.page import REPORT, empty_folder

GIB = 1 << 30


def show(progress: Progress, *seconds: float) -> None:
    with progress:
        for second in seconds:
            progress(second, Usage(GIB, 2 * GIB))


def test_live_progress(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress()
    progress.live = True
    show(progress, 0.1, 0.6, 0.7, 1.2)
    assert capsys.readouterr().err == (
        "\r\x1b[Krunning 1 s, 1.00 GiB, at most 2.00" * 2 + "\r\x1b[K"
    )


def test_progress_in_a_log_comes_once_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress()
    progress.live = False
    show(progress, 1, 30, 61, 90, 122, 1, 62)  # a second run begins
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(",")[0] for line in lines] == [
        "running 61 s",
        "running 122 s",
        "running 62 s",
    ]


def test_only_our_own_folders_are_emptied(tmp_path: Path) -> None:
    assert empty_folder(tmp_path / "a" / "new").parent.is_dir()
    (tmp_path / "precious.txt").touch()
    with pytest.raises(GraderError, match="is not empty"):
        empty_folder(tmp_path)
    (tmp_path / REPORT).touch()
    empty_folder(tmp_path)
    assert list(tmp_path.iterdir()) == [tmp_path / REPORT]
    (tmp_path / "file").touch()
    with pytest.raises(GraderError, match="cannot be used"):
        empty_folder(tmp_path / "file")
