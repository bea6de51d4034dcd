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
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

from model.outputs.report.song_tags import COVER_CLIPS, SongTags, read_all
from tests.conftest import CLIPS


def png(width: int = 200, height: int = 200) -> bytes:
    """A picture of one colour."""
    encoder = av.CodecContext.create("png", "w")
    encoder.width, encoder.height = width, height
    encoder.pix_fmt, encoder.time_base = "rgb24", Fraction(1)
    frame = av.VideoFrame.from_ndarray(np.full((height, width, 3), 200, np.uint8), "rgb24")
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


@pytest.mark.parametrize("suffix", ["ogg", "wav"])
def test_other_kinds_of_tags(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"song.{suffix}"
    soundfile.write(path, np.zeros(8_000), 8_000)
    if suffix == "ogg":
        ogg, picture = OggVorbis(path), Picture()
        picture.data, picture.type = png(), 3
        block = base64.b64encode(picture.write()).decode()
        ogg["title"], ogg["metadata_block_picture"] = "Title", block
        ogg.save()
    else:
        wave = WAVE(path)
        wave.add_tags()
        wave.tags.add(TIT2(encoding=3, text="Title"))
        wave.tags.add(APIC(encoding=3, mime="image/png", type=3, desc="", data=png(600, 200)))
        wave.save()
    found = one(path)
    assert (found.title, bool(found.cover)) == ("Title", True)


def test_the_front_cover_comes_first(song: Path) -> None:
    pictures = [
        APIC(encoding=3, mime="image/png", type=kind, desc=str(kind), data=data)
        for kind, data in ((4, png()[:50]), (3, png()))
    ]
    assert one(tagged(song, *pictures)).cover
    back = APIC(encoding=3, mime="image/png", type=4, desc="", data=png())
    assert one(tagged(song, back)).cover


def test_only_the_first_thousand_have_covers(song: Path) -> None:
    tagged(song, APIC(encoding=3, mime="image/png", type=3, desc="", data=png()))
    found = list(read_all([*["gone"] * COVER_CLIPS, str(song)]))
    assert found[-1] == SongTags()
    assert one(song).cover


def test_pictures_that_are_none_are_left_out(song: Path) -> None:
    bad = APIC(encoding=3, mime="image/png", type=3, desc="", data=png()[:50])
    assert one(tagged(song, TIT2(encoding=3, text="T"), bad)) == SongTags("T")


def test_files_without_tags_or_that_are_gone(song: Path, tmp_path: Path) -> None:
    mutagen.File(song).delete()
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
