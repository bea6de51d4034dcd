"""What goes into the image, and what stays out."""

import subprocess
from pathlib import Path

import pytest

from grader.repository.dockerignore import context_files, ignored, parse
from tests.conftest import ROOT

PATTERNS = parse((ROOT / ".dockerignore").read_text())
FOLDERS = {"model", "weights"}
FILES = {
    "LICENSE", "MODEL_CARD.md", "apt.txt", "crowdai.json", "environment.yml", "postBuild",
    "predict.py", "run.sh", "start",
}  # fmt: skip


def test_only_what_a_prediction_needs_goes_into_the_image() -> None:
    found = list(context_files(ROOT, PATTERNS))
    assert {path.parts[0] for path in found if len(path.parts) > 1} == FOLDERS
    assert {str(path) for path in found if len(path.parts) == 1} <= FILES
    assert not [path for path in found if "__pycache__" in path.parts or path.suffix == ".pyc"]


def test_every_file_of_the_product_goes_into_the_image() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", "model", "weights", *FILES],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    if listed.returncode:
        pytest.skip("no git repository here")
    tracked = {Path(name) for name in listed.stdout.split("\0") if name}
    assert tracked
    assert tracked <= set(context_files(ROOT, PATTERNS))


@pytest.mark.parametrize(
    "path",
    [".git/config", ".venv/bin/python", "tests/clips/a.mp3", "cache/a", "submission.csv", "new/a",
     "binder/environment.yml", "model/__pycache__/a.pyc", "model/systems/__pycache__/a.pyc"],
)  # fmt: skip
def test_what_is_not_named_stays_out(path: str) -> None:
    assert ignored(path, PATTERNS)


def test_nothing_makes_repo2docker_ignore_our_environment() -> None:
    rivals = ["Dockerfile", "binder", ".binder", "DESCRIPTION", "install.R", "Project.toml"]
    assert not [name for name in [*rivals, "default.nix"] if (ROOT / name).exists()]
