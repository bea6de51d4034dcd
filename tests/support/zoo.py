"""Make hostile and odd files that a folder of mp3s may hold, for the tests.

Everything is made from one good mp3, numpy, soundfile, PyAV and bytes; the same files every time.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from tests.support.encodings import encodings, without_index
from tests.support.odd import (
    SEED,
    Expectation,
    Odd,
    encoded,
    id3,
    mp3,
    noise_bytes,
    plain_bytes,
    tone,
    wav,
)


@dataclass(frozen=True)
class Specimen:
    """One odd file and what should become of it.

    `name` is the file's name in the folder. `expectation` is "prior" when nothing can be decoded
    and "model" when something can. At least one of `reasons` is expected in the errors file; when
    it is empty, no line is expected at all.
    """

    name: str
    expectation: Expectation
    reasons: frozenset[str]


def flipped(content: bytes, share: float) -> bytes:
    """Flip one bit in a share of the bytes, but in no frame's header nor in the first 4 kB.

    A flipped header may end the file for a decoder, so that all would hang on the seed.
    """
    generator = np.random.default_rng(SEED)
    data = np.frombuffer(content, dtype=np.uint8).copy()
    headers = np.flatnonzero((data[:-1] == 0xFF) & (data[1:] >= 0xE0))
    spared = np.unique(headers[:, None] + np.arange(4))
    chosen = np.flatnonzero(generator.random(data.size) < share)
    hit = np.setdiff1d(chosen[chosen >= 4096], spared)
    data[hit] ^= (1 << generator.integers(0, 8, hit.size)).astype(np.uint8)
    return data.tobytes()


def damaged(good: bytes) -> Iterator[Odd]:
    """Make damaged copies of a good mp3."""
    half = len(good) // 2
    # Decoders end without an error here: only the length that the index claims tells.
    yield Odd("truncated-half.mp3", good[:half], "model", ("incomplete",))
    yield Odd("truncated-100-bytes.mp3", good[:100], "prior", ("undecodable", "no_audio"))
    yield Odd("garbage-before.mp3", plain_bytes(1024) + good, "model")
    # libsndfile looks for the next frame within 1 kB and stops with an error after that,
    # and within 64 kB for the first.
    hole, garbage, much = bytes(8192), plain_bytes(4096), plain_bytes(200_000)
    served = ("second_decoder",)
    yield Odd("garbage-small.mp3", good[:half] + garbage[:500] + good[half:], "model")
    yield Odd("garbage-middle.mp3", good[:half] + garbage + good[half:], "model", served)
    yield Odd("hole.mp3", good[:half] + hole + good[half + 8192 :], "model", served)
    yield Odd("garbage-middle-200-kb.mp3", good[:half] + much + good[half:], "model", served)
    yield Odd("garbage-before-200-kb.mp3", much + good, "model", served)
    yield Odd("noise-middle.mp3", good[:half] + noise_bytes(20_000) + good[half:], "model", served)
    yield Odd("garbage-after.mp3", good + plain_bytes(4096), "model")
    yield Odd("zeros-before.mp3", bytes(1024) + good, "model")
    yield Odd("bit-flips.mp3", flipped(good, 0.001), "model")
    # The index of the first is all that libsndfile and miniaudio believe.
    yield Odd("twice.mp3", good + good, "model", served)
    yield Odd("without-first-kilobyte.mp3", good[1000:], "model")


def tagged(good: bytes) -> Iterator[Odd]:
    """Make copies of a good mp3 with tags around it, and tags alone."""
    nothing = ("undecodable", "no_audio")
    title = b"TAG" + b"A title".ljust(30, b"\0") + bytes(94) + b"\x0c"
    yield Odd("id3v2-3-megabytes.mp3", id3(3_000_000) + good, "model")
    yield Odd("id3v2-twice.mp3", id3(500) + id3(700) + good, "model")
    yield Odd("id3v2-only.mp3", id3(2000), "prior", nothing)
    # Every decoder believes the tag, and then there is nothing left to decode.
    lie = id3(200, 200_000_000)
    yield Odd("id3v2-size-beyond-end.mp3", lie + good, "model", ("second_decoder",))
    yield Odd("id3v1-after.mp3", good + title, "model")
    yield Odd("id3v1-only.mp3", title, "prior", nothing)


def not_audio() -> Iterator[Odd]:
    """Make files that hold no audio at all."""
    nothing = ("undecodable", "no_audio")
    page = b"<!DOCTYPE html><html><head><title>404 Not Found</title></head><body></body></html>\n"
    yield Odd("zero-bytes.mp3", b"", "prior", ("empty",))
    yield Odd("one-byte.mp3", b"\xff", "prior", nothing)
    yield Odd("sync-word-only.mp3", b"\xff\xfb\x90\x64", "prior", nothing)
    yield Odd("plain-text.mp3", b"This is not music.\n" * 200, "prior", nothing)
    yield Odd("page.mp3", page, "prior", nothing)
    yield Odd("random-bytes.mp3", noise_bytes(50_000), "prior", nothing)
    yield Odd("all-zero-bytes.mp3", bytes(65_536), "prior", nothing)
    yield Odd("mp4-header.mp3", b"\0\0\0\x20ftypM4A " + plain_bytes(5000), "prior", nothing)
    yield Odd("adts-header.mp3", b"\xff\xf1\x50\x80" + plain_bytes(5000), "prior", nothing)
    yield Odd("wav-without-samples.mp3", wav(np.zeros(0), 44_100), "prior", ("no_audio",))


def other_formats() -> Iterator[Odd]:
    """Make readable files of other formats that are named as mp3s."""
    music = tone(3, 44_100, 2)
    whole_wav, whole_ogg = wav(music, 44_100), encoded(music, 44_100, "OGG", "VORBIS")
    long_ogg = encoded(tone(20, 44_100, 2), 44_100, "OGG", "VORBIS")
    yield Odd("wav.mp3", whole_wav, "model", ("not_mp3",))
    yield Odd("flac.mp3", encoded(music, 44_100, "FLAC", "PCM_16"), "model", ("not_mp3",))
    yield Odd("ogg-vorbis.mp3", whole_ogg, "model", ("not_mp3",))
    yield Odd(
        "ogg-opus.mp3", encoded(tone(3, 48_000), 48_000, "OGG", "OPUS"), "model", ("not_mp3",)
    )
    yield Odd("aiff.mp3", encoded(music, 44_100, "AIFF", "PCM_24"), "model", ("not_mp3",))
    yield Odd("wav-5.1.mp3", wav(tone(3, 48_000, 6), 48_000), "model", ("downmixed",))
    yield Odd("wav-96-khz.mp3", wav(tone(3, 96_000), 96_000), "model", ("not_mp3",))
    yield Odd("wav-8-bit-8-khz.mp3", wav(tone(3, 8000), 8000, "PCM_U8"), "model", ("low_rate",))
    yield Odd("wav-truncated.mp3", whole_wav[: len(whole_wav) // 2], "model", ("not_mp3",))
    yield Odd("ogg-truncated.mp3", long_ogg[: len(long_ogg) // 2], "model", ("second_decoder",))
    # Cut within its first page of samples, an ogg holds nothing for all but miniaudio.
    yield Odd("ogg-truncated-early.mp3", long_ogg[:6000], "model", ("second_decoder",))
    yield Odd("wav-0.1-s.mp3", wav(tone(0.1, 44_100), 44_100), "model", ("short",))


def plain_mp3s() -> Iterator[Odd]:
    """Make valid mp3s of unusual rates and lengths."""
    yield Odd("rate-8000.mp3", mp3(tone(3, 8000), 8000), "model", ("low_rate",))
    yield Odd("rate-11025.mp3", mp3(tone(3, 11_025), 11_025), "model", ("low_rate",))
    yield Odd("rate-16000.mp3", mp3(tone(3, 16_000), 16_000), "model")
    yield Odd("rate-22050.mp3", mp3(tone(3, 22_050), 22_050), "model")
    yield Odd("rate-48000.mp3", mp3(tone(3, 48_000, 2), 48_000), "model")
    yield Odd("mono.mp3", mp3(tone(3, 44_100), 44_100), "model")
    yield Odd("seconds-0.1.mp3", mp3(tone(0.1, 44_100), 44_100), "model", ("short",))
    ten_seconds = without_index(tone(10, 22_050), 22_050, 64_000)
    yield Odd("ten-minutes.mp3", ten_seconds * 60, "model", ("long",))


def odd_samples() -> Iterator[Odd]:
    """Make well-formed files whose samples are odd."""
    square = np.sign(np.sin(2 * np.pi * 110 * np.arange(3 * 44_100) / 44_100) + 1e-9)
    broken = tone(3, 44_100)
    broken[1000:1100], broken[5000:5010], broken[9000] = np.nan, np.inf, -np.inf
    huge = tone(3, 44_100) * 1e30
    all_nan = np.full(44_100, np.nan)
    left = tone(3, 44_100)
    opposite = np.stack([left, -left], axis=1)  # the mean of the channels is silence
    yield Odd("wav-opposite-phase.mp3", wav(opposite, 44_100, "FLOAT"), "model", ("not_mp3",))
    yield Odd("one-sample.mp3", mp3(np.full(1, 0.5), 44_100), "prior", ("silent", "no_audio"))
    yield Odd("wav-one-sample.mp3", wav(np.full(1, 0.5), 44_100), "prior", ("silent",))
    yield Odd("silence.mp3", mp3(np.zeros(3 * 44_100), 44_100), "prior", ("silent",))
    yield Odd("wav-silence.mp3", wav(np.zeros(3 * 44_100), 44_100), "prior", ("silent",))
    yield Odd("wav-constant.mp3", wav(np.full(3 * 44_100, 0.5), 44_100), "prior", ("silent",))
    yield Odd("clipped-square.mp3", mp3(square, 44_100), "model")
    yield Odd("wav-clipped-square.mp3", wav(square, 44_100), "model", ("not_mp3",))
    yield Odd("wav-not-finite.mp3", wav(broken, 44_100, "FLOAT"), "model", ("non_finite",))
    yield Odd("wav-all-nan.mp3", wav(all_nan, 44_100, "FLOAT"), "prior", ("silent",))
    yield Odd("wav-huge-values.mp3", wav(huge, 44_100, "FLOAT"), "model", ("not_mp3",))


def odd_names(good: bytes) -> Iterator[Odd]:
    """Make copies of a good mp3 under difficult names."""
    names = [
        "UPPER.MP3",
        "Mixed.Mp3",
        "two  spaces and more.mp3",
        " leading-space.mp3",
        "Bj\u00f6rk \u2013 J\u00f3ga \u97f3\u697d \U0001f3b5.mp3",
        "decomposed-u\u0308.mp3",
        "comma, and; semicolon.mp3",
        "quote\"and'apostrophe.mp3",
        "new\nline.mp3",
        "carriage\rreturn\ttab.mp3",
        "back\\slash.mp3",
        "-n.mp3",
        "=1+1.mp3",
        "%s%n*?[a].mp3",
        "two.dots.mp3.mp3",
        "n" * 251 + ".mp3",
        os.fsdecode(b"not-utf8-\xff\xfe.mp3"),
    ]
    for name in names:
        yield Odd(name, good, "model")


def special_files(folder: Path, good: Path) -> list[Specimen]:
    """Make the entries that are not plain readable files, and one folder named as an mp3."""
    (folder / "folder.mp3").mkdir()
    os.mkfifo(folder / "fifo.mp3")
    # A socket's name may not be longer than about 100 bytes when bound; a made node may.
    os.mknod(folder / "socket.mp3", stat.S_IFSOCK | 0o600)
    (folder / "dangling-link.mp3").symlink_to(folder / "nowhere.mp3")
    (folder / "link-to-itself.mp3").symlink_to(folder / "link-to-itself.mp3")
    (folder / "link-outside.mp3").symlink_to(good.resolve())
    unreadable = folder / "unreadable.mp3"
    unreadable.write_bytes(good.read_bytes())
    unreadable.chmod(0)
    root = os.geteuid() == 0
    return [
        Specimen("fifo.mp3", "prior", frozenset({"not_a_file"})),
        Specimen("socket.mp3", "prior", frozenset({"not_a_file"})),
        Specimen("dangling-link.mp3", "prior", frozenset({"missing"})),
        Specimen("link-to-itself.mp3", "prior", frozenset({"missing", "not_a_file", "unreadable"})),
        Specimen("link-outside.mp3", "model", frozenset()),
        Specimen(
            "unreadable.mp3",
            "model" if root else "prior",
            frozenset() if root else frozenset({"permission"}),
        ),
    ]


@cache
def regular_files(good: bytes) -> tuple[Odd, ...]:
    """Make all the regular files, once for each process."""
    return (
        *not_audio(),
        *damaged(good),
        *tagged(good),
        *other_formats(),
        *plain_mp3s(),
        *odd_samples(),
        *encodings(good),
        *odd_names(good),
    )


def build_zoo(folder: Path, good: Path) -> list[Specimen]:
    """Fill an empty folder with odd files and return what should become of each.

    `good` is a valid mp3 of 2 to 15 s outside the folder. The folder also gets a directory
    `folder.mp3`, which is no specimen: it should have no row.
    """
    folder.mkdir(parents=True, exist_ok=True)
    specimens: list[Specimen] = []
    for odd in regular_files(good.read_bytes()):
        (folder / odd.name).write_bytes(odd.content)
        specimens.append(Specimen(odd.name, odd.expectation, frozenset(odd.reasons)))
    return specimens + special_files(folder, good)
