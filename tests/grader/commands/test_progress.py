"""What is said while a submission runs, and which folders are overwritten."""

import json
from pathlib import Path

import pytest

from grader.commands.progress import Progress
from grader.engines.engine import Usage
from grader.errors import GraderError
from grader.report.page import MANIFEST, REPORT, empty_folder

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


def test_only_what_a_run_wrote_is_deleted(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "new"
    assert empty_folder(folder).parent == folder
    (folder / "out").mkdir()
    (folder / "out" / "table.csv").touch()
    (folder / "run.log").symlink_to(tmp_path)
    empty_folder(folder)
    assert {path.name for path in folder.iterdir()} == {REPORT, MANIFEST}
    (folder / "precious.txt").touch()
    with pytest.raises(GraderError, match="wrote precious"):
        empty_folder(folder)
    assert (folder / "precious.txt").exists()


@pytest.mark.parametrize("manifest", ["", "[]", '{"written": [["report.json"]]}', None])
def test_a_report_alone_does_not_make_a_folder_ours(tmp_path: Path, manifest: str | None) -> None:
    (tmp_path / REPORT).write_text("{}")
    if manifest is not None:
        (tmp_path / MANIFEST).write_text(manifest)
    with pytest.raises(GraderError, match="is not empty"):
        empty_folder(tmp_path)
    assert (tmp_path / REPORT).exists()


def test_a_manifest_names_no_file_of_other_programs(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    (tmp_path / MANIFEST).write_text(json.dumps({"written": ["thesis.tex", MANIFEST]}))
    with pytest.raises(GraderError, match="wrote thesis"):
        empty_folder(tmp_path)


def test_a_file_is_no_folder_for_results(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(GraderError, match="cannot be used"):
        empty_folder(tmp_path / "file")
