"""Which files are clips, what they are called, and in which order they come."""

import logging
import os
import subprocess
from pathlib import Path

import pytest

from model.clips import Clip, file_id, find, shard
from model.errors import UsageError


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


def ids(*sources: object, recursive: bool = False) -> list[str]:
    return [clip.file_id for clip in find([str(source) for source in sources], recursive).clips]


def test_a_folder_gives_its_mp3s_sorted_by_id(tmp_path: Path) -> None:
    touch(tmp_path, "b.mp3", "000002.mp3", "a b.mp3", "ü.MP3", "notes.txt", "mp3", "sub/c.mp3")
    assert ids(tmp_path) == ["000002", "a b", "b", "ü"]


def test_a_trailing_slash_and_a_relative_path_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path / "payload", "x.mp3")
    monkeypatch.chdir(tmp_path)
    assert ids("payload") == ids("payload/") == ids("./payload//") == ["x"]


def test_recursive_ids_are_paths_below_the_folder(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp3", "sub/a.mp3", "sub/deep/b.mp3")
    assert ids(tmp_path, recursive=True) == ["a", "sub/a", "sub/deep/b"]


def test_hidden_files_and_folders_are_left_out_unless_they_are_named(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp3", "._a.mp3", ".mp3", ".trash/b.mp3", "c/._d.mp3")
    assert ids(tmp_path, recursive=True) == ["a"]
    assert ids(tmp_path / ".mp3", tmp_path / ".trash") == [".mp3", "b"]


def test_folders_in_folders_may_be_as_deep_as_a_path_can_be(tmp_path: Path) -> None:
    folder, names = tmp_path, ["d"] * 1200
    try:
        for _ in names:
            folder /= "d"
            folder.mkdir()
        touch(folder, "a.mp3")
        assert ids(tmp_path, recursive=True) == ["/".join([*names, "a"])]
    finally:  # Python's own cleaning calls itself for each level
        subprocess.run(["rm", "-r", tmp_path / "d"], check=True)


def test_a_subfolder_that_cannot_be_read_is_left_out_with_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    touch(tmp_path, "a.mp3", "locked/b.mp3")
    scandir = os.scandir

    def refuse(folder: Path) -> object:
        if folder.name == "locked":
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    monkeypatch.setattr(logging.getLogger("model"), "propagate", True)
    assert ids(tmp_path, recursive=True) == ["a"]
    assert "locked: the folder cannot be read: Permission denied; it is left out" in caplog.text
    with pytest.raises(UsageError, match="locked: the folder cannot be read"):
        ids(tmp_path / "locked")


def test_a_folder_called_mp3_is_no_clip_but_everything_else_is(tmp_path: Path) -> None:
    touch(tmp_path, "folder.mp3/inside.mp3")
    (tmp_path / "dangling.mp3").symlink_to(tmp_path / "nowhere")
    (tmp_path / "to-folder.mp3").symlink_to(tmp_path / "folder.mp3")
    assert ids(tmp_path) == ["dangling"]


def test_of_two_files_with_one_id_the_first_has_the_row(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp3", "a.MP3", "b.mp3")
    found = find([str(tmp_path)])
    assert [clip.name for clip in found.clips] == ["a.MP3", "b.mp3"]
    assert [clip.name for clip in found.duplicates] == ["a.mp3"]


def test_equal_names_in_different_folders_have_rows_of_their_own(tmp_path: Path) -> None:
    touch(tmp_path, "a/x.mp3", "b/x.mp3", "b/x.MP3", "b/y.mp3")
    found = find([str(tmp_path / "a"), str(tmp_path / "b")])
    assert [clip.file_id for clip in found.clips] == [f"{tmp_path}/a/x", f"{tmp_path}/b/x", "y"]
    assert [clip.path for clip in found.duplicates] == [f"{tmp_path}/b/x.mp3"]


def test_a_path_that_is_the_id_of_another_clip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, "all/a/x.mp3", "a/x.mp3", "b/x.mp3")
    monkeypatch.chdir(tmp_path)
    found = find(["all", "a", "b"], recursive=True)
    assert [clip.file_id for clip in found.clips] == ["a/x", "all/a/x", "b/x"]
    assert found.duplicates == ()


def test_a_file_that_is_named_twice_has_one_row(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp3")
    found = find([str(tmp_path), str(tmp_path / "a.mp3")])
    assert ([clip.file_id for clip in found.clips], len(found.duplicates)) == (["a"], 1)


def test_any_audio_takes_other_formats_whose_ids_keep_their_suffix(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp3", "a.wav", "b.FLAC", "c.m4a", "notes.txt", "sub/d.opus")
    sources = [str(tmp_path)]
    assert [clip.file_id for clip in find(sources, any_audio=True).clips] == [
        "a",
        "a.wav",
        "b.FLAC",
        "c.m4a",
    ]
    deep = [clip.file_id for clip in find(sources, recursive=True, any_audio=True).clips]
    assert deep[-1] == "sub/d.opus"
    assert ids(tmp_path, tmp_path / "a.wav") == ["a", "a.wav"]


@pytest.mark.parametrize("parts", [1, 2, 3, 7])
def test_shards_are_all_clips_once_and_of_even_size(tmp_path: Path, parts: int) -> None:
    touch(tmp_path, *(f"{number}.mp3" for number in range(5)), "3.MP3")
    found = find([str(tmp_path)])
    shards = [shard(found, part, parts) for part in range(1, parts + 1)]
    joined: list[Clip] = sorted((c for s in shards for c in s.clips), key=lambda c: c.file_id)
    assert joined == list(found.clips)
    assert [clip for s in shards for clip in s.duplicates] == list(found.duplicates)
    for one in shards:
        assert {clip.file_id for clip in one.duplicates} <= {clip.file_id for clip in one.clips}
    sizes = [len(one.clips) for one in shards]
    assert max(sizes) - min(sizes) <= 1


def test_paths_are_as_short_as_they_were_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, "a.mp3", "sub/b.mp3")
    monkeypatch.chdir(tmp_path)
    paths = [clip.path for clip in find(["."], recursive=True).clips]
    assert paths == ["a.mp3", "sub/b.mp3"]
    assert [clip.path for clip in find(["sub//"]).clips] == ["sub/b.mp3"]


def test_a_list_names_paths_line_by_line(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp3", "b, c.mp3")
    listed = tmp_path / "list.txt"
    listed.write_text(f"{tmp_path}/b, c.mp3\n\n{tmp_path}/gone.mp3\n{tmp_path}/a.mp3\n")
    assert ids(f"@{listed}") == ["a", "b, c", "gone"]


def test_comments_in_a_list_are_passed_over(tmp_path: Path) -> None:
    touch(tmp_path, "#1 hit.mp3")
    listed = tmp_path / "list.m3u"
    listed.write_text(f"#EXTM3U\n# {tmp_path}/b.mp3\n#EXTINF:9,x\n#1 hit.mp3\n#\na.mp3\n")
    assert ids(f"@{listed}") == ["#1 hit", "a"]


def test_only_a_newline_ends_a_line_of_a_list(tmp_path: Path) -> None:
    names = ("a\u2028b.mp3", "c\x0cd.mp3", "e\x85f.mp3", "g\rh.mp3", "i.mp3")
    listed = tmp_path / "list.txt"
    listed.write_bytes("\ufeff".encode() + "\r\n".join(names).encode() + b"\n\xff.mp3")
    assert [clip.path for clip in find([f"@{listed}"]).clips] == ["\udcff.mp3", *names]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_list_in_utf_16_is_refused(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "list.txt").write_text("\ufeffa.mp3\n", encoding=encoding)
    with pytest.raises(UsageError, match=r"list\.txt: .* is in UTF-16; save it as UTF-8"):
        find([f"@{tmp_path / 'list.txt'}"])


@pytest.mark.parametrize(
    ("source", "message"),
    [("nowhere", "no such folder"), ("@nowhere", "cannot be read"), (".", "--recursive")],
)
def test_nothing_to_classify_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=message):
        find([source])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("000002.mp3", "000002"),
        ("a.mp3.MP3", "a.mp3"),
        ("voice.wav", "voice.wav"),
        (".mp3", ".mp3"),
        ("caf\udce9.mp3", "caf\\xe9"),
    ],
)
def test_an_id_is_the_name_without_its_suffix(name: str, expected: str) -> None:
    assert file_id(name) == expected
