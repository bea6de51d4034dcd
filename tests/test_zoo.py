"""The zoo of odd files is what its list says, and no decoder gets more out of it than we do."""

import os
from pathlib import Path

import pytest

from tests.support.recovery import LEAST_RATIO, TABLE, Recovery, measured, rendered
from tests.support.zoo import build_zoo

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


def test_from_every_file_the_ladder_gets_what_the_best_decoder_gets(tmp_path: Path) -> None:
    specimens = build_zoo(tmp_path / "zoo", CLIPS / "rock-band.mp3")
    found = measured(tmp_path / "zoo", specimens)
    assert [one for one in found if one.ratio < LEAST_RATIO] == []
    best = {one.name: max(one.counted.values()) for one in found}
    for specimen in specimens:
        if specimen.expectation == "model":
            assert best[specimen.name] > 0
    files = {line.split(" | ")[0] for line in rendered(found).splitlines() if line[:3] == "| `"}
    text = TABLE.read_text(encoding="utf-8")
    assert files == {line.split(" | ")[0] for line in text.splitlines() if line[:3] == "| `"}, (
        "run python -m tests.support.recovery"
    )


@pytest.mark.parametrize(
    ("alone", "wrong_speed", "ours", "reasons", "ratio"),
    [
        ({"soundfile": 5.0, "PyAV": 10.0}, False, 9.0, (), 0.9),
        ({"soundfile": 5.0, "PyAV": 600.0}, False, 30.0, (), 1.0),
        ({"miniaudio": 9.0, "PyAV": 6.0}, True, 6.0, (), 1.0),
        ({"miniaudio": 9.0, "PyAV": 6.0}, False, 6.0, (), 2 / 3),
        ({"soundfile": 0.1, "PyAV": 0.0}, False, 0.0, ("undecodable",), 1.0),
        ({"soundfile": 0.1, "PyAV": 0.1}, False, 0.0, ("undecodable",), 0.0),
        ({"soundfile": 3.0, "PyAV": 3.0}, False, 0.0, ("silent",), 1.0),
    ],
)
def test_the_ratio_counts_what_is_to_be_had(
    alone: dict[str, float], wrong_speed: bool, ours: float, reasons: tuple[str, ...], ratio: float
) -> None:
    assert Recovery("a.mp3", alone, wrong_speed, ours, reasons).ratio == pytest.approx(ratio)
