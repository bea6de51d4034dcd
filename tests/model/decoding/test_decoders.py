"""The ladder: what libsndfile leaves out, another decoder gets, right in pitch, level and place."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from model.decoding import audio
from model.decoding.audio import UndecodableError, Waveform, load
from model.decoding.decoders import DECODERS, Decoder, ffmpeg, isolation, libsndfile, miniaudio
from model.decoding.decoders.isolation import in_child_process
from model.decoding.decoders.miniaudio import mp3_seconds
from model.decoding.decoders.reading import MP3, Reading
from tests.support import encodings
from tests.support.runs import is_running, wait_for_end

RATE = 22_050
EVERY_DECODER = pytest.mark.parametrize("decoder", DECODERS, ids=lambda decoder: decoder.name)


def tone(seconds: float, rate: int, hertz: float, channels: int = 2) -> NDArray[np.float64]:
    mono = 0.4 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return np.stack([mono] * channels, axis=1)


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def pitch(samples: NDArray[np.float32]) -> float:
    """The strongest frequency in Hz of samples at ``RATE``."""
    return float(np.abs(np.fft.rfft(samples)).argmax()) * RATE / len(samples)


def said(waveform: Waveform) -> dict[str, str]:
    return {notice.reason: notice.detail for notice in waveform.notices}


@EVERY_DECODER
def test_the_decoders_agree_on_a_good_clip(decoder: Decoder, clips: list[Path]) -> None:
    for path in clips[:4]:
        reading, reference = decoder.read(path, 30.0), libsndfile.read(path, 30.0)
        assert (reading.rate, reading.form, reading.failure) == (reference.rate, MP3, "")
        assert reading.length == pytest.approx(reference.length, abs=0.05)
        kept = min(len(reading.samples), len(reference.samples))
        assert kept == pytest.approx(len(reference.samples), abs=1152)
        np.testing.assert_allclose(reading.samples[:kept], reference.samples[:kept], atol=2e-3)


@EVERY_DECODER
def test_the_decoders_take_the_same_middle_of_a_long_file(decoder: Decoder, tmp_path: Path) -> None:
    hertz = (300, 500, 700, 900)
    steps = np.concatenate([tone(20, RATE, one) for one in hertz])
    path = written(tmp_path / "a.mp3", encodings.without_index(steps, RATE, 64_000))
    reading = decoder.read(path, 30.0)
    assert len(reading.samples) == 30 * RATE
    assert reading.length == pytest.approx(80, rel=0.01)
    first, last = reading.samples[: 14 * RATE], reading.samples[-14 * RATE :]
    assert (pitch(first), pitch(last)) == pytest.approx((500, 700), abs=1)


def test_an_ordinary_clip_is_decoded_once(
    clips: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = encodings.without_index(tone(4, 44_100, 440), 44_100)
    thirty = tmp_path / "thirty.mp3"
    soundfile.write(thirty, tone(29.98, 44_100, 440), 44_100, format="MP3")

    def forbidden(path: Path, seconds: float, start: float | None = None) -> Reading:
        pytest.fail(f"{path} was given to the second decoder")

    monkeypatch.setattr(audio, "DECODERS", (DECODERS[0], Decoder("second", forbidden)))
    for path in [*clips, thirty, written(tmp_path / "plain.mp3", plain)]:
        assert load(path, RATE).notices == ()


def test_variable_bit_rate_without_an_index_is_read_to_its_end_and_in_its_middle(
    tmp_path: Path,
) -> None:
    noise = np.random.default_rng(0).normal(0, 0.3, (44_100 * 4, 2))
    tones = [0.02 * tone(28, 44_100, hertz) for hertz in (300, 600)]
    content = encodings.ffmpeg(
        np.concatenate([noise, *tones]),
        44_100,
        "libmp3lame",
        "mp3",
        settings={"flags": "+qscale", "global_quality": "0"},
        muxing={"write_xing": "0"},
    )
    path = written(tmp_path / "a.mp3", content)
    assert libsndfile.read(path, 100.0).seconds < 20
    waveform = load(path, RATE)
    assert said(waveform).keys() == {"second_decoder", "long"}
    assert "ffmpeg" in said(waveform)["second_decoder"]
    assert len(waveform.samples) == 30 * RATE
    assert pitch(waveform.samples[: 15 * RATE]) == pytest.approx(300, abs=1)
    assert pitch(waveform.samples[-12 * RATE :]) == pytest.approx(600, abs=1)


@pytest.mark.parametrize("rates", [(44_100, 22_050), (22_050, 44_100), (44_100, 48_000)])
def test_the_pitch_stays_where_the_sample_rate_changes(
    tmp_path: Path, rates: tuple[int, int]
) -> None:
    parts = [encodings.without_index(tone(3, rate, 440), rate) for rate in rates]
    waveform = load(written(tmp_path / "a.mp3", b"".join(parts)), RATE)
    assert f"at {len(rates)} sample rates" in said(waveform)["second_decoder"]
    assert len(waveform.samples) == pytest.approx(6 * RATE, abs=0.2 * RATE)
    for half in (waveform.samples[: 2 * RATE], waveform.samples[-2 * RATE :]):
        assert pitch(half) == pytest.approx(440, abs=1)
        assert np.abs(half).max() == pytest.approx(0.4, abs=0.03)


def test_the_level_stays_where_the_channels_change(tmp_path: Path) -> None:
    parts = [encodings.without_index(tone(3, 44_100, 440, count), 44_100) for count in (2, 1)]
    # libsndfile is content with the first half only if there is damage between the two.
    waveform = load(written(tmp_path / "a.mp3", bytes(4096).join(parts)), RATE)
    assert "second_decoder" in said(waveform)
    for half in (waveform.samples[: 2 * RATE], waveform.samples[-2 * RATE :]):
        assert np.abs(half).max() == pytest.approx(0.4, abs=0.03)


@pytest.mark.parametrize(
    ("codec", "container"),
    [
        ("mp2", "mp2"),
        ("alac", "ipod"),
        ("pcm_u8", "wav"),
        ("pcm_s24le", "wav"),
        ("pcm_f64le", "wav"),
    ],
)
def test_integer_samples_come_at_their_level(tmp_path: Path, codec: str, container: str) -> None:
    content = encodings.ffmpeg(tone(3, 44_100, 440), 44_100, codec, container, 192_000)
    reading = ffmpeg.read(written(tmp_path / "a.mp3", content), 30.0)
    assert np.abs(reading.samples[RATE:-RATE]).max() == pytest.approx(0.4, abs=0.02)
    assert abs(float(reading.samples.mean())) < 0.01


def test_many_channels_are_read_within_their_bounds(tmp_path: Path) -> None:
    # Two of eight channels sound. PyAV alone would read behind the eighth and crash.
    content = encodings.ffmpeg(tone(3, 48_000, 440), 48_000, "aac", "ipod", 256_000, layout="7.1")
    reading = ffmpeg.read(written(tmp_path / "a.mp3", content), 30.0)
    assert reading.channels == 8
    assert np.abs(reading.samples[RATE:-RATE]).max() == pytest.approx(0.1, abs=0.01)


@EVERY_DECODER
def test_hundreds_of_channels_are_refused_before_they_take_memory(
    decoder: Decoder, tmp_path: Path
) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.full((100, 200), 0.1), 44_100, "PCM_16")
    content = bytearray(path.read_bytes())
    data = 20 * 44_100 * 200 * 2
    start = content.index(b"data") + 4
    content[start : start + 4] = data.to_bytes(4, "little")
    path.write_bytes(content)
    os.truncate(path, start + 4 + data)
    with pytest.raises((ValueError, RuntimeError), match="200 channels at 44100 Hz are more than"):
        decoder.read(path, 30.0)


@pytest.mark.parametrize("ending", ["crash", "hang", "bloat"])
def test_how_a_second_decoder_ends_does_not_lose_what_the_first_gave(
    ending: str, tmp_path: Path, clips: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def ends(path: Path, seconds: float, start: float | None = None) -> Reading:
        if ending == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        if ending == "hang":
            time.sleep(3600)
        return miniaudio.read(Path(str(path) * len(bytearray(64 << 30))), seconds)

    monkeypatch.setattr(isolation, "_SECONDS", 1)
    second = Decoder("second", in_child_process(ends, "json"))
    monkeypatch.setattr(audio, "DECODERS", (DECODERS[0], second))
    content = clips[0].read_bytes()
    waveform = load(written(tmp_path / "a.mp3", content[: len(content) // 2]), RATE)
    assert said(waveform).keys() == {"incomplete"}
    with pytest.raises(MemoryError if ending == "bloat" else RuntimeError) as caught:
        second.read(clips[0], 30.0)
    words = {"crash": "SIGKILL", "hang": "SIGALRM after 1 s", "bloat": ""}
    assert words[ending] in str(caught.value)


@EVERY_DECODER
def test_no_more_than_asked_for_is_decoded(decoder: Decoder, tmp_path: Path) -> None:
    content = encodings.without_index(tone(5, 44_100, 440), 44_100)
    reading = decoder.read(written(tmp_path / "a.mp3", content * 40), 2.0)
    assert len(reading.samples) == 2 * 44_100
    assert reading.length == pytest.approx(40 * 5.04, abs=1)


def test_what_one_decoder_raises_does_not_lose_what_another_gets(
    clips: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(path: Path, seconds: float, start: float | None = None) -> Reading:
        raise RuntimeError("a bug of a library")

    monkeypatch.setattr(audio, "DECODERS", (Decoder("first", broken), *DECODERS[1:]))
    detail = said(load(clips[0], RATE))["second_decoder"]
    assert detail.startswith("ffmpeg was used (first: a bug of a library; ffmpeg: ")


def test_too_little_memory_for_every_decoder_is_told_as_that(
    clips: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def hungry(path: Path, seconds: float, start: float | None = None) -> Reading:
        raise MemoryError

    monkeypatch.setattr(audio, "DECODERS", (Decoder("first", hungry), Decoder("second", hungry)))
    with pytest.raises(MemoryError):
        load(clips[0], RATE)


def test_files_are_not_taken_for_lists_of_other_files(tmp_path: Path, clips: list[Path]) -> None:
    (tmp_path / "other.mp3").write_bytes(clips[0].read_bytes())
    text = b"ffconcat version 1.0\nfile other.mp3\n"
    with pytest.raises(UndecodableError, match="undecodable"):
        load(written(tmp_path / "a.mp3", text), RATE)


@pytest.mark.parametrize("name", ["~root.mp3", "concat:b|c.mp3", os.fsdecode(b"\xff\xfe.mp3")])
def test_names_mean_nothing_to_the_other_decoders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clips: list[Path], name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = written(Path(name), clips[0].read_bytes())
    length = libsndfile.read(path, 30.0).seconds
    assert ffmpeg.read(path, 30.0).seconds == pytest.approx(length, abs=0.05)
    assert miniaudio.read(path, 30.0).seconds == pytest.approx(length, abs=0.05)
    assert mp3_seconds(path, 29.5) == pytest.approx(length, abs=0.05)


def test_a_length_is_counted_where_the_index_leaves_out_half(
    tmp_path: Path, clips: list[Path]
) -> None:
    content = clips[0].read_bytes()
    once, twice = tmp_path / "once.mp3", tmp_path / "twice.mp3"
    once.write_bytes(content)
    twice.write_bytes(content * 2)
    length = libsndfile.read(once, 30.0).seconds
    assert mp3_seconds(once, 29.5) == pytest.approx(length, abs=0.01)
    assert mp3_seconds(twice, 29.5) == pytest.approx(2 * length, abs=0.15)
    assert mp3_seconds(written(tmp_path / "text.mp3", b"no music " * 99), 29.5) is None
    assert mp3_seconds(tmp_path / "gone.mp3", 29.5) is None


_HANGING = """
import os, time
from pathlib import Path
from model.decoding.decoders.isolation import in_child_process

def hang(path, seconds, start):
    print(os.getpid(), flush=True)
    time.sleep(600)

in_child_process(hang, "math")(Path("a.mp3"), 30.0)
"""


def test_a_hanging_decoder_ends_with_the_process_that_waits_for_it() -> None:
    command = [sys.executable, "-c", _HANGING]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout
        child = int(worker.stdout.readline())
        worker.kill()
        worker.wait()
        try:
            wait_for_end(child)
        finally:
            if is_running(child):
                os.kill(child, signal.SIGKILL)
