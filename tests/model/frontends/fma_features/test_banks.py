"""The filter banks of the 518 features are librosa's."""

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from librosa.filters import chroma, mel, wavelet, wavelet_lengths

from model.frontends.fma_features import banks, constantq
from model.frontends.fma_features.constantq import RateError
from model.frontends.spectrogram import filterbank

TUNINGS = [0.0, -0.5, 0.07, 0.49]
RATES = [11_025, 16_000, 22_050, 44_100, 48_000]


def highest(tuning: float) -> np.ndarray:
    """Frequencies of the twelve highest semitones of seven octaves from C1."""
    lowest = librosa.note_to_hz("C1") * 2.0 ** (tuning / 12)
    return np.asarray(lowest * 2.0 ** (np.arange(84) / 12))[-12:]


@pytest.mark.parametrize("rate", RATES)
def test_mel_bands(rate: int) -> None:
    expected = mel(sr=rate, n_fft=2048).T
    np.testing.assert_allclose(filterbank(banks.mel(rate)), expected, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("tuning", TUNINGS)
def test_pitch_classes(tuning: float) -> None:
    expected = chroma(sr=22_050, n_fft=2048, tuning=tuning).T
    np.testing.assert_allclose(banks.chroma(tuning), expected, rtol=1e-6, atol=1e-12)


@settings(deadline=None)  # the first call loads parts of librosa
@given(arrays(np.float32, st.integers(1, 40), elements=st.floats(30, 8000, width=32)))
def test_tuning(frequencies: np.ndarray) -> None:
    assert banks.tuning(frequencies) == librosa.pitch_tuning(frequencies)


def test_tuning_of_nothing_and_of_nothing_audible() -> None:
    assert banks.tuning(np.zeros(0, np.float32)) == 0.0
    assert banks.tuning(np.zeros(3, np.float32)) == 0.0


@pytest.mark.parametrize("tuning", TUNINGS)
@pytest.mark.parametrize("rate", RATES)
def test_wavelets(rate: int, tuning: float) -> None:
    frequencies = highest(tuning)
    expected, lengths = wavelet(freqs=frequencies, sr=rate, pad_fft=True)
    found = constantq.wavelets(frequencies, rate)
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(constantq.quality() * rate / frequencies, lengths, rtol=1e-12)


def test_the_least_of_a_response_is_left_out_as_librosa_does() -> None:
    rng = np.random.default_rng(0)
    response = rng.normal(size=(12, 300)) ** 5 + 1j * rng.normal(size=(12, 300)) ** 5
    expected = librosa.util.sparsify_rows(response, quantile=0.01).toarray()
    found = constantq.without_least(response)
    np.testing.assert_array_equal(found, expected)
    assert 0 < np.count_nonzero(found) < found.size


@pytest.mark.parametrize("tuning", TUNINGS)
def test_the_least_rate_is_librosas(tuning: float) -> None:
    frequencies = highest(tuning)
    _, cutoff = wavelet_lengths(freqs=frequencies, sr=22_050)
    constantq.bank(2 * cutoff * 1.0001, tuning)
    with pytest.raises(RateError, match="too low for seven octaves"):
        constantq.bank(2 * cutoff * 0.9999, tuning)
