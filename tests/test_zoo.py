"""Check that the zoo of odd files is what its list says."""

import os
from pathlib import Path

from tests.zoo import build_zoo

CLIPS = Path(__file__).parent / "clips"


def test_zoo_is_complete(tmp_path: Path) -> None:
    folder = tmp_path / "zoo"
    specimens = build_zoo(folder, CLIPS / "jazz-trio.mp3")
    names = [specimen.name for specimen in specimens]
    assert len(names) >= 30
    assert len(set(names)) == len(names)
    assert all(os.path.lexists(folder / name) for name in names)
    assert {path.name for path in folder.iterdir()} == {*names, "folder.mp3"}


def test_every_specimen_of_the_prior_has_a_reason(tmp_path: Path) -> None:
    specimens = build_zoo(tmp_path / "zoo", CLIPS / "spoken-word.mp3")
    assert all(specimen.reasons for specimen in specimens if specimen.expectation == "prior")
