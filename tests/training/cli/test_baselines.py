"""Cards of the systems that do not listen."""

import sys
from pathlib import Path

import pytest

from model import systems
from model.probabilities.calibration import Calibration
from model.systems import cards
from training.cli import baselines


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["baselines", *arguments])
    return baselines.main()


def test_the_shipped_ones_are_what_the_command_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(monkeypatch, "--out", str(tmp_path)) == 0
    for name in ("random", "prior"):
        made, shipped = (cards.read(name, path) for path in (tmp_path, systems.WEIGHTS_FOLDER))
        assert made.weights == shipped.weights
        assert made.training_prior == pytest.approx(shipped.training_prior)
        assert made.front_end == shipped.front_end
        assert made.calibrated is shipped.calibrated is False
        assert made.calibration == shipped.calibration == Calibration()
        assert cards.checked_weights(made, tmp_path).name == f"{name}.npy"
    assert sorted(systems.summaries(tmp_path)) == ["prior", "random"]


def test_a_folder_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--out", str(tmp_path / "no")) == 1
    assert str(tmp_path / "no") in capsys.readouterr().err


def test_a_seed_below_zero_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run(monkeypatch, "--seed", "-1")
    assert "from 0" in capsys.readouterr().err
