"""Every system in ``weights/`` runs through the grader's door, with what is in this repository."""

import shutil
from pathlib import Path

import pytest

from grader.cli import main as grader
from model import systems
from model.frontends.parameters import AnyFrontEnd
from model.systems import cards
from tests.conftest import CLIPS, ROOT, Run
from training.architectures.systems import SYSTEMS
from training.evaluation import costs

NAMES = list(systems.summaries())
FEW = ("folk-waltz.mp3", "rock-band.mp3", "spoken-word.mp3")


def test_the_default_is_one_of_them() -> None:
    assert systems.DEFAULT in NAMES


@pytest.mark.parametrize("name", [name for name in NAMES if name in SYSTEMS])
def test_its_summary_is_that_of_its_recipe(name: str) -> None:
    assert cards.read(name, systems.WEIGHTS_FOLDER).summary == SYSTEMS[name].summary


@pytest.mark.parametrize("name", NAMES)
def test_run_sh_gives_a_valid_submission(
    name: str, tmp_path: Path, run_sh: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    payload = tmp_path / "payload"
    payload.mkdir()
    for clip in FEW:
        shutil.copyfile(CLIPS / clip, payload / clip)
    table = tmp_path / "output.csv"
    done = run_sh("--strict", SYSTEM=name, TEST_DIRECTORY=payload, OUTPUT_PATH=table)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"Output file written at {table}"
    assert f"{len(FEW)} clips, system {name}" in done.stderr
    assert grader(["validate", str(table), "--clips", str(payload)]) == 0, capsys.readouterr().out


def test_run_sh_names_the_systems_when_there_is_none_of_that_name(
    tmp_path: Path, run_sh: Run
) -> None:
    table = tmp_path / "output.csv"
    done = run_sh(SYSTEM="nonesuch", TEST_DIRECTORY=CLIPS, OUTPUT_PATH=table)
    assert done.returncode == 2
    there = ", ".join(NAMES)
    (line,) = done.stderr.splitlines()
    assert line == f"predict.py: no system is called 'nonesuch'; there are: {there}"
    assert done.stdout == ""
    assert not table.exists()


@pytest.mark.parametrize("name", NAMES)
def test_what_it_costs_is_known(name: str) -> None:
    known = costs.read()
    assert name in known, "run python -m benchmarks systems"
    card = cards.read(name, systems.WEIGHTS_FOLDER)
    assert known[name].weights_bytes == card.weights.size, "run python -m benchmarks systems"
    assert known[name].front_end_ms > 0
    assert known[name].network_ms > 0


def test_what_a_front_end_costs_is_the_same_for_all_that_have_it() -> None:
    figures: dict[AnyFrontEnd, set[float]] = {}
    for name, cost in costs.read().items():
        front_end = cards.read(name, systems.WEIGHTS_FOLDER).front_end
        figures.setdefault(front_end, set()).add(cost.front_end_ms)
    assert all(len(found) == 1 for found in figures.values()), "run python -m benchmarks systems"


@pytest.mark.parametrize("name", NAMES)
def test_its_weights_are_small_enough_for_git(name: str) -> None:
    assert cards.read(name, systems.WEIGHTS_FOLDER).weights.size <= 15_000_000
    assert (ROOT / "weights" / f"{name}.json").is_file()
