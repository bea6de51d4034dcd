"""The Dockerfile that repo2docker makes of a repository, where repo2docker is installed."""

import re
import subprocess
from collections.abc import Iterator

from grader.repository.environment import python_version, read_pin
from grader.repository.files import Repository
from grader.rules.findings import Finding, error, note
from grader.text import LONGEST

SECONDS = 60.0


def dockerfile(repository: Repository, program: str | None) -> Iterator[Finding]:
    """``repo2docker --no-build``: it must build from our files, for the challenge's user.

    Args:
        repository: what to render.
        program: path of repo2docker; None where there is none.
    """
    if program is None:
        yield note(
            "dockerfile-skipped", ".", "repo2docker is not installed; its Dockerfile is not checked"
        )
        return
    command = [program, "--no-build", "--user-id", "1001", "--user-name", "crowdai"]
    try:
        rendered = subprocess.run(
            [*command, str(repository.root)],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        yield error(
            "dockerfile",
            ".",
            f"repo2docker takes more than {SECONDS:.0f} s",
            "try repo2docker",
        )
        return
    if rendered.returncode:
        last = (rendered.stderr.strip().splitlines() or ["no message"])[-1]
        yield error(
            "dockerfile", ".", f"repo2docker refuses: {last}", "correct what the message names"
        )
        return
    yield from _expected(repository, rendered.stdout)


def _expected(repository: Repository, text: str) -> Iterator[Finding]:
    packages = repository.text("apt.txt").split("\n", 1)[0].strip()[:LONGEST]
    steps = {
        "environment.yml": r"env update .*--file \S*environment\.yml",
        "apt.txt": r"apt-get install .*" + re.escape(packages if packages[:1] != "#" else ""),
        "postBuild": r"^RUN \S*postBuild",
        "start": r"R2D_ENTRYPOINT=\S*start",
    }
    for name, step in steps.items():
        if repository.has(name) and not re.search(step, text, re.MULTILINE):
            yield error(
                "dockerfile", name, "the Dockerfile that repo2docker makes does not use it",
                "look for a file that wins over it (Dockerfile, binder/, another language's)",
            )  # fmt: skip
    version = python_version(read_pin(repository.environment.conda))
    # The lock that is copied into the image is named by its Python, with signs as hex numbers.
    locks = re.findall(r"environment-2epy-2d(\d+)-2e(\d+)", text)
    taken = [f"{major}.{minor}" for major, minor in locks]
    asked = "{}.{}".format(*version) if version else ""
    if taken and asked and asked not in taken:
        yield error(
            "dockerfile", "environment.yml",
            f"Python {asked} asked for, {taken[0]} taken", "write the pin as python=3.11",
        )  # fmt: skip
