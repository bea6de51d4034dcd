"""Calls repo2docker, which builds the image of a repository as the challenge did."""

import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from grader.errors import GraderError
from grader.repository.sources import Source

PROGRAM: Final = "jupyter-repo2docker"
USER: Final = ("--user-id", "1001", "--user-name", "crowdai")
"""The challenge's user in the container."""
HOURS: Final = 4.0


def find_repo2docker(program: str | None = None) -> str | None:
    """Path of repo2docker: ``program``, or else on PATH, or else in the folder of this Python."""
    if program is not None:
        return shutil.which(program)
    sibling = Path(sys.executable).with_name(PROGRAM)
    return shutil.which(PROGRAM) or (str(sibling) if sibling.is_file() else None)


@dataclass(frozen=True)
class Build:
    """The result of a build.

    Attributes:
        image: name of the image.
        seconds: wall time.
        size: bytes of the image; 0 where the build failed.
        fault: why the build failed; empty where it did not.
    """

    image: str
    seconds: float
    size: int = 0
    fault: str = ""

    def __str__(self) -> str:
        if self.fault:
            return f"build failed after {self.seconds:.0f} s: {self.fault}"
        return f"built {self.image}, {self.size / 1e6:.0f} MB, in {self.seconds:.0f} s"


@dataclass(frozen=True)
class Builder:
    """How to call repo2docker.

    Attributes:
        program: its path.
        arguments: more arguments, e.g. ``--config FILE``.
        hours: time limit of a build.
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

    def build(self, source: Source, log: Path, image: str | None = None) -> Build:
        """Build the image of a source.

        Args:
            source: repository to build.
            log: file for repo2docker's output.
            image: name for the image; derived from the source's name by default.

        Raises:
            GraderError: repo2docker succeeds without an image.
        """
        image = image or source.image
        # repo2docker does not build where an image of that name exists.
        subprocess.run(["docker", "image", "rm", "--force", image], capture_output=True)
        print(f"building {source.name} {source.ref} (log: {log})", flush=True)
        started, fault = time.monotonic(), ""
        with log.open("wb") as file:
            try:
                done = subprocess.run(
                    self.command(source, image), stdout=file, stderr=subprocess.STDOUT,
                    stdin=subprocess.DEVNULL, timeout=self.hours * 3600,
                )  # fmt: skip
                fault = _fault(log) if done.returncode else ""
            except subprocess.TimeoutExpired:
                fault = f"not finished after {self.hours:g} h"
        seconds = time.monotonic() - started
        if fault:
            return Build(image, seconds, fault=fault)
        size = subprocess.run(
            ["docker", "image", "inspect", "--format", "{{.Size}}", image],
            capture_output=True, text=True,
        )  # fmt: skip
        if size.returncode:
            raise GraderError(f"repo2docker succeeded, but there is no image {image}; see {log}")
        return Build(image, seconds, int(size.stdout))


def _fault(log: Path) -> str:
    """The last line of a build's log that names an error, or else the last line."""
    text = log.read_text(encoding="utf-8", errors="replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "rror" in line]
    return (errors or lines or ["no message"])[-1][:300]
