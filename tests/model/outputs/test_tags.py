"""Genres go into tags; audio, other tags and protected files stay as they are."""

import hashlib
import os
import shutil
import zlib
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from mutagen.id3 import APIC, ID3, TCON, TIT2, TXXX, TYER

from model.options import TagMode
from model.outputs import tags
from model.outputs.id3 import Change
from tests.conftest import CLIPS
from tests.support.answers import answer, unknown

SAMPLE = CLIPS / "folk-waltz.mp3"
ID3V1 = b"TAG" + b"an old title".ljust(124, b"\0") + b"\x11"


def sound(path: Path) -> str:
    """Hash of the decoded audio."""
    samples, rate = soundfile.read(path)
    return hashlib.sha256(np.ascontiguousarray(samples).tobytes() + str(rate).encode()).hexdigest()


def behind(path: Path) -> bytes:
    """The bytes behind the ID3v2 tag."""
    content = path.read_bytes()
    if not content.startswith(b"ID3"):
        return content
    size = sum((byte & 0x7F) << 7 * (3 - place) for place, byte in enumerate(content[6:10]))
    return content[10 + size :]


def apply(path: Path, genre: str = "Jazz", reason: str = "") -> list[Change]:
    return list(tags.write([answer(str(path), genre, reason=reason)], None, "apply"))


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return Path(shutil.copy(SAMPLE, tmp_path / "clip.mp3"))


def genre_of(path: Path) -> list[str]:
    return [str(name) for frame in ID3(path).getall("TCON") for name in frame.genres]


@pytest.mark.parametrize("version", [0, 3, 4], ids=["no tag", "2.3", "2.4"])
@pytest.mark.parametrize("old", [b"", ID3V1], ids=["", "ID3v1"])
def test_the_genre_is_written_and_nothing_else_changes(
    clip: Path, version: int, old: bytes
) -> None:
    with clip.open("ab") as file:
        file.write(old)
    if version:
        given = ID3()
        given.add(TIT2(encoding=3, text=["Ein Lied, Füße, 歌"]))
        given.add(TXXX(encoding=3, desc="note", text=["kept"]))
        given.add(APIC(encoding=0, mime="image/png", type=3, desc="", data=bytes(range(256)) * 40))
        given.add(TCON(encoding=3, text=["Folk"]))
        if version == 3:
            given.add(TYER(encoding=0, text=["1999"]))
        given.save(clip, v1=1 if old else 0, v2_version=version)
    clip.chmod(0o640)
    audio, rest, frames = sound(clip), behind(clip), frames_of(clip)
    (change,) = apply(clip)
    assert (change.before, change.after, change.problem) == (
        "Folk" if version else "",
        "Jazz",
        "",
    )
    assert genre_of(clip) == ["Jazz"]
    assert behind(clip) == rest
    assert sound(clip) == audio
    assert frames_of(clip) == frames
    assert ID3(clip).version[:2] == (2, version or 3)
    assert clip.stat().st_mode & 0o777 == 0o640
    assert apply(clip) == []
    assert [path.name for path in clip.parent.iterdir()] == ["clip.mp3"]


def frames_of(path: Path) -> dict[str, bytes]:
    """All frames but the genre."""
    if not path.read_bytes().startswith(b"ID3"):
        return {}
    found = ID3(path, translate=False, load_v1=False)
    return {key: repr(frame).encode() for key, frame in found.items() if key != "TCON"}


def tag(version: int, *frames: tuple[str, bytes], flags: int = 0, padding: int = 0) -> bytes:
    """A tag made by hand, of frames as they are."""
    body = b"".join(
        name.encode() + packed(len(content), 7 if version == 4 else 8) + bytes(2) + content
        for name, content in frames
    )
    if flags:
        body = body.replace(b"\xff", b"\xff\0")
    body += bytes(padding)
    return b"ID3" + bytes([version, 0, flags]) + packed(len(body), 7) + body


def packed(number: int, bits: int) -> bytes:
    return bytes(number >> bits * place & (1 << bits) - 1 for place in (3, 2, 1, 0))


