"""What is made from the locks: the branch for mybinder.org and the audit's verdict."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from tests.conftest import ROOT

LOCK = "numpy==2.4.6 \\\n    --hash=sha256:00\nkeras==3.15.1 \\\n    --hash=sha256:11\n"


def answer(name: str, *flaws: str) -> dict[str, object]:
    return {
        "name": name,
        "version": "1",
        "vulns": [{"id": flaw, "fix_versions": ["2"]} for flaw in flaws],
    }


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([answer("numpy"), answer("keras")], 0),
        ([answer("numpy", "CVE-1"), answer("keras")], 1),
        ([answer("numpy", "CVE-1")], 1),
        ([answer("numpy")], 75),
        ([answer("numpy"), {"name": "keras", "skip_reason": "not found"}], 75),
        ([], 75),
    ],
)
def test_only_an_answer_for_every_package_is_clean(
    audit: ModuleType, entries: list[dict[str, object]], code: int
) -> None:
    assert audit.verdict(json.dumps({"dependencies": entries}), LOCK)[0] == code


def test_no_result_is_no_audit(audit: ModuleType) -> None:
    code, lines = audit.verdict("", LOCK)
    assert code == 75
    assert "NOT AUDITED" in lines[0]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository with our requirements and configuration."""
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    for name in ("environment.yml", ".dockerignore"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    return tmp_path


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=folder, check=True, capture_output=True, text=True, env=IDENTITY
    ).stdout


IDENTITY = os.environ | {
    "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
}  # fmt: skip


def test_the_branch_for_mybinder_has_the_cpu_pins(repository: Path, stand_in: ModuleType) -> None:
    subprocess.run([repository / "requirements/binder.sh"], check=True, env=IDENTITY)
    lines = stand_in.wanted(yaml.safe_load(git(repository, "show", "binder:environment.yml"))).pip
    pips = {line.partition(" ;")[0] for line in lines}  # a marker names platforms
    grader = stand_in.wanted(yaml.safe_load((ROOT / "environment.yml").read_text()))
    cpu = (repository / "requirements" / "cpu.lock").read_text()
    assert set(re.findall(r"^([\w.-]+==[^\s;]+)", cpu, re.MULTILINE)) < pips
    assert {"anywidget", "ipykernel", "matplotlib", "pandas", "voila"} <= names(pips)
    assert names(grader.pip).isdisjoint({"ipykernel", "voila"})
    ignored = git(repository, "show", "binder:.dockerignore").splitlines()
    assert {"!demo", "!notebooks", "!training/results"} <= set(ignored)


def names(pins: Iterable[str]) -> set[str]:
    return {pin.partition("==")[0] for pin in pins}


def test_making_the_branch_touches_nothing_else(repository: Path) -> None:
    before = git(repository, "rev-parse", "main")
    subprocess.run([repository / "requirements/binder.sh", "web"], check=True, env=IDENTITY)
    assert git(repository, "status", "--porcelain") == ""
    assert git(repository, "rev-parse", "HEAD", "web^") == before * 2
    changed = git(repository, "diff", "--name-only", "main", "web").split()
    assert changed == [".dockerignore", "environment.yml"]


def test_uncommitted_pins_are_refused(repository: Path) -> None:
    (repository / "requirements" / "cpu.lock").write_text("numpy==1.0 \\\n")
    done = subprocess.run(
        [repository / "requirements/binder.sh"], env=IDENTITY, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "commit them first" in done.stderr
