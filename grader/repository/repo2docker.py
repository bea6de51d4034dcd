"""Calls repo2docker, which builds the image of a repository as the challenge did."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from grader.errors import GraderError
from grader.logs import LogWriter, read_log
from grader.repository.build_log import build_fault
from grader.repository.sources import Source
from grader.text import visible

PROGRAM: Final = "jupyter-repo2docker"
USER: Final = ("--user-id", "1001", "--user-name", "crowdai")
"""The challenge's user in the container."""
HOURS: Final = 4.0
_EXIT_SECONDS: Final = 10.0


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
            return visible(f"build failed after {self.seconds:.0f} s: {self.fault}")
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
        print(visible(f"building {source.name} {source.ref} (log: {log})"), flush=True)
        started = time.monotonic()
        fault = self._run(self.command(source, image), log)
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

    def _run(self, command: Sequence[str], log: Path) -> str:
        """Run repo2docker; returns why it failed, or nothing.

        Raises:
            GraderError: the log cannot be written.
        """
        try:
            log.touch()
        except OSError as error:
            raise GraderError(f"{log}: cannot be written: {error.strerror}") from None
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        assert process.stdout is not None  # noqa: S101 - for the type checker
        writer = LogWriter(process.stdout, log)
        writer.start()
        try:
            code = process.wait(self.hours * 3600)
        except subprocess.TimeoutExpired:
            return f"not finished after {self.hours:g} h"
        finally:
            # repo2docker gets time to remove its files; then what it has started is ended, too.
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_EXIT_SECONDS)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            writer.join(timeout=10)
        return build_fault(read_log(log)) if code else ""
