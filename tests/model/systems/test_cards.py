"""Weights are checked against their card before they are used."""

import dataclasses
import json
import shutil
from pathlib import Path

import pytest

from model import systems
from model.probabilities.calibration import Calibration
from model.systems import cards
from model.systems.cards import CardError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path in systems.WEIGHTS_FOLDER.glob(f"{systems.DEFAULT}.*"):
        shutil.copy(path, tmp_path)
    return tmp_path


def weights(folder: Path) -> Path:
    return folder / cards.read(systems.DEFAULT, folder).weights.file


def check(folder: Path) -> Path:
    card = cards.read(systems.DEFAULT, folder)
    return cards.checked(card.weights, card.name, folder)


def test_the_shipped_weights_are_the_cards(folder: Path) -> None:
    assert check(folder) == weights(folder)


def test_a_card_reads_back_as_it_was_written(folder: Path) -> None:
    card = cards.read(systems.DEFAULT, folder)
    cards.write(card, folder)
    assert cards.read(systems.DEFAULT, folder) == card


def test_a_card_may_leave_its_calibration_to_those_who_ask_for_it(folder: Path) -> None:
    card = cards.read(systems.DEFAULT, folder)
    raw = Calibration()
    assert card.calibration != raw
    assert card.choosing("card") == card.choosing("on") == card
    plain = dataclasses.replace(card, calibration=raw, calibrated=False)
    assert card.choosing("off") == plain
    old = dataclasses.replace(card, calibrated=False)
    assert old.choosing("card") == old.choosing("off") == plain
    assert old.choosing("on") == card


def test_truncated_foreign_missing_and_pointer_are_told_apart(folder: Path) -> None:
    path = weights(folder)
    content = path.read_bytes()
    path.write_bytes(content[:1000])
    with pytest.raises(CardError, match=r"truncated to 1000 of \d+ bytes"):
        check(folder)
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(CardError, match="not the file that"):
        check(folder)
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    with pytest.raises(CardError, match="git lfs pull"):
        check(folder)
    path.unlink()
    with pytest.raises(CardError, match="cannot be read"):
        check(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"genres": ["Rock"]},
        {"front_end": {"sample_rate": 1}},
        {"calibration": {"temperature": -1, "floor": 0.1}},
        {"training_prior": [0.0] * 15 + [1.0]},
        {"training_prior": [float("nan")] + [1 / 16] * 15},
        {"training_prior": ["a"] * 16},
        {"calibration": {"temperature": float("inf")}},
        {"calibration": {"bias": [0.0]}},
        {"weights": {"file": "../w.h5", "size": 1, "sha256": ""}},
        {"weights": {"file": "w.h5", "size": "1", "sha256": ""}},
        {"weights": []},
        {"window_frames": 0},
        {"window_frames": 2.5},
        {"parameters": []},
        {"summary": None},
        {"calibrated": "no"},
        {"surprise": 1},
    ],
)
def test_a_card_that_makes_no_sense_is_refused(folder: Path, change: dict[str, object]) -> None:
    path = folder / f"{systems.DEFAULT}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(CardError, match=str(path)):
        cards.read(systems.DEFAULT, folder)


def test_an_unknown_system_or_architecture_is_named(folder: Path) -> None:
    with pytest.raises(CardError, match="there is no such card"):
        cards.read("nonesuch", folder)
    path = folder / f"{systems.DEFAULT}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"architecture": "nonesuch"}))
    with pytest.raises(CardError, match="architecture"):
        systems.load(cards.read(systems.DEFAULT, folder), folder)
