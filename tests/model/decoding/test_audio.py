"""Files to waveforms, or the reason why not. The zoo of odd files is in tests/test_cli.py."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from model.decoding.audio import UndecodableError, load

RATE = 22_050


def tone(seconds: float, rate: int, hertz: float = 440.0) -> NDArray[np.float64]:
    return np.asarray(0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate))


def saved(path: Path, samples: NDArray[np.float64], rate: int, form: str = "MP3") -> Path:
    soundfile.write(path, samples, rate, format=form)
    return path


def reasons(path: Path) -> set[str]:
    return {notice.reason for notice in load(path, RATE).notices}


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000])
def test_an_mp3_comes_at_the_wanted_rate_with_its_tone(tmp_path: Path, rate: int) -> None:
    waveform = load(saved(tmp_path / "a.mp3", tone(2, rate), rate), RATE)
    assert waveform.rate == RATE
    assert waveform.samples.dtype == np.float32
    assert len(waveform.samples) == pytest.approx(2 * RATE, abs=0.1 * RATE)
    middle = waveform.samples[RATE // 2 : RATE // 2 + RATE]
    assert np.abs(np.fft.rfft(middle)).argmax() == 440


def test_stereo_is_averaged(tmp_path: Path) -> None:
    left, right = tone(1.5, RATE, 500), tone(1.5, RATE, 700)
    both = load(saved(tmp_path / "a.mp3", np.stack([left, right], 1), RATE, "WAV"), RATE)
    np.testing.assert_allclose(both.samples, (left + right) / 2, atol=1e-4)


def test_channels_that_cancel_out_are_not_silence(tmp_path: Path) -> None:
    left = tone(1.5, RATE)
    waveform = load(saved(tmp_path / "a.mp3", np.stack([left, -left], 1), RATE, "WAV"), RATE)
    np.testing.assert_allclose(np.abs(waveform.samples), np.abs(left), atol=1e-4)


def test_of_a_long_recording_the_middle_is_used(tmp_path: Path) -> None:
    quiet, loud = 0.01 * tone(40, RATE), tone(30, RATE)
    path = saved(tmp_path / "a.mp3", np.concatenate([quiet, loud, quiet]), RATE)
    waveform = load(path, RATE)
    assert len(waveform.samples) == 30 * RATE
    assert {notice.reason for notice in waveform.notices} == {"long"}
    assert waveform.start == pytest.approx(40, abs=0.1)
    assert np.sqrt(np.mean(waveform.samples[RATE:-RATE] ** 2)) == pytest.approx(0.354, abs=0.01)


def test_an_ordinary_clip_of_thirty_seconds_is_not_remarked_on(tmp_path: Path) -> None:
    assert reasons(saved(tmp_path / "a.mp3", tone(30.05, 44_100), 44_100)) == set()


@pytest.mark.parametrize(
    ("samples", "rate", "form", "expected"),
    [
        (tone(0.3, RATE), RATE, "WAV", {"not_mp3", "short"}),
        (tone(2, 8_000), 8_000, "MP3", {"low_rate"}),
        (np.stack([tone(2, RATE)] * 6, 1), RATE, "WAV", {"not_mp3", "downmixed"}),
    ],
)
def test_what_makes_a_clip_less_is_said(
    tmp_path: Path, samples: NDArray[np.float64], rate: int, form: str, expected: set[str]
) -> None:
    assert reasons(saved(tmp_path / "a.mp3", samples, rate, form)) == expected


def test_audio_before_damage_is_kept(tmp_path: Path, clips: list[Path]) -> None:
    content = bytearray(clips[0].read_bytes())
    middle = len(content) // 2
    content[middle : middle + 65_536] = bytes(len(content[middle : middle + 65_536]))
    (tmp_path / "a.mp3").write_bytes(content)
    whole, damaged = load(clips[0], RATE), load(tmp_path / "a.mp3", RATE)
    assert len(damaged.samples) > 0.4 * len(whole.samples)
    kept = min(len(damaged.samples), 4 * RATE)
    np.testing.assert_allclose(damaged.samples[:kept], whole.samples[:kept], atol=1e-3)


def test_a_file_without_permission_is_named(
    tmp_path: Path, clips: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    # As root every file can be read, so that the question itself is answered for it.
    path = tmp_path / "a.mp3"
    path.write_bytes(clips[0].read_bytes())
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(UndecodableError, match="permission"):
        load(path, RATE)
