"""Titles, artists and covers of files, whatever the files hold."""

import base64
import os
import shutil
from fractions import Fraction
from pathlib import Path

import av
import mutagen
import numpy as np
import pytest
import soundfile
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, ID3, TIT2, TPE1

from model.outputs.report.song_tags import SongTags, read_all
from tests.conftest import CLIPS


def png() -> bytes:
    """A picture of one colour."""
    encoder = av.CodecContext.create("png", "w")
    encoder.width = encoder.height = 200
    encoder.pix_fmt, encoder.time_base = "rgb24", Fraction(1)
    frame = av.VideoFrame.from_ndarray(np.full((200, 200, 3), 200, np.uint8), "rgb24")
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return Path(shutil.copy(CLIPS / "jazz-trio.mp3", tmp_path / "song.mp3"))


def tagged(path: Path, *frames: object) -> Path:
    tags = ID3()
    for frame in frames:
        tags.add(frame)
    tags.save(path)
    return path


def one(path: Path) -> SongTags:
    (found,) = read_all([str(path)])
    return found


def test_an_mp3(song: Path) -> None:
    cover = APIC(encoding=3, mime="image/png", type=3, desc="", data=png())
    title = TIT2(encoding=3, text="Title\x1b\u202e")
    found = one(tagged(song, title, TPE1(encoding=3, text=["One", "Two"]), cover))
    assert (found.title, found.artist) == ("Title\\x1b\\u202e", "One, Two")
    head, _, data = found.cover.partition(",")
    assert head == "data:image/jpeg;base64"
    assert base64.b64decode(data).startswith(b"\xff\xd8")
    assert len(data) < 5_000


def test_a_flac(tmp_path: Path) -> None:
    path = tmp_path / "song.flac"
    soundfile.write(path, np.zeros(4_000), 8_000)
    flac, picture = FLAC(path), Picture()
    flac["title"], flac["artist"], picture.data = "Title", "Artist", png()
    flac.add_picture(picture)
    flac.save()
    found = one(path)
    assert (found.title, found.artist, bool(found.cover)) == ("Title", "Artist", True)


def test_pictures_that_are_none_are_left_out(song: Path) -> None:
    bad = APIC(encoding=3, mime="image/png", type=3, desc="", data=png()[:50])
    assert one(tagged(song, TIT2(encoding=3, text="T"), bad)) == SongTags("T")


def test_files_without_tags_or_that_are_gone(song: Path, tmp_path: Path) -> None:
    ID3(song).delete(song) if mutagen.File(song).tags else None
    (tmp_path / "empty.mp3").touch()
    (tmp_path / "text.mp3").write_text("not audio")
    os.mkfifo(tmp_path / "pipe.mp3")
    names = ("empty.mp3", "song.mp3", "gone.mp3", "text.mp3", "pipe.mp3", "null\0.mp3")
    found = list(read_all(f"{tmp_path}/{name}" for name in names))
    assert found == [SongTags()] * len(names)


def test_order_is_kept(song: Path, tmp_path: Path) -> None:
    paths = []
    for number in range(20):
        copy = Path(shutil.copy(song, tmp_path / f"{number}.mp3"))
        paths += [str(tagged(copy, TIT2(encoding=3, text=str(number)))), f"{copy}.gone"]
    titles = [tags.title for tags in read_all(paths)]
    assert titles == [text for number in range(20) for text in (str(number), "")]
