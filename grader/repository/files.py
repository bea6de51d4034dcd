"""A submission's repository, as a check sees it: files as text, never run."""

import re
import stat
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from grader.errors import GraderError
from grader.repository import dockerignore

SCRIPT_LIMIT = 1 << 20
"""Bytes: nothing larger is read as a script."""


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
        return (self.root / name).resolve().is_relative_to(self.root)

    def has(self, name: str) -> bool:
        """Whether a file of the repository lies at this path."""
        return self.inside(name) and (self.root / name).is_file()

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
        patterns = dockerignore.parse(self.text(".dockerignore"))
        return tuple(sorted(dockerignore.context_files(self.root, patterns)))

    @cached_property
    def entry_scripts(self) -> dict[str, str]:
        """``run.sh`` and what it starts: name -> text.

        Followed: names of scripts that exist in the repository and stand in ``run.sh``.
        """
        scripts = {"run.sh": self.text("run.sh")} if self.has("run.sh") else {}
        for name in re.findall(r"[\w./-]+\.(?:py|sh)\b", code_of(scripts.get("run.sh", ""))):
            for place in (name.lstrip("./"), Path(name).name):
                if place not in scripts and self.has(place):
                    scripts[place] = self.text(place)
                    break
        return scripts


def code_of(script: str) -> str:
    """A script without its comment lines; line numbers stay."""
    return "\n".join("" if line.lstrip().startswith("#") else line for line in script.splitlines())