ODD = (
    ("TPE1", b"\0one\0two"),
    ("TXXX", b"\0note\0first"),
    ("TXXX", b"\0note\0second"),
    ("COMM", b"\0engnote\0first"),
    ("COMM", b"\0engnote\0second"),
    ("TDRC", b"\x001999-12-31"),
    ("TYER", b"\x002001"),
    ("APIC", b"\x07broken"),
    ("PRIV", b"owner\0\xff\xe0\xff" + bytes(200)),
    ("XXXX", b""),
)


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("padding", [0, 99])
def test_the_bytes_of_other_frames_stay_whatever_is_in_them(
    clip: Path, version: int, padding: int
) -> None:
    audio = clip.read_bytes()
    old = (ODD[0], ("TCON", b"\0(9)"), *ODD[1:], ("TCON", b"\0Polka"))
    clip.write_bytes(tag(version, *old, padding=padding) + audio)
    (change,) = apply(clip)
    assert (change.after, change.problem) == ("Jazz", "")
    new = tag(version, *ODD, ("TCON", b"\0Jazz"), padding=padding)
    assert clip.read_bytes() == new + audio
    assert genre_of(clip) == ["Jazz"]


def test_a_tag_that_hides_what_looks_like_audio_is_written_plainly(clip: Path) -> None:
    audio = clip.read_bytes()
    clip.write_bytes(tag(3, *ODD, flags=0x80) + audio)
    (change,) = apply(clip)
    assert change.problem == ""
    assert clip.read_bytes() == tag(3, *ODD, ("TCON", b"\0Jazz")) + audio


@pytest.mark.parametrize(
    ("head", "problem"),
    [
        (b"ID3\x02\0\0\0\0\0\x0aTT2\0\0\4\0old", "ID3v2.2"),
        (tag(3, *ODD, flags=0x40), "not understood"),
        (tag(4, ("TIT2", bytes(200))).replace(b"\1\x48\0\0\0", b"\0\xc8\0\0\0"), "invalid size"),
        (tag(3, ("TIT2", b"\0abc")).replace(b"\4\0\0\0abc", b"\5\0\0\0abc"), "not understood"),
        (tag(3, *ODD, padding=9)[:-1] + b"!", "not understood"),
    ],
    ids=["2.2", "extended header", "sizes of eight bits", "too long a frame", "no padding"],
)
@pytest.mark.parametrize("mode", ["dry-run", "apply", "fill"])
def test_a_tag_that_is_not_understood_is_left_alone(
    clip: Path, head: bytes, problem: str, mode: TagMode
) -> None:
    clip.write_bytes(head + clip.read_bytes())
    before = clip.read_bytes()
    (change,) = tags.write([answer(str(clip), "Jazz")], None, mode)
    assert problem in change.problem
    assert clip.read_bytes() == before


def test_a_dry_run_tells_and_touches_nothing(clip: Path) -> None:
    before, status = clip.read_bytes(), clip.stat()
    (change,) = tags.write([answer(str(clip), "Folk")], None, "dry-run")
    assert str(change) == f"{clip}: no genre -> Folk"
    assert clip.read_bytes() == before
    assert clip.stat().st_mtime_ns == status.st_mtime_ns
    assert clip.stat().st_ino == status.st_ino


def test_a_genre_that_is_there_may_stay(clip: Path, tmp_path: Path) -> None:
    tagged = tmp_path / "tagged.mp3"
    tagged.write_bytes(clip.read_bytes())
    assert len(apply(tagged, "Folk")) == 1
    changes = list(tags.write([answer(str(clip)), answer(str(tagged))], None, "fill"))
    assert [change.path for change in changes] == [str(clip)]
    assert apply(tagged, "Folk") == [], "it has it still"


def test_only_confident_predictions_are_written(clip: Path) -> None:
    doubtful = answer(str(clip), share=0.4)
    assert list(tags.write([doubtful, unknown("gone")], None, "apply")) == []
    assert list(tags.write([answer(str(clip))], 0.8, "apply")) == []
    assert len(list(tags.write([doubtful], 0.3, "dry-run"))) == 1
    assert list(tags.write([unknown("gone")], 0.0, "apply")) == []
    assert clip.read_bytes() == SAMPLE.read_bytes()


