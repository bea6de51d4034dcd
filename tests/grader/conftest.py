"""What tests of the grader share."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.engines import docker
from grader.engines.engine import Job, Usage
from grader.engines.limits import Limits
from model.genres import GENRES
from tests.conftest import CLIPS

SUBMISSIONS = Path(__file__).parent / "submissions"
SHORT = "short"
"""Id of the payload's clip that is cut off early."""

MakeJob = Callable[..., Job]


def ignore_progress(seconds: float, usage: Usage) -> None:
    """Progress of a run that is not shown."""


@pytest.fixture
def payload(tmp_path: Path) -> Path:
    """Five sample clips and the first eight kilobytes of another."""
    folder = tmp_path / "payload"
    folder.mkdir()
    clips = sorted(CLIPS.glob("*.mp3"))
    for clip in clips[:5]:
        shutil.copyfile(clip, folder / clip.name)
    (folder / f"{SHORT}.mp3").write_bytes(clips[5].read_bytes()[:8192])
    return folder


@pytest.fixture
def make_job(tmp_path: Path, payload: Path) -> MakeJob:
    """A job with limits that suit the sample submissions."""

    def make(image: str, seconds: float = 60, **environment: str) -> Job:
        limits = Limits(cpus=1, memory=192 << 20, seconds=seconds, processes=64, tmp=32 << 20,
                        disk=64 << 20, gpu=False)  # fmt: skip
        return Job(image, payload, tmp_path / "graded", limits, environment=environment)

    return make


def table_text(*ids: str, values: str = ",".join(["0.0625"] * 16)) -> str:
    """A table with the same odds for every clip."""
    header = ",".join(["file_id", *GENRES])
    return "\n".join([header, *(f"{file_id},{values}" for file_id in ids)]) + "\n"


@pytest.fixture(scope="session")
def base_image() -> str:
    """Name of an image with bash and Python, on an engine that can be reached.

    GRADER_TEST_IMAGE names it; repo2docker's own base is the default.
    """
    image = os.environ.get("GRADER_TEST_IMAGE", "docker.io/library/buildpack-deps:24.04")
    if not docker.reachable():
        pytest.skip("NOT TESTED: no Docker engine; set DOCKER_HOST or start one")
    found = subprocess.run(["docker", "image", "inspect", image], capture_output=True)
    if found.returncode and subprocess.run(["docker", "pull", image]).returncode:
        pytest.skip(f"NOT TESTED: no image {image} to be had; name one with GRADER_TEST_IMAGE")
    return image


@pytest.fixture(scope="session")
def image_of(base_image: str) -> Callable[[str], str]:
    """Makes the image of a sample submission: its files on the base image, nothing installed."""
    recipe = (
        f"FROM {base_image}\nCOPY --chown=1001:1001 . /home/crowdai/\n"
        "USER 1001\nWORKDIR /home/crowdai\n"
    )

    def make(name: str) -> str:
        image = f"grader-test/{name}"
        subprocess.run(
            ["docker", "build", "--quiet", "--tag", image, "--file", "-", SUBMISSIONS / name],
            input=recipe, text=True, check=True, capture_output=True,
        )  # fmt: skip
        return image

    return make
