"""The picture of the house has every room, on its floor."""

import re
import xml.etree.ElementTree as ElementTree

import pytest

from tests.conftest import ROOT
from tests.test_architecture import FLOORS, WORKER_SIDE

PICTURE = ROOT / "docs" / "pictures" / "house.svg"
ROOMS = [
    element
    for element in ElementTree.fromstring(PICTURE.read_text(encoding="utf-8")).iter()  # noqa: S314
    if "room" in element.get("class", "").split()
]
NAMES = [str(element.text) for element in ROOMS]
HEIGHTS = {str(room.text): float(room.get("y", "0")) for room in ROOMS}
SAME_FLOOR = 19.0
"""Half the height of a floor."""


def test_every_room_is_there_once() -> None:
    assert sorted(NAMES) == sorted(FLOORS)


@pytest.mark.parametrize("name", FLOORS)
def test_a_room_exists(name: str) -> None:
    path = ROOT.joinpath(*name.split("."))
    assert path.is_dir() or path.with_suffix(".py").is_file()


@pytest.mark.parametrize("name", FLOORS)
def test_a_room_is_on_its_floor(name: str) -> None:
    for other, floor in FLOORS.items():
        lower = HEIGHTS[name] - HEIGHTS[other]
        if floor == FLOORS[name]:
            assert abs(lower) < SAME_FLOOR, f"{name} and {other} are on one floor"
        else:
            assert (lower >= SAME_FLOOR) == (floor > FLOORS[name]), f"{name} and {other}"


def test_the_side_that_touches_files_has_its_colour() -> None:
    blue = {str(room.text) for room in ROOMS if "files" in room.get("class", "").split()}
    assert blue == {name for name in WORKER_SIDE if name in FLOORS} | {"model.workers"}


def test_the_page_shows_it() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert re.search(r"!\[[^\]]+\]\(pictures/house\.svg\)", page)
