"""Cards of the systems that do not listen."""

from pathlib import Path

import pytest

from model import systems
from model.probabilities.calibration import Calibration
from model.systems import cards
from training.cli.main import main


def run(*arguments: str) -> int:
    return main(["baselines", *arguments])


def test_the_shipped_ones_are_what_the_command_makes(tmp_path: Path) -> None:
    assert run("--out", str(tmp_path)) == 0
    for name in ("random", "prior"):
        made, shipped = (cards.read(name, path) for path in (tmp_path, systems.WEIGHTS_FOLDER))
        assert made.weights == shipped.weights
        assert made.training_prior == pytest.approx(shipped.training_prior)
        assert made.front_end == shipped.front_end
        assert made.calibrated is shipped.calibrated is False
        assert made.calibration == shipped.calibration == Calibration()
        assert cards.checked(made.weights, made.name, tmp_path).name == f"{name}.npy"
    assert sorted(systems.summaries(tmp_path)) == ["prior", "random"]


def test_a_folder_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--out", str(tmp_path / "no")) == 1
    assert str(tmp_path / "no") in capsys.readouterr().err


def test_a_seed_below_zero_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("--seed", "-1")
    assert "from 0" in capsys.readouterr().err
