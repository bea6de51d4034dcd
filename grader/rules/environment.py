"""``environment.yml`` and ``apt.txt``: do they parse, and say exactly what to install."""

import os
import re
from collections import deque
from collections.abc import Iterator
from typing import Any, Final

from grader.repository.environment import (
    DEFAULT,
    FIRST_SHARED,
    NAME,
    python_version,
    read_pin,
)
from grader.repository.files import Repository
from grader.rules.findings import Finding, error, warning
from grader.text import LONGEST

_IS_PYTHON: Final = re.compile(r"\s*([\w-]{1,100}::)?python\s*([=<>!~\d].*)?$")
_PIP_PIN: Final = re.compile(
    r"[A-Za-z0-9._-]+(\[[\w,.\s-]+\])?\s*===?\s*[^\s*;]+(\s*;.*)?|.+\s@\s.+"
)
_CONDA_PIN: Final = re.compile(r"(\S+::)?[\w.-]+\s*(==?\s*[\w.!+]+(\.\*)?(=\S+)?)")
_HARMLESS_OPTIONS: Final = re.compile(
    r"--(extra-)?index-url|-i\b|--find-links|-f\b|--require-hashes|--only-binary|--no-binary"
    r"|--prefer-binary|--hash"
)
_APT_NAME: Final = re.compile(r"[a-z0-9][a-z0-9.+-]+(=\S+)?")


def environment_yml(repository: Repository) -> Iterator[Finding]:
    """The conda environment: syntax, Python pin, every package pinned."""
    if not repository.has(NAME):
        return
    parsed = repository.environment
    if parsed.problem:
        where = f"{NAME}:{parsed.line}" if parsed.line else NAME
        yield error("environment-not-yaml", where, parsed.problem, "correct the syntax")
        return
    environment = parsed.content
    dependencies = environment.get("dependencies") if isinstance(environment, dict) else None
    if not isinstance(dependencies, list):
        yield error(
            "environment-empty", NAME, "no list of dependencies", "add dependencies: with a list"
        )
        return
    if "prefix" in environment:
        yield warning(
            "environment-prefix", NAME, "names a folder of the machine it was exported on",
            "remove the prefix line",
        )  # fmt: skip
    yield from _python(parsed.conda)
    yield from _conda(parsed.conda)
    sections = [part.get("pip") for part in dependencies if isinstance(part, dict)]
    for section in {id(section): section for section in sections}.values():
        yield from _pip(repository, section)


def apt_txt(repository: Repository) -> Iterator[Finding]:
    """One Debian package name a line."""
    for number, line in _lines(repository.text("apt.txt")):
        if not _fits(_APT_NAME, line):
            yield error(
                "apt-line", f"apt.txt:{number}", f"{line!r} is no package name",
                "write one package name a line, comments on lines of their own",
            )  # fmt: skip


def _python(conda: list[str]) -> Iterator[Finding]:
    pins = [line.strip() for line in conda if _IS_PYTHON.match(line)]
    if not pins:
        yield error(
            "python-pin", NAME, "no Python version", "add python=3.11 (or your version) first"
        )
        return
    pin = read_pin(conda)
    version = python_version(pin)
    if pin in (None, "", "3"):
        yield error(
            "python-pin", NAME, f"repo2docker takes its default Python for {pins[0]!r}",
            "write python=3.11, python=3.11.* or python==3.11.9",
        )  # fmt: skip
    elif version is None:
        yield error(
            "python-pin", NAME, f"repo2docker has no Python {pin} and refuses to build",
            "write a version from 3.7 to 3.14, for instance python=3.11",
        )  # fmt: skip
    elif version < FIRST_SHARED:
        yield warning(
            "python-pin", NAME,
            f"repo2docker installs Python {pin} and the packages behind another Python on PATH:"
            f" python is {DEFAULT[0]}.{DEFAULT[1]} without them",
            'start "$KERNEL_PYTHON_PREFIX/bin/python" in run.sh, or take Python 3.7 or newer',
        )  # fmt: skip


def _conda(conda: list[str]) -> Iterator[Finding]:
    for line in conda:
        name = re.split(r"[\s=<>!~]", line.split("::")[-1].strip(), maxsplit=1)[0]
        # pip and python: the first only installs, the second has its own rule.
        if name not in ("python", "pip") and not _fits(_CONDA_PIN, line.strip()):
            yield warning(
                "unpinned", NAME, f"{line!r} takes whatever version there is",
                f"write {name}=VERSION",
            )  # fmt: skip


def _pip(repository: Repository, section: Any) -> Iterator[Finding]:
    if not isinstance(section, list) or not all(isinstance(line, str) for line in section):
        yield error(
            "environment-empty",
            NAME,
            "the pip section is not a list of names",
            "write a list of package names",
        )
        return
    yield from _requirements(repository, section)


def _requirements(repository: Repository, section: list[str]) -> Iterator[Finding]:
    """Findings in requirements and in the files that they include, each of which is read once."""
    pending = deque((line.strip(), NAME) for line in dict.fromkeys(section))
    read: set[str] = set()
    while pending:
        line, where = pending.popleft()
        included = re.fullmatch(r"(?:-r|--requirement)[ =]?\s*(\S+)", line)
        if not included:
            yield from _requirement(line, where)
        elif not repository.has(included[1]):
            yield error(
                "requirements-missing", where, f"{included[1]} is not there", f"add {included[1]}"
            )
        elif (path := os.path.realpath(repository.root / included[1])) not in read:
            read.add(path)
            joined = re.sub(r"\\\n", " ", repository.text(included[1]))
            pending += [(content, f"{included[1]}:{number}") for number, content in _lines(joined)]


def _requirement(line: str, where: str) -> Iterator[Finding]:
    if line.startswith("-"):
        if not _HARMLESS_OPTIONS.match(line) and not re.match(r"(-c|--constraint)\b", line):
            yield warning("pip-option", where, f"{line!r} is an option, not a package", "remove it")
        return
    requirement = re.split(r"\s--hash|\s#", line, maxsplit=1)[0].strip()
    if not _fits(_PIP_PIN, requirement):
        yield warning(
            "unpinned", where, f"{requirement!r} takes whatever version there is",
            f"write {re.split(r'[<>=!~;@ ]', requirement, maxsplit=1)[0]}==VERSION",
        )  # fmt: skip


def _fits(pattern: re.Pattern[str], text: str) -> bool:
    """Whether a text matches; a long one does not."""
    return len(text) <= LONGEST and bool(pattern.fullmatch(text))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with content, numbered from 1."""
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if line and not line.startswith("#"):
            yield number, line
