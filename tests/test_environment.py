"""The pins live in requirements/ alone; everything else agrees with them."""

import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from tests.conftest import ROOT

REQUIREMENTS = ROOT / "requirements"

# Newest release that still runs on compute capability 6.1, the grader's GTX 1080 Ti: cuDNN dropped
# Pascal with 9.11, CUDA's libraries with 13 (docs/container.md).
PASCAL = {"nvidia-cudnn-cu12": (9, 10)}
CUDA_OF_PASCAL = 12


def locked(path: Path) -> dict[str, str]:
    """Version of each package of a lock."""
    return dict(re.findall(r"^([a-z0-9._-]+)==([^\s;]+)", path.read_text(), re.MULTILINE))


def named(path: Path) -> set[str]:
    """Packages asked for in an input file and in the files that it includes."""
    text = path.read_text()
    packages = set(re.findall(r"^([a-z0-9][a-z0-9._-]*)", text, re.MULTILINE))
    included = re.findall(r"^-r (\S+)", text, re.MULTILINE)
    return packages.union(*(named(path.with_name(name)) for name in included))


@pytest.mark.parametrize("variant", ["cpu", "gpu", "dev", "repo2docker", "audit"])
def test_every_package_of_a_lock_has_hashes(variant: str) -> None:
    text = (REQUIREMENTS / f"{variant}.lock").read_text()
    entries = re.split(r"^(?=[a-z0-9._-]+==)", text, flags=re.MULTILINE)[1:]
    assert len(entries) == len(locked(REQUIREMENTS / f"{variant}.lock")) > 5
    assert all("--hash=sha256:" in entry for entry in entries)


@pytest.mark.parametrize("variant", ["cpu", "gpu", "dev", "notebook", "distributed"])
def test_a_lock_holds_what_its_input_names(variant: str) -> None:
    wanted = named(REQUIREMENTS / f"{variant}.in")
    assert wanted <= locked(REQUIREMENTS / f"{variant}.lock").keys()


def test_the_variants_agree() -> None:
    cpu, gpu, dev = (locked(REQUIREMENTS / f"{name}.lock") for name in ("cpu", "gpu", "dev"))
    for name in gpu.keys() & cpu.keys():
        assert gpu[name] == cpu[name], name
    for name in dev.keys() & cpu.keys():
        assert dev[name] == cpu[name], name
    for name in dev.keys() & gpu.keys():
        assert dev[name] == gpu[name], name
    assert gpu["tensorflow"] == dev["tensorflow-cpu"]
    assert not {"tensorflow", "tensorflow-cpu", "keras"} & cpu.keys()


@pytest.mark.parametrize(
    ("system", "machine", "build"),
    [
        ("linux", "x86_64", "tensorflow-cpu"),
        ("linux", "aarch64", "tensorflow"),
        ("darwin", "arm64", "tensorflow"),
    ],
)
def test_each_platform_has_one_tensorflow(system: str, machine: str, build: str) -> None:
    platform = {"sys_platform": system, "platform_machine": machine}
    lines = (REQUIREMENTS / "tensorflow.in").read_text().splitlines()
    builds = [Requirement(line) for line in lines if line.startswith("tensorflow")]
    assert [each.name for each in builds if each.marker and each.marker.evaluate(platform)] == [
        build
    ]


def test_no_nvidia_package_is_too_new_for_the_graders_card() -> None:
    packages = {
        name: package
        for name, package in locked(REQUIREMENTS / "gpu.lock").items()
        if name.startswith("nvidia-")
    }
    assert "nvidia-cudnn-cu12" in packages
    for name, package in packages.items():
        assert name.endswith("-cu12"), f"{name} is not of CUDA {CUDA_OF_PASCAL}"
        release = tuple(int(part) for part in package.split(".")[:2])
        assert release <= PASCAL.get(name, release), f"{name} {package} has dropped Pascal"


def test_the_environment_of_the_container_is_the_gpu_lock() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    python, pip, section = environment["dependencies"]
    assert (python, pip) == ("python=3.11", "pip")
    pins = dict(line.split("==") for line in section["pip"])
    assert pins == locked(REQUIREMENTS / "gpu.lock")


def test_this_environment_is_the_lock() -> None:
    lines = re.findall(
        r"^([a-z0-9._-]+==[^\\]+)", (REQUIREMENTS / "dev.lock").read_text(), re.MULTILINE
    )
    for requirement in map(Requirement, lines):
        if requirement.marker and not requirement.marker.evaluate():
            continue
        name, wanted = requirement.name, str(requirement.specifier).removeprefix("==")
        try:
            assert version(name) == wanted, name
        except PackageNotFoundError:
            pytest.fail(f"{name} is not installed; run make test")
