"""A submission's repository, as a check sees it: files as text, never run."""

import os
import stat
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from grader.errors import GraderError
from grader.repository import dockerignore
from grader.repository.environment import (
    DEFAULT,
    NAME,
    Environment,
    python_version,
    read_environment,
    read_pin,
)
from grader.repository.program import Program, read_program
from grader.repository.shell import read_shell
from grader.repository.starts import meant_commands, read_calls

SCRIPT_LIMIT = 1 << 20
"""Bytes: nothing larger is read as a script."""
MAKERS = frozenset(
    {"wget", "curl", "gdown", "git", "tar", "unzip", "gunzip", "gzip", "bzip2", "xz", "cp", "mv"}
)
"""Commands that make files."""


@dataclass(frozen=True)
class Repository:
    """A folder with a submission in it.

    Raises:
        GraderError: on creation through ``at``, there is no such folder.
    """

    root: Path

    @classmethod
    def at(cls, path: Path) -> "Repository":
        """The repository in a folder."""
        if not path.is_dir():
            raise GraderError(f"{path}: no such folder; name the folder of a submission")
        return cls(path.resolve())

    def inside(self, name: str) -> bool:
        """Whether a path, its links followed, stays in the repository.

        What a stranger's link or ``../`` leads to on this machine is not his to have read out.
        """
        try:
            # Path.resolve raises at links that lead to each other.
            return Path(os.path.realpath(self.root / name)).is_relative_to(self.root)
        except ValueError:  # a zero byte
            return False

    def has(self, name: str) -> bool:
        """Whether a file of the repository lies at this path."""
        # Path.is_file raises at names that are too long.
        return self.inside(name) and os.path.isfile(self.root / name)  # noqa: PTH113

    def data(self, name: str) -> bytes:
        """First megabyte of a file; empty where there is none or it cannot be read."""
        if not self.has(name):
            return b""
        try:
            with (self.root / name).open("rb") as file:
                return file.read(SCRIPT_LIMIT)
        except OSError:
            return b""

    def text(self, name: str) -> str:
        """A file as text; empty where it cannot be read, odd bytes replaced."""
        return self.data(name).decode("utf-8", "replace")

    def executable(self, name: str) -> bool:
        """Whether the owner may execute a file."""
        return bool((self.root / name).stat().st_mode & stat.S_IXUSR)

    @cached_property
    def context(self) -> tuple[Path, ...]:
        """Files that reach the image, relative to the root, sorted."""
        return tuple(sorted(dockerignore.context_files(self.root, self.ignore_patterns)))

    @cached_property
    def ignore_patterns(self) -> list[dockerignore.Pattern]:
        """Patterns of ``.dockerignore``."""
        return dockerignore.parse(self.text(".dockerignore"))

    @cached_property
    def environment(self) -> Environment:
        """``environment.yml``, parsed."""
        return read_environment(self.data(NAME))

    @cached_property
    def program(self) -> Program:
        """``run.sh`` and what it starts."""
        version = python_version(read_pin(self.environment.conda)) or DEFAULT
        return read_program(lambda name: self.text(name) if self.has(name) else None, version)

    @cached_property
    def makes_files(self) -> bool:
        """Whether ``postBuild`` may add files to the image: downloads, unpacks, starts others."""
        shell = read_shell(self.text("postBuild"))
        makes = any(
            command.words[0] in MAKERS or set(command.targets) - {"/dev/null"}
            for command in meant_commands(shell)
        )
        return makes or bool(read_calls(shell))


def code_of(script: str) -> str:
    """A script without its comment lines; line numbers stay."""
    return "\n".join("" if line.lstrip().startswith("#") else line for line in script.splitlines())
