"""The 518 features of waveforms: equal to the published definition, computed by librosa."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import librosa_features
from model.frontends.fma_features.clip import FeaturesError, features_of_samples
from model.frontends.fma_features.columns import COLUMNS, SIZES, STATISTICS, statistics
from tests.support.agreement import agree, noise


@pytest.mark.parametrize("rate", [11_025, 16_000, 22_050, 32_000, 48_000, 96_000])
def test_features_at_other_rates_are_those_of_librosa(rate: int) -> None:
    samples = noise(1.5, rate)
    agree(features_of_samples(samples, rate), librosa_features.features_of_samples(samples, rate))


@pytest.mark.parametrize("count", [1, 511, 512, 2047, 2048, 30_000])
def test_short_clips_are_those_of_librosa(count: int) -> None:
    samples = noise(2.0, 22_050)[:count]
    agree(
        features_of_samples(samples, 22_050), librosa_features.features_of_samples(samples, 22_050)
    )


def test_silence_has_features_as_in_librosa() -> None:
    samples = np.zeros(22_050, np.float32)
    ours = features_of_samples(samples, 22_050)
    agree(ours, librosa_features.features_of_samples(samples, 22_050))
    assert np.isfinite(ours).all()


def test_what_is_computed_twice_for_long_recordings_is_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    samples = noise(3.0, 22_050)
    kept = features_of_samples(samples, 22_050)
    monkeypatch.setattr("model.frontends.fma_features.spectrum._STORED_FRAMES", 10)
    np.testing.assert_array_equal(features_of_samples(samples, 22_050), kept)


def test_clips_that_cannot_have_features_say_why() -> None:
    with pytest.raises(FeaturesError, match="8000 Hz is too low for seven octaves"):
        features_of_samples(noise(1.0, 8000), 8000)
    with pytest.raises(FeaturesError, match="no audio"):
        features_of_samples(np.zeros(0, np.float32), 22_050)
    with pytest.raises(FeaturesError, match="not finite"):
        features_of_samples(np.array([0.0, np.nan], np.float32), 22_050)


@given(st.lists(st.floats(-1e3, 1e3, width=32), min_size=2, max_size=40))
def test_statistics_of_a_mirrored_column_are_mirrored(values: list[float]) -> None:
    column = np.array(values)[:, None]
    table = dict(zip(STATISTICS, statistics(np.hstack([column, -column])), strict=True))
    for name, sign in [("mean", -1), ("median", -1), ("skew", -1), ("std", 1), ("kurtosis", 1)]:
        assert table[name][1] == pytest.approx(sign * table[name][0])
    assert table["max"][0] == -table["min"][1]
    assert table["min"][0] <= table["median"][0] <= table["max"][0]
    assert table["kurtosis"][0] >= -3.0
    if np.ptp(values) == 0:
        assert (table["skew"][0], table["kurtosis"][0]) == (0.0, -3.0)


def test_columns_are_in_the_order_of_the_alphabet() -> None:
    assert len(COLUMNS) == 518
    assert list(COLUMNS) == sorted(COLUMNS)
    assert SIZES == librosa_features.ORDER
    assert tuple(librosa_features.STATISTICS) == STATISTICS
