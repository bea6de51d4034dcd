"""Thumbnails: small, and still the picture of their spectrogram."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from model.outputs.report import thumbnail
from model.outputs.report.content import THUMBNAIL_BANDS, THUMBNAIL_COLUMNS

SHAPES = st.tuples(st.integers(1, 300), st.integers(1, 130))


@settings(max_examples=50, deadline=None)
@given(arrays(np.float16, SHAPES, elements=st.floats(-20, 20, width=16)))
def test_every_spectrogram_becomes_a_small_picture(log_mel: np.ndarray) -> None:
    picture = thumbnail(log_mel)
    frames, bands = log_mel.shape
    assert picture.shape == (min(bands, THUMBNAIL_BANDS), min(frames, THUMBNAIL_COLUMNS))
    assert picture.dtype == np.uint8
    if log_mel.min() < log_mel.max() and frames <= THUMBNAIL_COLUMNS and bands <= THUMBNAIL_BANDS:
        assert (picture.min(), picture.max()) == (0, 255)


def test_low_bands_come_first_and_time_goes_on() -> None:
    log_mel = np.zeros((3000, 115), np.float16)
    log_mel[1500:, :10] = 5.0  # a low tone in the second half
    picture = thumbnail(log_mel)
    assert picture[0, 60:].min() == 255
    assert picture[0, :40].max() == 0
    assert picture[20:].max() == 0


def test_means_are_those_of_all_neighbours() -> None:
    log_mel = np.repeat(np.arange(96), 31)[:, None] * np.ones((1, 48))
    picture = thumbnail(log_mel.astype(np.float16))
    assert np.array_equal(picture[0], np.rint(np.arange(96) * 255 / 95))


def test_no_contrast_and_no_numbers_do_no_harm() -> None:
    assert thumbnail(np.full((10, 4), -3.0, np.float16)).max() == 0
    assert thumbnail(np.full((10, 4), np.nan, np.float16)).max() == 0
    assert thumbnail(np.array([[np.inf, -np.inf], [1.0, 2.0]], np.float16)).shape == (2, 2)
