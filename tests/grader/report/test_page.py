"""The commands of docs/grading.md work, and the tables of docs/grading-rules.md are complete."""

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from grader.judging.verdict import Defect, Verdict
from grader.repository.repo2docker import find_repo2docker
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "grading.md").read_text(encoding="utf-8")
RULES = (ROOT / "docs" / "grading-rules.md").read_text(encoding="utf-8")
NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", "runs", "cache", "graded"
)


def blocks(kind: str) -> list[str]:
    """Code blocks of a kind."""
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A copy of the repository, for commands that write into it."""
    return Path(shutil.copytree(ROOT, tmp_path / "clone", ignore=NOT_COPIED))


def run(clone: Path, script: str, programs: Path | None = None) -> str:
    """Output of a script that must not fail, with this Python as ``python``."""
    first = [str(programs)] if programs else []
    path = os.pathsep.join([*first, str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=clone, capture_output=True, text=True, env={**os.environ, "PATH": path},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_commands_without_an_engine(clone: Path) -> None:
    output = run(clone, "\n".join(blocks("bash")))
    assert ".: clean\n" in output
    assert output.count("verdict   passed") == 1
    assert "| 1 | Sound, scored | 2.7726 | 10.0% |" in output
    assert "| 1 | sound | 2.7726 | 10.0% |" in output


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("base_image")
def test_the_commands_with_an_engine(clone: Path, tmp_path: Path) -> None:
    program = find_repo2docker(os.environ.get("GRADER_REPO2DOCKER"))
    if program is None:
        pytest.skip("NOT TESTED: repo2docker is not installed")
    config = os.environ.get("GRADER_REPO2DOCKER_CONFIG")
    options = f'--config "{config}"' if config else ""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "jupyter-repo2docker").write_text(f'#!/bin/sh\nexec "{program}" {options} "$@"\n')
    (programs / "jupyter-repo2docker").chmod(stat.S_IRWXU)
    labels = blocks("bash")[1]
    output = run(clone, "\n".join([labels, *blocks("bash engine")]), programs)
    assert output.count("verdict   passed") == 2
    assert "| 1 | sound | 2.7726 | 10.0% |" in output


def test_every_verdict_and_defect_is_explained() -> None:
    for verdict in Verdict:
        assert f"\n| {verdict} |" in RULES
    for defect in Defect:
        assert f"`{defect}`" in RULES


def test_every_rule_is_explained() -> None:
    rules = set()
    for path in [
        *(ROOT / "grader" / "rules").glob("*.py"),
        ROOT / "grader" / "judging" / "table.py",
    ]:
        pattern = r'\b(?:error|warning|note|Violation|violation)\(\s*"([a-z-]+)"'
        rules |= set(re.findall(pattern, path.read_text(encoding="utf-8")))
    assert len(rules) > 40
    for rule in rules:
        assert f"`{rule}`" in RULES, rule
