"""What the stand-in of conda installs, and what it refuses."""

import re
import subprocess
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import ROOT
from tests.container.conftest import load

LINES = st.lists(
    st.sampled_from(
        ["numpy==2.4.6", "nvidia-cudnn-cu12==9.10.2.21", "tensorflow==2.21.0", "nvidia-ml-py",
         "tensorflow[and-cuda]==2.21.0", "tensorflow-probability==0.25", "tensorflow", "keras"]
    )
)  # fmt: skip


@given(LINES)
def test_the_swap_takes_out_the_gpu_and_nothing_else(lines: list[str]) -> None:
    swap = load(".ci/container/conda_stand_in.py").without_gpu(lines)
    assert not any(
        line.startswith(("nvidia-", "tensorflow=", "tensorflow[")) for line in swap.lines
    )
    untouched = [line for line in lines if line in swap.lines and line != "tensorflow"]
    assert [line for line in swap.lines if not line.startswith("tensorflow-cpu")] == untouched
    assert len(lines) == len(swap.lines) + len(swap.dropped)
    assert set(swap.dropped) == {line for line in lines if line.startswith("nvidia-")}


def test_tensorflow_keeps_its_version(stand_in: ModuleType) -> None:
    swap = stand_in.without_gpu(["tensorflow==2.21.0"])
    assert swap.lines == ("tensorflow-cpu==2.21.0",)
    assert swap.replaced == (("tensorflow==2.21.0", "tensorflow-cpu==2.21.0"),)


def test_our_environment_is_in_the_lock_of_development(stand_in: ModuleType) -> None:
    wanted = stand_in.wanted(yaml.safe_load((ROOT / "environment.yml").read_text()))
    swap = stand_in.without_gpu(wanted.pip)
    assert wanted.python == "3.11"
    assert len(swap.lines) > 20
    assert swap.dropped
    found = stand_in.with_hashes(swap.lines, (ROOT / "requirements" / "dev.lock").read_text())
    assert len(re.findall(r"(?m)^[\w.-]+==", found)) == len(swap.lines)
    assert found.count("--hash=") >= len(swap.lines)


def test_a_pin_that_the_lock_has_not_is_refused(stand_in: ModuleType) -> None:
    lock = "numpy==2.4.6 \\\n    --hash=sha256:00\nkeras==3.15.1 \\\n    --hash=sha256:11\n"
    with pytest.raises(stand_in.StandInError, match=r"has not: keras==3\.15\.0;"):
        stand_in.with_hashes(["numpy==2.4.6", "keras==3.15.0"], lock)
    entry = "keras==3.15.1 \\\n    --hash=sha256:11\n"
    assert stand_in.with_hashes(["keras==3.15.1"], lock) == entry


@pytest.mark.parametrize(
    "dependency", ["ffmpeg", "conda-forge::ffmpeg=7.1", "pip=24.0", {"npm": ["x"]}]
)
def test_what_only_conda_could_install_is_refused(stand_in: ModuleType, dependency: object) -> None:
    with pytest.raises(stand_in.StandInError):
        stand_in.wanted({"dependencies": ["python=3.11", dependency]})


@pytest.mark.parametrize(
    ("pin", "version"),
    [
        ("python=3.11", "3.11"),
        ("python==3.11", "3.11"),
        ("python=3.11.*", "3.11"),
        ("python", None),
    ],
)
def test_the_pin_of_python(stand_in: ModuleType, pin: str, version: str | None) -> None:
    assert stand_in.wanted({"dependencies": [pin, "pip"]}).python == version


def test_python_of_repo2dockers_lock(stand_in: ModuleType) -> None:
    lock = "@EXPLICIT\nhttps://host/linux-64/python-3.11.14-h1_1_cpython.conda#0\n"
    assert stand_in.python_of(lock) == "3.11"
    with pytest.raises(stand_in.StandInError, match="names no Python"):
        stand_in.python_of("@EXPLICIT\nhttps://host/noarch/python-dateutil-2.9-0.conda#0\n")


def test_an_unknown_call_is_refused(stand_in: ModuleType) -> None:
    with pytest.raises(stand_in.StandInError, match="mamba search numpy"):
        stand_in.main(["search", "numpy"])


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_the_shell_hook_activates_and_passes_on(
    stand_in: ModuleType, shell: str, tmp_path: Path
) -> None:
    program = tmp_path / "bin" / "mamba"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "called with $*"\n')
    program.chmod(0o755)
    # As repo2docker does it: the words unquoted, in a folder with files that a pattern could match.
    script = (
        'set -e; eval $(printf "%s" "$HOOK"); mamba activate "$PLACE"; micromamba activate;'
        ' echo "$CONDA_PREFIX"; command -v python-of-it; mamba env update; mamba false'
    )
    (tmp_path / "bin" / "python-of-it").write_text("#!/bin/sh\n")
    (tmp_path / "bin" / "python-of-it").chmod(0o755)
    done = subprocess.run(
        [shell, "-c", script], cwd=tmp_path / "bin", capture_output=True, text=True, check=True,
        env={"HOOK": stand_in.HOOK, "PLACE": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.stdout.splitlines() == [
        str(tmp_path),
        f"{tmp_path}/bin/python-of-it",
        "called with env update",
        "called with false",
    ]
