"""Finds in the log of a failed build which step failed, and its first error."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from grader.logs import LONGEST_QUOTE, last_line, lines

_FAILED: Final = re.compile(r"#(\d+) ERROR: ")
"""BuildKit numbers the steps of a build: ``#7 [3/20] RUN ...``, ``#7 1.5 output``, ``#7 ERROR``."""
_KINDS: Final = {
    r"env update": "environment.yml",
    r"pip install": "requirements.txt",
    r"apt-get install --yes": "apt.txt",
    r"postBuild": "postBuild",
}
"""What a command of repo2docker's Dockerfile is for."""
_ERROR: Final = re.compile(
    r"(?:^|\W)(?:\w*error|\w*exception|fatal|E)\s*(?::|at )|^(?:error|critical)\s+libmamba"
    r"|ResolvePackageNotFound|\*\*\* ",
    re.IGNORECASE,
)
_FAULT: Final = re.compile(
    r"not found|no such file|no space left|cannot|could not|permission denied|killed",
    re.IGNORECASE,
)
"""Of a step without a line that calls itself an error."""
_NOISE: Final = re.compile(
    r"ERROR: Ignored the following|\bwarning\b|subprocess-exited-with-error"
    r"|metadata-generation-failed",
    re.IGNORECASE,
)
"""What pip prints before its error: versions that it did not look at, and that a program failed."""
_UNSOLVED: Final = re.compile(r"could not solve|ResolvePackageNotFound", re.IGNORECASE)
"""The next lines name the packages."""
_TIME: Final = re.compile(r"\d+\.\d+ ")
"""Seconds since the step's beginning, before what the step's command printed."""
_RAISED: Final = re.compile(r"[\w.]+(?:Error|Exception|Exit)(?:$|: )")


def build_fault(log: str) -> str:
    """Why a build failed: the file or command whose step failed, and the step's first error.

    Without a failed step, repo2docker itself failed: the message of its exception.
    """
    failed = next((found[1] for line in lines(log) if (found := _FAILED.match(line))), None)
    if failed is None:
        return _raised(log) or last_line(log)
    prefix = f"#{failed} "
    step = [line.removeprefix(prefix) for line in lines(log) if line.startswith(prefix)]
    printed = [line[found.end() :] for line in step if (found := _TIME.match(line))]
    said = [line.strip() for line in printed if line.strip() and not _NOISE.search(line)]
    error = _first(_ERROR, said) or _first(_FAULT, said) or (said or step)[-1]
    if _UNSOLVED.search(error):
        place = said.index(error)
        error = " ".join(said[place : place + 3])
    return f"{_kind(step[0])}: {error}"[:LONGEST_QUOTE]


def _kind(header: str) -> str:
    """What a step is for, by its line ``[3/20] RUN ...``."""
    command = (header.partition("] ")[2] or header).removeprefix("RUN ")
    return next((kind for found, kind in _KINDS.items() if re.search(found, header)), command[:80])


def _first(pattern: re.Pattern[str], said: Sequence[str]) -> str:
    return next(filter(pattern.search, said), "")


def _raised(log: str) -> str:
    """The last exception of a log, with the indented line behind it; empty without one."""
    raised = ""
    for line, following in _pairs(log):
        if _RAISED.match(line):
            raised = line + (f" {following.strip()}" if following.startswith(" ") else "")
    return raised[:LONGEST_QUOTE]


def _pairs(log: str) -> Iterator[tuple[str, str]]:
    """Each line with the next one."""
    previous = ""
    for line in lines(log):
        yield previous, line
        previous = line
    yield previous, ""
