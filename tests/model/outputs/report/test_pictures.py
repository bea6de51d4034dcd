"""Thumbnails as text."""

import base64

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from model.outputs.report.pictures import FULL_SIZE_CLIPS, MOST_CLIPS, Pictures, encoded

SHAPES = st.tuples(st.integers(1, 48), st.integers(1, 96))


def decoded(text: str) -> np.ndarray:
    """The picture as the page's script unpacks it."""
    bands, columns, *packed = base64.b64decode(text)
    points = [half for byte in packed for half in (byte >> 4, byte & 15)]
    return np.array(points[: bands * columns]).reshape(bands, columns) * 17


def texts(count: int, picture: np.ndarray | None) -> list[str]:
    pictures = Pictures()
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
