"""The package that pip installs: what its wheel holds, and that it works outside of the repository.

Nothing is downloaded: the wheel is built with this environment's setuptools, and the new virtual
environment finds the dependencies among the packages of this environment.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from importlib.metadata import Distribution, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.conftest import CLIPS, ROOT, Run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PACKAGES = ("model", "grader", "weights")
MOST_BYTES = 45_000_000


def run(*command: object, cwd: Path, check: bool = True) -> "subprocess.CompletedProcess[str]":
    """Run a command without PYTHONPATH, which may name the repository."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=environment, capture_output=True, text=True
    )
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def tracked() -> list[str]:
    """The files of the repository."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("no git repository here: a package cannot be built from tracked files alone")
    return [name for name in done.stdout.split("\0") if name and (ROOT / name).exists()]


@pytest.fixture(scope="module")
def wheel(tracked: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the repository's files, as they are in the working tree."""
    source = tmp_path_factory.mktemp("source")
    for name in tracked:
        if not name.startswith("tests/"):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, source / name)
    out = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--no-index", "--no-deps", "--no-build-isolation"]
    run(*pip, "--wheel-dir", out, source, cwd=out)
    (path,) = out.iterdir()
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The virtual environment of an installation."""
    place = tmp_path_factory.mktemp("venv")
    run(sys.executable, "-m", "venv", "--without-pip", place, cwd=place)
    python = place / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--no-index", "--no-deps"]
    run(*pip, wheel, cwd=place)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(place)}))
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return place


def test_the_wheel_holds_the_packages_and_nothing_else(wheel: Path, tracked: list[str]) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == {name for name in tracked if name.split("/")[0] in PACKAGES}
    assert wheel.stat().st_size < MOST_BYTES


def test_the_dependencies_are_those_that_the_tests_run_with(installed: Path) -> None:
    (about,) = installed.glob("lib/*/site-packages/musical_genres-*.dist-info")
    requirements = list(map(Requirement, Distribution.at(about).requires or []))
    plain, extra = (
        [each for each in requirements if not each.marker or each.marker.evaluate({"extra": name})]
        for name in ("", "tensorflow")
    )
    needed = {each.name for each in plain}
    assert {"numpy", "onnxruntime", "pyyaml"} <= needed
    assert {"keras"} <= {each.name for each in extra} - needed
    for requirement in extra:
        assert requirement.specifier.contains(version(requirement.name)), requirement


def test_genres_writes_the_table_of_predict(installed: Path, predict: Run, tmp_path: Path) -> None:
    arguments = [CLIPS / "rock-band.mp3", CLIPS / "jazz-trio.mp3", "--device", "cpu", "--quiet"]
    assert predict(*arguments, "-o", tmp_path / "expected.csv").returncode == 0
    run(installed / "bin" / "genres", *arguments, "-o", "table.csv", cwd=tmp_path)
    table = tmp_path / "table.csv"
    assert table.read_bytes() == (tmp_path / "expected.csv").read_bytes()


def test_a_report_can_be_written(installed: Path, tmp_path: Path) -> None:
    clip = CLIPS / "rock-band.mp3"
    run(installed / "bin" / "genres", clip, "--system", "prior", "--report", "a.html", cwd=tmp_path)
    assert "rock-band" in (tmp_path / "a.html").read_text(encoding="utf-8")


def test_the_grader_judges_a_table(installed: Path, tmp_path: Path) -> None:
    run(installed / "bin" / "genres", CLIPS, "--system", "prior", "-o", "a.csv", cwd=tmp_path)
    validate = (installed / "bin" / "genres-grade", "validate", "a.csv", "--clips")
    run(*validate, CLIPS, cwd=tmp_path)
    assert run(*validate, tmp_path, cwd=tmp_path, check=False).returncode != 0


def test_the_commands_of_the_readme_run(installed: Path, tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(
        r"^```sh\n# needs a new virtual environment\n(.*?)^```$", text, re.M | re.S
    )
    install, commands = block.split("\n", 1)
    assert install.startswith("pip install . ")  # as ``wheel`` and ``installed`` do without network
    shutil.copytree(CLIPS, tmp_path / "music")
    path = f"PATH={installed / 'bin'}:$PATH"
    run("bash", "-euc", f"{path}\n{commands}", cwd=tmp_path)
    assert len((tmp_path / "submission.csv").read_text().splitlines()) == 11
    assert "rock-band" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("program", ["genres", "genres-grade"])
def test_a_program_says_its_own_name(installed: Path, tmp_path: Path, program: str) -> None:
    path = installed / "bin" / program
    assert run(path, "--help", cwd=tmp_path).stdout.startswith(f"usage: {program} ")
    assert run(path, "--print-completion", cwd=tmp_path).stdout.endswith(f" {program}\n")
    wrong = (
        ["validate", "nowhere.csv", "--clips", "."] if program == "genres-grade" else ["nowhere"]
    )
    failed = run(path, *wrong, cwd=tmp_path, check=False)
    assert failed.returncode == 2
    assert failed.stderr.startswith(program)


def test_python_loads_the_installed_package(installed: Path, tmp_path: Path) -> None:
    code = "import model; print(model.__file__); model.load(device='cpu')"
    done = run(installed / "bin" / "python", "-c", code, cwd=tmp_path)
    assert Path(done.stdout.splitlines()[0]).is_relative_to(installed)
