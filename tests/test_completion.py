"""The completion of both commands, as a person with a terminal meets it in a real bash."""

import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

PROGRAMS = {"genres": ["predict.py"], "genres-grade": ["-m", "grader"]}


@pytest.fixture(scope="module")
def scripts() -> str:
    """What both commands print for bash."""
    done = [
        subprocess.run(
            [sys.executable, *program, "--print-completion"],
            cwd=ROOT, check=True, capture_output=True, text=True,
        )
        for program in PROGRAMS.values()
    ]  # fmt: skip
    return "".join(each.stdout for each in done)


def typed(folder: Path, keys: str) -> str:
    """What stands in a command line of an interactive bash after some keys."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("NOT TESTED: bash is missing")
    terminal, end = pty.openpty()
    process = subprocess.Popen(
        [bash, "--rcfile", "bashrc", "-i"], cwd=folder, start_new_session=True,
        stdin=end, stdout=end, stderr=end,
        env=os.environ | {"TERM": "dumb", "HOME": str(folder)},
    )  # fmt: skip
    os.close(end)
    os.write(terminal, f"{keys}\nexit\n".encode())
    screen = b""
    try:
        while shown := os.read(terminal, 4096):
            screen += shown
    except OSError:  # the terminal is closed
        pass
    process.wait()
    os.close(terminal)
    line = (folder / "line").read_text()
    assert line, screen
    return line.rstrip("\n")


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ("genres music --rep\t", "music --report"),
        ("genres mu\t", "music/"),
        ("genres --report mu\t", "--report music/"),
        ("genres --list\t --sys\t", "--list-systems --system"),
        ("genres-grade val\t", "validate"),
        ("genres-grade validate --cl\tmu\t", "validate --clips music/"),
        ("genres-grade validate mu\t", "validate music/"),
    ],
)
def test_tab_completes(tmp_path: Path, scripts: str, keys: str, line: str) -> None:
    (tmp_path / "music").mkdir()
    commands = "".join(f'{name}() {{ echo "$*" > line; }}\n' for name in PROGRAMS)
    (tmp_path / "bashrc").write_text(f"{scripts}{commands}")
    assert typed(tmp_path, keys) == line
