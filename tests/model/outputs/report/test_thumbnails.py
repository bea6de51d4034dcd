"""Thumbnails are small pictures of spectrograms, and come back from their text."""

import base64

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from model.outputs.report.thumbnails import SIZES, encoded, size, thumbnail

SHAPES = st.tuples(st.integers(1, 96), st.integers(1, 320))
LOG_MEL_SHAPES = st.tuples(st.integers(1, 700), st.integers(1, 130))
LARGEST = (96, 320)


def decoded(text: str) -> np.ndarray:
    """The picture as the page's script unpacks it."""
    data = base64.b64decode(text)
    bands, columns = np.frombuffer(data[:4], "<u2")
    points = [half for byte in data[4:] for half in (byte >> 4, byte & 15)]
    return np.array(points[: bands * columns]).reshape(bands, columns) * 17


@settings(max_examples=50, deadline=None)
@given(arrays(np.uint8, SHAPES))
def test_sixteen_levels_come_back(picture: np.ndarray) -> None:
    back = decoded(encoded(picture, LARGEST))
    assert back.shape == picture.shape
    assert np.abs(back - picture.astype(int)).max() <= 8


@pytest.mark.parametrize(("clips", "characters"), [(1, 20_488), (201, 5_128), (1_001, 776)])
def test_sizes_are_those_that_the_module_states(clips: int, characters: int) -> None:
    most = size(clips)
    assert most is not None
    picture = thumbnail(np.zeros((2_000, 128), np.float16), clips)
    assert picture.shape == most
    text = encoded(picture, most)
    assert len(text) == characters
    assert encoded(np.zeros(LARGEST, np.uint8), most) == text
    assert decoded(text).shape == most


def test_too_many_clips_have_none() -> None:
    most_clips = SIZES[-1][0]
    assert size(most_clips) is not None
    assert size(most_clips + 1) is None
    assert thumbnail(np.zeros((5, 5), np.float16), most_clips + 1).size == 0


@settings(max_examples=50, deadline=None)
@given(
    arrays(np.float16, LOG_MEL_SHAPES, elements=st.floats(-20, 20, width=16)),
    st.sampled_from([1, 500, 5_000]),
)
def test_every_spectrogram_becomes_a_small_picture(log_mel: np.ndarray, clips: int) -> None:
    picture = thumbnail(log_mel, clips)
    frames, bands = log_mel.shape
    most = size(clips)
    assert most is not None
    assert picture.shape == (min(bands, most[0]), min(frames, most[1]))
    assert picture.dtype == np.uint8
    if log_mel.min() < log_mel.max() and bands <= most[0] and frames <= most[1]:
        assert (picture.min(), picture.max()) == (0, 255)


def test_low_bands_come_first_and_time_goes_on() -> None:
    log_mel = np.zeros((3000, 115), np.float16)
    log_mel[1500:, :10] = 5.0  # a low tone in the second half
    picture = thumbnail(log_mel, 1)
    assert picture[0, 200:].min() == 255
    assert picture[0, :120].max() == 0
    assert picture[40:].max() == 0


def test_means_are_those_of_all_neighbours() -> None:
    log_mel = np.repeat(np.arange(160), 31)[:, None] * np.ones((1, 48))
    picture = thumbnail(log_mel.astype(np.float16), 1_000)
    assert np.array_equal(picture[0], np.rint(np.arange(160) * 255 / 159))


def test_no_contrast_and_no_numbers_do_no_harm() -> None:
    assert thumbnail(np.full((10, 4), -3.0, np.float16), 1).max() == 0
    assert thumbnail(np.full((10, 4), np.nan, np.float16), 1).max() == 0
    assert thumbnail(np.array([[np.inf, -np.inf], [1.0, 2.0]], np.float16), 1).shape == (2, 2)
