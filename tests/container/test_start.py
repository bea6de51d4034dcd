"""repo2docker starts every command through ``start``."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

RUN_SH = '#!/bin/bash\nprintf "%s\\n" "$$" "$0" "$@"\nexit 7\n'


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    run_sh = tmp_path / "run.sh"
    run_sh.write_text(RUN_SH)
    run_sh.chmod(0o755)
    return tmp_path


def started(
    repository: Path, *command: str, **more: str
) -> tuple["subprocess.Popen[str]", list[str]]:
    environment = {"PATH": os.environ["PATH"], "HOME": "/nowhere", **more}
    process = subprocess.Popen(
        [ROOT / "start", *command], cwd="/", env=environment, stdout=subprocess.PIPE, text=True
    )
    output, _ = process.communicate(timeout=30)
    return process, output.splitlines()


@pytest.mark.skipif(Path("/home/run.sh").exists(), reason="/home/run.sh is a file of this machine")
def test_the_graders_path_leads_to_the_repository(repository: Path) -> None:
    process, output = started(repository, "/home/run.sh", "two words", "", REPO_DIR=str(repository))
    assert process.returncode == 7
    # The same process: signals of the engine reach the command.
    assert output == [str(process.pid), f"{repository}/run.sh", "two words", ""]


@pytest.mark.skipif(Path("/home/run.sh").exists(), reason="/home/run.sh is a file of this machine")
def test_without_repo_dir_the_home_folder_is_meant(repository: Path) -> None:
    _, output = started(repository, "/home/run.sh", HOME=str(repository))
    assert output[1] == f"{repository}/run.sh"


def test_every_other_command_is_run_as_it_is(repository: Path) -> None:
    process, output = started(repository, "bash", "-c", "echo $0 $1; exit 3", "a*", "/home/run.py")
    assert process.returncode == 3
    assert output == ["a* /home/run.py"]
