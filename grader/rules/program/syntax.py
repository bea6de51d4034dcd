"""Python files that the image's Python cannot parse."""

import sys
from collections.abc import Iterator

from grader.repository.environment import DEFAULT, python_version, read_pin
from grader.repository.files import Repository
from grader.rules.findings import Finding, error, warning


def python_syntax(repository: Repository) -> Iterator[Finding]:
    """A file that does not parse ends the program where it is imported or started."""
    version = python_version(read_pin(repository.environment.conda)) or DEFAULT
    shown = f"{version[0]}.{version[1]}"
    for script in repository.program.scripts:
        fault = script.python.fault if script.python else None
        if fault:
            # This Python may be older than the image's.
            tell = warning if version > sys.version_info[:2] else error
            yield tell(
                "python-syntax", f"{script.name}:{fault.line}",
                f"Python {shown} does not parse it: {fault.message}",
                "correct the line, or pin the Python that it is written for",
            )  # fmt: skip
