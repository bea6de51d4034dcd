"""A file appears complete or not at all."""

import contextlib
import os
import resource
from pathlib import Path

import pytest

from model.files import OutputError, atomic_file


def write(path: Path, text: str) -> None:
    with atomic_file(path) as file:
        file.write(text)


def test_an_exception_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "output.csv"
    path.write_text("old")
    with contextlib.suppress(ZeroDivisionError), atomic_file(path) as file:
        file.write(f"half {1 // 0}")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_folder_is_made_and_others_may_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "output.csv"
    before = os.umask(0o022)
    try:
        write(path, "a")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path, tmp_path / "file" / "output.csv"):
        with pytest.raises(OutputError, match=str(place)):
            write(place, "")


def test_a_disk_that_is_full_is_told_and_the_old_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "output.csv"
    path.write_text("old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        with pytest.raises(OutputError, match=r"output\.csv: cannot be written"):
            write(path, "row\n" * 10_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_no_file_or_link_of_a_predictable_name_is_touched(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("precious")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / ".a.csv.part").symlink_to(outside)
    (folder / ".b.csv.part").write_text("mine")
    write(folder / "a.csv", "table")
    write(folder / "b.csv", "table")
    assert outside.read_text() == "precious"
    assert (folder / ".b.csv.part").read_text() == "mine"


def test_the_longest_name_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("ä" * 127)
    write(path, "table")
    assert list(tmp_path.iterdir()) == [path]


def test_a_name_that_is_too_long_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written: File name too long"):
        write(tmp_path / ("a" * 300), "table")
