"""Outputs replace neither inputs, nor each other, nor files of somebody else."""

import os
import shutil
from pathlib import Path

import pytest

from model.clips import find
from model.errors import GenreError, UsageError
from model.files import lock
from model.options import Options
from model.outputs import paths
from tests.conftest import CLIPS

SONGS = ("jazz-trio.mp3", "rock-band.mp3")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with songs, lists, links and a file of the user."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "songs").mkdir()
    for name in SONGS:
        shutil.copy(CLIPS / name, tmp_path / "songs")
    (tmp_path / "list.txt").write_text("songs/jazz-trio.mp3\n")
    (tmp_path / "empty.mp3").touch()
    (tmp_path / "notes.txt").write_text("my notes\n")
    (tmp_path / "mix.json").write_text("{}")
    (tmp_path / "folder").symlink_to(tmp_path)
    (tmp_path / "link.csv").symlink_to("songs/rock-band.mp3")
    os.link(tmp_path / "songs" / "rock-band.mp3", tmp_path / "same.csv")
    return tmp_path


def check(*sources: str, output: str = "o.csv", **options: object) -> None:
    more = {name: Path(v) if isinstance(v, str) else v for name, v in options.items()}
    if "prior" in options:
        more["prior"] = options["prior"]
    run = Options(sources, Path(output), "prior", **more)  # type: ignore[arg-type]
    paths.check(run, find(sources), [Path("card.json")])


@pytest.mark.parametrize(
    ("sources", "options"),
    [
        (["songs"], {"output": "songs/rock-band.mp3"}),
        (["songs"], {"report": "songs/rock-band.mp3"}),
        (["songs"], {"per_window": "folder/songs/rock-band.mp3"}),
        (["songs"], {"output": "link.csv"}),
        (["songs"], {"output": "same.csv"}),
        (["@list.txt"], {"output": "list.txt"}),
        (["@list.txt"], {"output": "songs/jazz-trio.mp3"}),
        (["empty.mp3"], {"output": "empty.mp3"}),
        (["songs"], {"output": "mix.json", "prior": "mix.json"}),
        (["songs"], {"output": "card.json"}),
    ],
)
def test_an_output_is_no_input(place: Path, sources: list[str], options: dict[str, object]) -> None:
    (place / "card.json").write_text("{}")
    with pytest.raises(UsageError, match="is an input of this run"):
        check(*sources, **options, overwrite=True)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["notes.txt", "songs/rock-band.mp3", "list.txt"])
@pytest.mark.parametrize("option", ["output", "per_window", "report"])
def test_a_file_of_somebody_else_is_replaced_only_if_that_is_asked_for(
    place: Path, name: str, option: str
) -> None:
    with pytest.raises(UsageError, match="--overwrite"):
        check("empty.mp3", **{option: name})
    check("empty.mp3", **{option: name, "overwrite": True})  # type: ignore[arg-type]
    assert (place / name).stat().st_size


@pytest.mark.parametrize(
    "options",
    [
        {"per_window": "folder/o.csv"},
        {"per_window": "o.errors.jsonl"},
        {"report": "o.csv.journal"},
        {"per_window": "w", "report": "w"},
        {"per_window": "o.settings.json", "save_settings": True},
    ],
)
def test_no_file_is_written_twice(place: Path, options: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="two outputs would have this name"):
        check("songs", **options, overwrite=True)  # type: ignore[arg-type]


def test_runs_that_share_a_file_exclude_each_other(tmp_path: Path) -> None:
    one = Options(("x",), tmp_path / "a.csv", "prior", report=tmp_path / "r.html")
    two = Options(("x",), tmp_path / "b.csv", "prior", report=tmp_path / "r.html")
    three = Options(("x",), tmp_path / "a.jsonl", "prior", save_settings=True)
    with (
        paths.locked(paths.output_files(one)),
        pytest.raises(GenreError, match="another run is writing"),
        paths.locked(paths.output_files(two)),
    ):
        pass
    with paths.locked(paths.output_files(one)), paths.locked(paths.output_files(three)):
        pass
    assert not list(tmp_path.iterdir())


def test_a_lock_deletes_no_content(tmp_path: Path) -> None:
    mine = tmp_path / ".o.csv.lock"
    mine.write_text("mine")
    with lock(mine, remove=True):
        pass
    assert mine.read_text() == "mine"


def test_leftovers_of_killed_runs_are_deleted(tmp_path: Path) -> None:
    left = tmp_path / ".o.csv.0123456789abcdef.part"
    others = [tmp_path / name for name in (".x.csv.0123456789abcdef.part", ".o.csv.part", ".o")]
    for path in (left, *others):
        path.touch()
    with paths.locked([tmp_path / "o.csv"]):
        assert not left.exists()
    assert sorted(tmp_path.iterdir()) == sorted(others)
