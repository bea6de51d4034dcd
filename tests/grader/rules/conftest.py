"""What tests of ``check`` share."""

import shutil
from pathlib import Path

import pytest

from tests.grader.conftest import SUBMISSIONS


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A copy of the sound sample."""
    return Path(shutil.copytree(SUBMISSIONS / "sound", tmp_path / "repository"))


@pytest.fixture(autouse=True)
def _without_repo2docker(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rendering has tests of its own."""
    if request.module.__name__.rpartition(".")[2] != "test_rendered":
        monkeypatch.setattr("grader.rules.check.find_repo2docker", lambda named: None)
