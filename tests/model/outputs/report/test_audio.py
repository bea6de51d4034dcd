"""Where the page finds a clip's audio."""

import base64
import os
from pathlib import Path
from urllib.parse import unquote_to_bytes, urljoin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.outputs.report.audio import EmbeddedAudio, location
from tests.support.report_samples import HOSTILE_NAMES

NAMES = st.binary(min_size=1, max_size=60).filter(
    lambda name: not set(name) & {0, ord("/")} and name not in (b".", b"..")
)


def target(url: str, folder: Path) -> bytes:
    """The file that a browser opens for a URL on a page in a folder."""
    url = urljoin(f"file://{folder}/report.html", url)
    assert url.isascii()
    path, _, rest = url.removeprefix("file://").partition("?")
    assert not rest
    assert "#" not in path
    return unquote_to_bytes(path)


@settings(max_examples=50, deadline=None)
@given(NAMES, NAMES)
def test_any_name_is_found_again(folder: bytes, name: bytes) -> None:
    base = Path("/nowhere/music")
    below = os.path.join(b"/nowhere/music", folder, name)  # noqa: PTH118
    beside = os.path.join(b"/nowhere/other", folder, name)  # noqa: PTH118
    assert target(location(os.fsdecode(below), base), base) == below
    assert target(location(os.fsdecode(beside), base), base) == beside


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=ascii)
def test_a_name_is_never_a_scheme(name: str, tmp_path: Path) -> None:
    url = location(str(tmp_path / name), tmp_path)
    assert ":" not in url
    assert url.isascii()
    assert not set(url) & set("<>\"' \n")


def test_clips_below_the_page_can_be_moved_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert location("music/a b.mp3", tmp_path) == "music/a%20b.mp3"
    assert location("music/a.mp3", tmp_path / "music") == "a.mp3"
    assert location("music/a.mp3", tmp_path / "out") == f"file://{tmp_path}/music/a.mp3"
    assert location("music/a.mp3", tmp_path / "mus") == f"file://{tmp_path}/music/a.mp3"
    assert location("/a.mp3", Path("/")) == "a.mp3"
    assert location("/a.mp3", tmp_path) == "file:///a.mp3"


def test_dots_behind_a_link_lead_where_the_system_goes(tmp_path: Path) -> None:
    (tmp_path / "far" / "deep").mkdir(parents=True)
    (tmp_path / "near").symlink_to(tmp_path / "far" / "deep")
    url = location(str(tmp_path / "near" / ".." / "a.mp3"), tmp_path)
    assert url == "far/a.mp3"


def test_audio_is_embedded_up_to_the_limit(tmp_path: Path) -> None:
    first, second, third = (tmp_path / name for name in ("a.mp3", "b.flac", "c.mp3"))
    first.write_bytes(b"x" * 60)
    second.write_bytes(b"y" * 50)
    third.write_bytes(b"z" * 40)
    embedding = EmbeddedAudio(100)
    head, text = embedding.data_url(str(first)).split(",")
    assert head == "data:audio/mpeg;base64"
    assert base64.b64decode(text) == b"x" * 60
    assert embedding.data_url(str(second)) == ""
    assert embedding.data_url(str(third)) != ""
    assert (embedding.embedded, embedding.left_out) == (2, 1)


def test_what_cannot_be_read_is_not_embedded(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.mp3"
    os.mkfifo(pipe)
    embedding = EmbeddedAudio(100)
    for path in (pipe, tmp_path, tmp_path / "missing.mp3"):
        assert embedding.data_url(str(path)) == ""
    assert (embedding.embedded, embedding.left_out) == (0, 0)


def test_no_audio_is_read_unless_asked_for(tmp_path: Path) -> None:
    empty = tmp_path / "a.mp3"
    empty.touch()
    embedding = EmbeddedAudio(0)
    assert embedding.data_url(str(empty)) == ""
    assert (embedding.embedded, embedding.left_out) == (0, 0)
