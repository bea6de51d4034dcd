"""The rendered Dockerfile: a stand-in for repo2docker prints what a test wants to have judged."""

import shutil
from pathlib import Path

import pytest

from grader.repository.repo2docker import find_repo2docker
from grader.rules.check import check
from grader.rules.findings import Severity
from tests.grader.conftest import SUBMISSIONS

GOOD = """FROM base
COPY build_script_files/-2fconda-2fenvironment-2epy-2d3-2e11-2dlinux-2d64-2elock /tmp/env
RUN apt-get install --yes libsndfile1 && apt-get clean
RUN mamba env update -p /srv --file "environment.yml"
RUN ./postBuild
ENV R2D_ENTRYPOINT="${REPO_DIR}/start"
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The sound sample, using every file that repo2docker reads."""
    folder = Path(shutil.copytree(SUBMISSIONS / "sound", tmp_path / "repository"))
    (folder / "apt.txt").write_text("libsndfile1\n")
    (folder / "postBuild").write_text("#!/bin/bash\n")
    return folder


def findings(
    repository: Path, script: str, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:  # fmt: skip
    program = repository.parent / "jupyter-repo2docker"
    program.write_text(f"#!/bin/bash\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr("grader.rules.check.find_repo2docker", lambda named: str(program))
    return {
        finding.where: finding.what
        for finding in check(repository)
        if finding.rule == "dockerfile" and finding.severity is Severity.ERROR
    }


def show(dockerfile: str) -> str:
    return f"cat <<'EOF'\n{dockerfile}EOF"


def test_as_expected(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert findings(repository, show(GOOD), monkeypatch) == {}


@pytest.mark.parametrize(
    ("line", "where"),
    [(2, "apt.txt"), (3, "environment.yml"), (4, "postBuild"), (5, "start")],
)
def test_a_file_that_is_not_used(
    repository: Path, monkeypatch: pytest.MonkeyPatch, line: int, where: str
) -> None:
    lines = GOOD.splitlines(keepends=True)
    del lines[line]
    assert list(findings(repository, show("".join(lines)), monkeypatch)) == [where]


@pytest.mark.parametrize("pin", ["python=3.11", "python = 3.11", "python=3.11.9=hb806964_0"])
def test_another_python_than_asked_for(
    repository: Path, monkeypatch: pytest.MonkeyPatch, pin: str
) -> None:
    (repository / "environment.yml").write_text(f"dependencies:\n- {pin}\n")
    found = findings(repository, show(GOOD.replace("2d3-2e11", "2d3-2e10")), monkeypatch)
    assert found == {"environment.yml": "Python 3.11 asked for, 3.10 taken"}


def test_repo2docker_refuses(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = findings(repository, "echo 'no such thing' >&2; exit 1", monkeypatch)
    assert found == {".": "repo2docker refuses: no such thing"}


def test_skipped_with_a_word(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.rules.check.find_repo2docker", lambda named: None)
    assert "dockerfile-skipped" in {finding.rule for finding in check(repository)}


@pytest.mark.skipif(find_repo2docker() is None, reason="repo2docker is not installed")
def test_the_real_one(repository: Path) -> None:
    rules = {finding.rule for finding in check(repository)}
    assert not rules & {"dockerfile", "dockerfile-skipped"}