@settings(max_examples=40, deadline=None)
@given(tag=st.binary(max_size=60), version=st.integers(0, 255), flags=st.integers(0, 255))
def test_whatever_a_tag_looks_like_what_is_behind_it_stays(
    tag: bytes, version: int, flags: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    clip = tmp_path_factory.mktemp("hostile") / "clip.mp3"
    size = bytes([0, 0, 0, len(tag)])
    clip.write_bytes(b"ID3" + bytes([version, 0, flags]) + size + tag + SAMPLE.read_bytes())
    before = clip.read_bytes()
    (change,) = apply(clip)
    if change.problem:
        assert clip.read_bytes() == before
    else:
        assert clip.read_bytes().endswith(SAMPLE.read_bytes())
        assert behind(clip) == SAMPLE.read_bytes()


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        ("link out", "a link out of its folder"),
        ("read-only", "read-only"),
        ("hard link", "several names"),
        ("gone", "No such file"),
        ("not mp3", "not an mp3"),
        ("too long", "longer than the file"),
    ],
)
def test_what_must_not_be_changed_is_left_alone(
    tmp_path: Path, clip: Path, kind: str, problem: str
) -> None:
    path, reason = clip, ""
    if kind == "link out":
        (tmp_path / "inside").mkdir()
        path = tmp_path / "inside" / "link.mp3"
        path.symlink_to(clip)
    elif kind == "read-only":
        clip.chmod(0o444)
    elif kind == "hard link":
        os.link(clip, tmp_path / "other.mp3")
    elif kind == "gone":
        path = tmp_path / "gone.mp3"
    elif kind == "not mp3":
        reason = "not_mp3"
    else:
        clip.write_bytes(b"ID3\x03\0\0\x7f\x7f\x7f\x7f" + SAMPLE.read_bytes())
    before = clip.read_bytes()
    (change,) = apply(path, reason=reason)
    assert problem in change.problem or "cannot be read" in change.problem
    assert "left alone" in str(change)
    assert clip.read_bytes() == before


def test_a_link_within_the_folder_is_followed_and_stays_a_link(clip: Path) -> None:
    link = clip.with_name("link.mp3")
    link.symlink_to("clip.mp3")
    (change,) = apply(link)
    assert not change.problem
    assert link.is_symlink()
    assert genre_of(clip) == ["Jazz"]


def test_another_format_has_no_such_tags(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    (change,) = apply(tmp_path / "a.wav")
    assert "not an mp3" in change.problem


def bomb(comments: int, letters: int) -> bytes:
    """A tag of compressed comments, each a thousand times as long as its frame."""
    body = b""
    for number in range(comments):
        content = b"\0eng" + b"%d" % number + b"\0" + b"a" * letters
        packed = len(content).to_bytes(4) + zlib.compress(content, 9)
        body += b"COMM" + len(packed).to_bytes(4) + b"\x00\x80" + packed
    return b"ID3\x03\x00\x00" + bytes(len(body) >> bits & 0x7F for bits in (21, 14, 7, 0)) + body


def test_a_tag_that_expands_to_gigabytes_costs_one_file(clip: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.mp3"
    shutil.copy(clip, other)
    clip.write_bytes(bomb(24, 64 << 20) + clip.read_bytes())
    before = clip.read_bytes()
    results = [answer(str(path), "Jazz") for path in (clip, other)]
    changes = list(tags.write(results, None, "apply"))
    assert [bool(change.problem) for change in changes] == [True, False]
    assert clip.read_bytes() == before
    assert genre_of(other) == ["Jazz"]
    assert "memory" in changes[0].problem or "ended" in changes[0].problem


def test_what_a_change_says_is_short_and_moves_no_cursor(clip: Path) -> None:
    text = b"\0" + b"Rock " * 1_000_000
    packed = len(text).to_bytes(4) + zlib.compress(text)
    body = b"TCON" + len(packed).to_bytes(4) + b"\x00\x80" + packed
    size = bytes(len(body) >> bits & 0x7F for bits in (21, 14, 7, 0))
    clip.write_bytes(b"ID3\x03\x00\x00" + size + body + clip.read_bytes())
    (change,) = apply(clip)
    assert len(change.before) == 200
    assert str(Change("a.mp3", "", "Jazz", "b\x1b[31m")).isprintable()
