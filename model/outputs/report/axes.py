"""Marks on the frequency axis of a spectrogram."""

from typing import Final

import numpy as np

from model.frontends.spectrogram import FrontEnd, mel_edges

_HERTZ: Final = (100, 250, 500, 1_000, 2_000, 4_000, 8_000, 16_000)
_LEAST_DISTANCE: Final = 0.07
"""Share of the height between two marks, so that their texts do not touch."""


def frequency_marks(front_end: FrontEnd) -> list[tuple[float, str]]:
    """Share of the height, from 0 at the bottom to 1, and text of each mark.

    Args:
        front_end: parameters of the spectrogram, whose bands have equal heights.
    """
    if front_end.bands == "linear":
        centres = np.linspace(0.0, front_end.sample_rate / 2, front_end.mel_bands)
    else:
        centres = mel_edges(front_end)[1:-1]
    marks: list[tuple[float, str]] = []
    for hertz in _HERTZ:
        if centres[0] <= hertz <= centres[-1]:
            band = float(np.interp(hertz, centres, np.arange(len(centres))))
            height = (band + 0.5) / len(centres)
            if not marks or height - marks[-1][0] >= _LEAST_DISTANCE:
                marks.append((height, f"{hertz / 1000:g} kHz" if hertz >= 1000 else f"{hertz} Hz"))
    return marks
