"""The log-mel spectrogram against librosa in double precision."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Literal

import librosa
import numpy as np
import pytest
from librosa.filters import mel as librosa_mel
from numpy.typing import NDArray

from model import systems
from model.decoding.audio import load
from model.frontends.spectrogram import FrontEnd, filterbank
from model.systems import cards
from tests.conftest import ROOT

PLAIN = FrontEnd(
    sample_rate=22_050,
    fft_length=2048,
    window_length=1024,
    hop_length=512,
    mel_bands=96,
    fmin=20.0,
    fmax=11_025.0,
    offset=1e-10,
)
SHIPPED = cards.read(systems.DEFAULT, systems.WEIGHTS_FOLDER).spectrogram
CARDS = [cards.read(name, systems.WEIGHTS_FOLDER) for name in systems.summaries()]
SPECTROGRAMS = {card.name: card.front_end for card in CARDS if isinstance(card.front_end, FrontEnd)}


def by_librosa(
    front_end: FrontEnd, waveform: NDArray[np.float32], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    spectrum = librosa.stft(
        waveform.astype(np.float64),
        n_fft=front_end.fft_length,
        hop_length=front_end.hop_length,
        win_length=front_end.window_length,
        dtype=np.complex128,
    )
    mel = weights.T @ np.abs(spectrum) ** 2
    return np.asarray((np.log(mel + front_end.offset) + front_end.shift) / front_end.scale).T


def decibels(front_end: FrontEnd, log_mel: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.asarray(log_mel.astype(np.float64) * front_end.scale * 10 / np.log(10))


@pytest.mark.parametrize("front_end", [PLAIN, SHIPPED], ids=["plain", "shipped"])
def test_agrees_with_librosa_within_a_hundredth_of_a_decibel(
    clips: list[Path], front_end: FrontEnd
) -> None:
    for path in clips:
        waveform = load(path, front_end.sample_rate).samples
        expected = decibels(front_end, by_librosa(front_end, waveform, filterbank(front_end)))
        found = decibels(front_end, front_end.log_mel(waveform))
        assert found.shape == expected.shape
        loud = expected > expected.max() - 60
        assert np.abs(found - expected)[loud].max() < 0.01, path.name


def test_the_filterbank_is_librosas() -> None:
    expected = librosa_mel(
        sr=PLAIN.sample_rate,
        n_fft=PLAIN.fft_length,
        n_mels=PLAIN.mel_bands,
        fmin=PLAIN.fmin,
        fmax=PLAIN.fmax,
        htk=True,
        norm=None,
        dtype=np.float64,
    )
    np.testing.assert_allclose(filterbank(PLAIN), expected.T, atol=1e-12)


def test_folded_preemphasis_is_the_power_response_of_the_difference() -> None:
    emphasised = replace(PLAIN, preemphasis=0.97, preemphasis_rate=32_000)
    impulse = np.zeros(32_000)
    impulse[:2] = [1.0, -0.97]
    response = np.abs(np.fft.rfft(impulse)) ** 2  # one bin a hertz
    frequencies = np.fft.rfftfreq(PLAIN.fft_length, 1 / PLAIN.sample_rate)
    gain = np.interp(frequencies, np.arange(len(response)), response)
    np.testing.assert_allclose(
        filterbank(emphasised), filterbank(PLAIN) * gain[:, None], rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("bands", ["htk", "linear"])
def test_nothing_above_the_band_limit_counts(bands: Literal["htk", "linear"]) -> None:
    count = 96 if bands == "htk" else PLAIN.fft_length // 2 + 1
    limited = replace(PLAIN, bands=bands, mel_bands=count, band_limit_hz=10_000.0)
    seconds = np.arange(22_050) / 22_050
    low, high = (np.sin(2 * np.pi * hertz * seconds) for hertz in (1_000.0, 10_600.0))
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * seconds)  # no click at the ends
    alone, both = (
        limited.log_mel((hann * sound).astype(np.float32)) for sound in (low, low + high)
    )
    heard = alone > alone.max() - 10  # what leaks from a frequency is below
    np.testing.assert_allclose(both[heard], alone[heard], atol=0.01)
    silent = np.log(limited.offset)
    np.testing.assert_allclose(both[:, -1], silent, rtol=1e-6)
    unlimited = replace(limited, band_limit_hz=0.0).log_mel((low + high).astype(np.float32))
    assert (unlimited.max(axis=0) - silent)[-5:].max() > 5
    assert filterbank(replace(limited, band_limit_hz=11_025.0)) == pytest.approx(
        filterbank(replace(limited, band_limit_hz=0.0))
    )


@pytest.mark.parametrize("samples", [1, 2, 219, 220, 551, 704, 5_000])
def test_any_length_gives_finite_frames(samples: int) -> None:
    log_mel = SHIPPED.log_mel(np.ones(samples, np.float32))
    assert log_mel.shape == (1 + samples // SHIPPED.hop_length, SHIPPED.mel_bands)
    assert log_mel.dtype == np.float32
    assert np.isfinite(log_mel).all()


@pytest.mark.parametrize("gain", [1.0, 32.0, 33.0, 32_768.0, 1e30])
@pytest.mark.parametrize("front_end", SPECTROGRAMS.values(), ids=SPECTROGRAMS)
def test_a_sound_of_any_loudness_has_finite_frames(front_end: FrontEnd, gain: float) -> None:
    """A square wave without treble, which nothing of the same peak is louder than."""
    square = np.sign(np.sin(np.arange(22_050) / 100 + 0.1)).astype(np.float32)
    found = front_end.compute(square * np.float32(gain))
    assert np.isfinite(found).all()
    assert found.dtype == np.float16
    if gain > 32:
        np.testing.assert_array_equal(found, front_end.compute(square))


@pytest.mark.parametrize(
    "wrong",
    [
        {"window_length": 4096},
        {"fmax": 12_000.0},
        {"offset": 0.0},
        {"hop_length": 0},
        {"band_limit_hz": -1.0},
        {"band_limit_hz": float("nan")},
        {"bands": "bark"},
        {"bands": "linear"},
        {"reference": "mean"},
        {"depth_db": -1.0},
        {"depth_db": 80.0, "logarithm": False},
    ],
)
def test_parameters_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"not"):
        replace(PLAIN, **wrong)  # type: ignore[arg-type]


def test_linear_bands_are_the_bins_and_a_range_is_stretched() -> None:
    """A tone of exactly one bin, whose amplitude is the sum of the window's halves."""
    bins = replace(
        PLAIN,
        fft_length=1024,
        mel_bands=513,
        bands="linear",
        magnitude=True,
        logarithm=False,
    )
    tone = np.cos(2 * np.pi * 100 / 1024 * np.arange(8192)).astype(np.float32)
    middle = bins.log_mel(tone)[8]
    assert middle.argmax() == 100
    np.testing.assert_allclose(middle[99:102], [128.0, 256.0, 128.0], rtol=1e-3)
    stretched = replace(bins, reference="range").log_mel(tone)
    assert stretched.min() == 0.0
    assert stretched.max() == 1.0


