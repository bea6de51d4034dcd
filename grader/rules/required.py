"""Files that every submission must have, and files that must not be there."""

import os
from collections.abc import Iterator
from typing import Final

from grader.repository.files import Repository
from grader.rules.findings import Finding, error, warning

LICENCES: Final = ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "LICENCE.txt", "COPYING")
ENVIRONMENTS: Final = (
    "environment.yml", "requirements.txt", "Pipfile", "setup.py", "pyproject.toml",
)  # fmt: skip
WINNERS: Final = ("Dockerfile", "Project.toml", "default.nix", "DESCRIPTION", "install.R")
"""Files that make repo2docker choose another build than environment.yml's."""


def required_files(repository: Repository) -> Iterator[Finding]:
    """Licence, readme, entry and environment."""
    if not any(map(repository.has, LICENCES)):
        yield error(
            "license-missing", "LICENSE", "no licence",
            "add a LICENSE (or the guide's LICENSE.txt) with an open-source licence",
        )  # fmt: skip
    if not any(map(repository.has, ("README.md", "README.rst", "README.txt", "README"))):
        yield warning(
            "readme-missing", "README.md", "no readme",
            "add a README.md with title, authors and a summary of the approach",
        )  # fmt: skip
    if not repository.has("run.sh"):
        yield error("run-missing", "run.sh", "no entry point", "add run.sh, the graders start it")
    elif not repository.executable("run.sh"):
        yield error(
            "run-not-executable", "run.sh", "the execute bit is not set",
            "chmod +x run.sh; git update-index --chmod=+x run.sh",
        )  # fmt: skip
    if not any(map(repository.has, ENVIRONMENTS)):
        yield error(
            "environment-missing", "environment.yml", "nothing tells what to install",
            "add an environment.yml with a Python pin and the packages",
        )  # fmt: skip


def overriding_files(repository: Repository) -> Iterator[Finding]:
    """What makes repo2docker look away from the files at the root."""
    for folder in ("binder", ".binder"):
        if os.path.isdir(repository.root / folder):  # noqa: PTH112 - Path raises at some links
            yield error(
                "binder-folder", f"{folder}/", "repo2docker reads its files from there only",
                f"move what is in {folder}/ to the root and remove the folder",
            )  # fmt: skip
    for name in WINNERS:
        if repository.has(name):
            yield error(
                "build-file-wins", name, "repo2docker builds from it and ignores environment.yml",
                f"remove or rename {name}",
            )  # fmt: skip
    if repository.has("environment.yml"):
        for name in ("requirements.txt", "runtime.txt"):
            if repository.has(name):
                yield warning(
                    "file-ignored", name, "repo2docker ignores it beside environment.yml",
                    f"move its content to environment.yml, or {name} to a folder",
                )  # fmt: skip
