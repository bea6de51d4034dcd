"""Thumbnails are small pictures of spectrograms, and come back from their text."""

import base64

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from model.outputs.report.thumbnails import (
    BANDS,
    COLUMNS,
    FULL_SIZE_CLIPS,
    MOST_CLIPS,
    Thumbnails,
    encoded,
    thumbnail,
)

SHAPES = st.tuples(st.integers(1, 48), st.integers(1, 96))
LOG_MEL_SHAPES = st.tuples(st.integers(1, 300), st.integers(1, 130))


def decoded(text: str) -> np.ndarray:
    """The picture as the page's script unpacks it."""
    bands, columns, *packed = base64.b64decode(text)
    points = [half for byte in packed for half in (byte >> 4, byte & 15)]
    return np.array(points[: bands * columns]).reshape(bands, columns) * 17


def texts(count: int, picture: np.ndarray | None) -> list[str]:
    pictures = Thumbnails()
    for _ in range(count):
        pictures.add(picture)
    return pictures.texts()


@settings(max_examples=50, deadline=None)
@given(arrays(np.uint8, SHAPES))
def test_sixteen_levels_come_back(picture: np.ndarray) -> None:
    back = decoded(encoded(picture))
    assert back.shape == picture.shape
    assert np.abs(back - picture.astype(int)).max() <= 8


def test_sizes_are_those_that_the_module_states() -> None:
    picture = np.zeros((48, 96), np.uint8)
    assert len(texts(1, picture)[0]) == 3076
    (text,) = set(texts(FULL_SIZE_CLIPS + 1, picture))
    assert len(text) == 772
    assert decoded(text).shape == (24, 48)


def test_too_many_clips_have_none() -> None:
    assert len(texts(MOST_CLIPS, None)) == MOST_CLIPS
    assert texts(MOST_CLIPS + 1, None) == []


def test_a_picture_that_is_too_large_is_refused() -> None:
    with pytest.raises(ValueError, match="49 by 96"):
        texts(1, np.zeros((49, 96), np.uint8))


@settings(max_examples=50, deadline=None)
@given(arrays(np.float16, LOG_MEL_SHAPES, elements=st.floats(-20, 20, width=16)))
def test_every_spectrogram_becomes_a_small_picture(log_mel: np.ndarray) -> None:
    picture = thumbnail(log_mel)
    frames, bands = log_mel.shape
    assert picture.shape == (min(bands, BANDS), min(frames, COLUMNS))
    assert picture.dtype == np.uint8
    if log_mel.min() < log_mel.max() and frames <= COLUMNS and bands <= BANDS:
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
