"""The front end of hand-made features: finite numbers of any sound."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from model.decoding.audio import load
from model.frontends.fma_features.clip import features_of_samples
from model.frontends.fma_features.columns import COLUMNS
from model.frontends.fma_features.front_end import ClipFeatures
from tests.support.agreement import noise

FRONT_END = ClipFeatures(22_050)


def test_a_clip_is_one_frame_of_the_recipes_numbers() -> None:
    sound = noise(1.0, 22_050)
    found = FRONT_END.compute(sound)
    assert found.shape == (1, FRONT_END.width)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found[0], features_of_samples(sound, 22_050))


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 9000), st.floats(-37, 37), st.booleans())
def test_any_sound_has_finite_features(count: int, exponent: float, flat: bool) -> None:
    sound = np.ones(count, np.float32) if flat else noise(0.5, 22_050)[:count]
    loud = (sound.astype(float) * 10.0**exponent).astype(np.float32)
    assert np.isfinite(FRONT_END.compute(loud)).all()


def test_the_loudness_of_what_is_far_too_loud_does_not_matter() -> None:
    sound = noise(0.5, 22_050)
    full = FRONT_END.compute(sound / np.abs(sound).max())
    np.testing.assert_allclose(FRONT_END.compute(sound * np.float32(1e30)), full, rtol=1e-2, atol=1)
    assert np.abs(FRONT_END.compute(sound * np.float32(10)) - full).max() > 5


@pytest.mark.parametrize("rate", [8000, 11_127, 37_123, 48_000, 192_000])
@pytest.mark.parametrize("seconds", [0.01, 0.3])
def test_short_files_of_odd_rates_have_features(rate: int, seconds: float, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(seconds, rate), rate)
    assert np.isfinite(FRONT_END.compute(load(path, FRONT_END.sample_rate).samples)).all()


def test_a_rate_without_seven_octaves_is_refused() -> None:
    with pytest.raises(ValueError, match="8000"):
        ClipFeatures(8000)
    assert np.isfinite(ClipFeatures(11_025).compute(noise(0.5, 11_025))).all()


def test_what_is_above_the_band_limit_changes_no_median() -> None:
    """Means and moments may change a little, by the first and the last frame."""
    limited = ClipFeatures(22_050, band_limit_hz=9_999.5)
    sound = noise(3.0, 22_050) * np.hanning(3 * 22_050).astype(np.float32)
    spectrum = np.fft.rfft(sound)
    spectrum[np.fft.rfftfreq(len(sound), 1 / 22_050) > 9_999.5] = 0
    low = np.fft.irfft(spectrum, len(sound)).astype(np.float32)
    central = [statistic == "median" for _, statistic, _ in COLUMNS]
    found, expected = (limited.compute(each)[0, central] for each in (sound, low))
    np.testing.assert_allclose(found, expected, rtol=0.02, atol=0.2)
    unlimited, other = (FRONT_END.compute(each)[0, central] for each in (sound, low))
    assert np.abs(unlimited - other).max() > 5
    with pytest.raises(ValueError, match="nan"):
        ClipFeatures(22_050, band_limit_hz=float("nan"))
