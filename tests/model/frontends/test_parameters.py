"""Kinds of front ends in cards, and what all of them promise."""

import json
from dataclasses import replace

import numpy as np
import pytest

from model import systems
from model.frontends.fma_features.front_end import ClipFeatures
from model.frontends.parameters import AnyFrontEnd, from_parameters, parameters
from model.frontends.spectrogram import FrontEnd
from model.systems import cards

SHIPPED = cards.read(systems.DEFAULT, systems.WEIGHTS_FOLDER).spectrogram


def test_parameters_name_newer_fields_only_where_they_say_something() -> None:
    """A card that was written before they were there is written again as it was."""
    old = replace(SHIPPED, band_limit_hz=0.0)
    plain = parameters(old)
    assert list(plain)[-1] == "preemphasis_rate"
    assert len(plain) == 12
    assert FrontEnd(**plain) == old
    other = replace(old, magnitude=True, reference="peak")
    assert set(parameters(other)) - set(plain) == {"magnitude", "reference"}
    assert FrontEnd(**parameters(other)) == other


@pytest.mark.parametrize("front_end", [SHIPPED, ClipFeatures(22_050), ClipFeatures(44_100)])
def test_a_front_end_reads_back_as_it_was_written(front_end: AnyFrontEnd) -> None:
    text = json.dumps(parameters(front_end))
    assert from_parameters(json.loads(text)) == front_end
    assert ("kind" in parameters(front_end)) == isinstance(front_end, ClipFeatures)


@pytest.mark.parametrize(
    ("front_end", "samples", "expected"),
    [
        (SHIPPED, 220, 2),
        (SHIPPED, 22_050, 101),
        (ClipFeatures(22_050), 220, 1),
        (ClipFeatures(22_050), 30 * 22_050, 1),
    ],
)
def test_frames_are_what_is_promised(front_end: AnyFrontEnd, samples: int, expected: int) -> None:
    tone = np.sin(np.arange(samples) / 7).astype(np.float32)
    frames = front_end.compute(tone)
    assert frames.shape == (expected, front_end.width)
    assert frames.dtype == front_end.dtype
    assert np.isfinite(frames).all()


@pytest.mark.parametrize(
    "values", [{"kind": "wavelets"}, {"kind": "features", "sample_rate": 8000}, {"kind": None}]
)
def test_what_is_no_front_end_is_refused(values: dict[str, object]) -> None:
    with pytest.raises((ValueError, TypeError)):
        from_parameters(values)
