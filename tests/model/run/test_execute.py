"""What one run keeps, by what was asked for and by the system."""

from pathlib import Path

import pytest

from model import systems
from model.options import EMBEDDING, THUMBNAIL, WINDOWS, Options
from model.run.execute import array_names
from model.systems import cards

PLACE = Path("there.npz")


@pytest.mark.parametrize(
    ("asked", "system", "expected"),
    [
        ({}, "best", set()),
        ({"per_window": PLACE}, "best", {WINDOWS}),
        ({"embeddings": PLACE}, "best", {EMBEDDING}),
        ({"report": PLACE}, "best", {WINDOWS, THUMBNAIL}),
        ({"report": PLACE}, "stft", {WINDOWS, THUMBNAIL}),
        ({"report": PLACE}, "svm", {WINDOWS}),
    ],
)
def test_a_picture_is_kept_where_there_is_one(
    asked: dict[str, Path], system: str, expected: set[str]
) -> None:
    options = Options((), PLACE, system, **asked)  # type: ignore[arg-type]
    assert array_names(options, cards.read(system, systems.WEIGHTS_FOLDER)) == expected
