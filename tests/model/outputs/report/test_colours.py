"""The colours of the genres can be seen on both backgrounds."""

from itertools import combinations

import numpy as np
import pytest

from model.genres import GENRES
from model.outputs.report.colours import COLOURS


def light(colour: str) -> np.ndarray:
    """Linear red, green and blue (IEC 61966-2-1)."""
    values = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def luminance(colour: str) -> float:
    return float(light(colour) @ [0.2126, 0.7152, 0.0722])


def test_each_genre_has_a_colour() -> None:
    assert len(COLOURS) == len(set(COLOURS)) == len(GENRES)


@pytest.mark.parametrize("background", ["#ffffff", "#f5f6f8", "#16181c", "#1f2227"])
def test_colours_stand_out_from_the_page(background: str) -> None:
    for colour in COLOURS:
        pale, dark = sorted((luminance(colour), luminance(background)), reverse=True)
        assert (pale + 0.05) / (dark + 0.05) >= 3, colour


def test_no_two_colours_are_nearly_the_same() -> None:
    for one, other in combinations(COLOURS, 2):
        assert np.abs(light(one) - light(other)).max() > 0.04, (one, other)