def test_the_depth_is_in_decibels_of_power_and_of_magnitude() -> None:
    tone = np.cos(0.3 * np.arange(20_000)).astype(np.float32)
    for magnitude, per_decibel in ((False, 10.0), (True, 20.0)):
        deep = replace(PLAIN, magnitude=magnitude, depth_db=40.0, reference="peak", scale=2.0)
        values = deep.log_mel(tone)
        assert values.max() == 0.0
        np.testing.assert_allclose(
            values.min(), -40.0 * np.log(10.0) / per_decibel / 2.0, rtol=1e-5
        )


BYTES_OF_THE_FRONT_ENDS = """
import sys
import numpy as np
from model import systems
from model.decoding.decoders.reading import mono
from model.frontends.spectrogram import FrontEnd
from model.systems import cards
from tests.conftest import ROOT

noise = np.random.default_rng(0).standard_normal((60_000, 6)).astype(np.float32)
for name in systems.summaries():
    front_end = cards.read(name, systems.WEIGHTS_FOLDER).front_end
    if isinstance(front_end, FrontEnd):
        sys.stdout.buffer.write(front_end.log_mel(mono(noise)).tobytes())
"""


def test_spectrograms_do_not_depend_on_the_kernel_of_blas() -> None:
    """OpenBLAS chooses a kernel by the processor, or as this variable says."""
    printed = {
        subprocess.run(
            [sys.executable, "-c", BYTES_OF_THE_FRONT_ENDS],
            cwd=ROOT,
            env=os.environ | {"OPENBLAS_CORETYPE": kernel},
            capture_output=True,
            check=True,
        ).stdout
        for kernel in ("Haswell", "Prescott", "Nehalem")
    }
    assert len(printed) == 1
    assert len(printed.pop()) > 100_000
