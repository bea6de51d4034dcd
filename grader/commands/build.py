"""``build REPO``: an image by repo2docker, as the challenge made it."""

import argparse
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from grader.engines.logs import read_log
from grader.errors import GraderError
from grader.repository.repo2docker import PROGRAM, find_repo2docker
from grader.repository.sources import Source, sources

USER: Final = ("--user-id", "1001", "--user-name", "crowdai")
HOURS: Final = 4.0


@dataclass(frozen=True)
class Builder:
    """How to call repo2docker.

    Attributes:
        program: its path.
        arguments: more arguments, e.g. ``--config FILE``.
        hours: wall time that a build may take.
    """

    program: str
    arguments: tuple[str, ...] = ()
    hours: float = HOURS

    def command(self, source: Source, image: str) -> list[str]:
        """The command line for a source."""
        return [
            self.program, "--no-run", "--debug", *USER, "--image-name", image,
            *self.arguments, str(source.folder),
        ]  # fmt: skip


@dataclass(frozen=True)
class Built:
    """A build: its image, seconds, bytes of the image, or the fault that ended it."""

    image: str
    seconds: float
    size: int = 0
    fault: str = ""


def build(source: Source, builder: Builder, log: Path, image: str | None = None) -> Built:
    """Build the image of a source.

    Args:
        source: what to build.
        builder: how.
        log: gets everything that repo2docker says.
        image: name for the image; one made of the source's name by default.

    Raises:
        GraderError: there is no engine.
    """
    from grader.engines.docker import DockerEngine, docker

    DockerEngine().machine()
    image = image or source.image
    # repo2docker builds nothing where an image of that name exists.
    subprocess.run(["docker", "image", "rm", "--force", image], capture_output=True)
    started = time.monotonic()
    fault = ""
    with log.open("wb") as file:
        try:
            done = subprocess.run(
                builder.command(source, image), stdout=file, stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL, timeout=builder.hours * 3600,
            )  # fmt: skip
            if done.returncode:
                fault = _fault(log)
        except subprocess.TimeoutExpired:
            fault = f"not finished after {builder.hours:g} h"
    seconds = time.monotonic() - started
    if fault:
        return Built(image, seconds, fault=fault)
    found = f"repo2docker ended well, but left no image {image}"
    size = docker("image", "inspect", "--format", "{{.Size}}", image, fault=found)
    return Built(image, seconds, int(size))


def add_build_arguments(parser: argparse.ArgumentParser) -> None:
    """Repository, refs and how repo2docker is called."""
    parser.add_argument("repository", metavar="REPO", help="path or git address")
    parser.add_argument(
        "--ref", metavar="TAG", action="append", default=[],
        help="tag, branch or commit; may be repeated, the newest is taken first",
    )  # fmt: skip
    parser.add_argument(
        "--tags", metavar="N", type=int, default=0,
        help="take the N latest tags (the challenge took 10)",
    )  # fmt: skip
    parser.add_argument("--image-name", metavar="IMAGE", help="name for the image")
    parser.add_argument("--repo2docker", metavar="PROGRAM", help="repo2docker to use")
    parser.add_argument("--config", metavar="FILE", help="configuration file for repo2docker")
    parser.add_argument(
        "--repo2docker-arg", metavar="ARG", action="append", default=[],
        help="pass on to repo2docker, e.g. --repo2docker-arg=--target-repo-dir=/home",
    )  # fmt: skip
    parser.add_argument("--build-hours", type=float, default=HOURS, metavar="H")


def builder_of(arguments: argparse.Namespace) -> Builder:
    """The builder that the arguments ask for.

    Raises:
        GraderError: repo2docker is not there.
    """
    program = find_repo2docker(arguments.repo2docker)
    if program is None:
        raise GraderError(f"{PROGRAM} not found; pip install jupyter-repo2docker")
    config = ("--config", str(Path(arguments.config).resolve())) if arguments.config else ()
    return Builder(program, (*config, *arguments.repo2docker_arg), arguments.build_hours)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command line."""
    add_build_arguments(parser)
    parser.add_argument(
        "--log", metavar="FILE", type=Path, default=Path("build.log"),
        help="gets what repo2docker says (default: %(default)s)",
    )  # fmt: skip


def command(arguments: argparse.Namespace) -> int:
    """Build every ref; 1 when one fails."""
    builder = builder_of(arguments)
    one_name(arguments)
    failed = False
    with sources(arguments.repository, arguments.ref, arguments.tags) as found:
        for source in found:
            print(f"building {source.name} {source.ref} (log: {arguments.log})", flush=True)
            built = build(source, builder, arguments.log, arguments.image_name)
            failed |= bool(built.fault)
            print(describe(built))
    return int(failed)


def one_name(arguments: argparse.Namespace) -> None:
    """Refuse one image name for several images.

    Raises:
        GraderError: so it is.
    """
    if arguments.image_name and len(arguments.ref) + arguments.tags > 1:
        raise GraderError("--image-name is for one ref")


def describe(built: Built) -> str:
    """A build as one line."""
    if built.fault:
        return f"build failed after {built.seconds:.0f} s: {built.fault}"
    return f"built {built.image}, {built.size / 1e6:.0f} MB, in {built.seconds:.0f} s"


def _fault(log: Path) -> str:
    """The line of a build's log that says most about its end."""
    lines = [line.strip() for line in read_log(log).splitlines() if line.strip()]
    telling: Sequence[str] = [line for line in lines if "rror" in line]
    return (telling or lines or ["no message"])[-1][:300]
