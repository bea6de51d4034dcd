"""The image context: which files of a folder ``.dockerignore`` lets through to a build.

Patterns are Docker's: matched against the path from the root, ``*`` and ``?`` stop at a slash,
``**`` does not, a leading ``!`` takes files back in, the last pattern that matches decides, and a
pattern that matches a folder ignores everything below it. Unlike Docker's, ``a**/b`` does not match
``ab``, and three or more ``*`` are two.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from grader.files import walk
from grader.text import LONGEST

MAX_PATTERNS: Final = 1000
"""Patterns of a file that are used."""


@dataclass(frozen=True)
class Pattern:
    """One line of ``.dockerignore``.

    Attributes:
        line: number of the line, from 1.
        text: the line.
        expression: matches the paths; None for a line that is no pattern, longer than 1,000
            characters or after the first 1,000 patterns. It matches nothing.
        ignores: False if the line takes files back in.
    """

    line: int
    text: str
    expression: re.Pattern[str] | None
    ignores: bool


def parse(text: str) -> list[Pattern]:
    """Patterns of a ``.dockerignore``, in order."""
    patterns: list[Pattern] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        path = os.path.normpath(line.lstrip("!").strip()).strip("/")
        if path != ".":
            expression = _compiled(path) if len(patterns) < MAX_PATTERNS else None
            patterns.append(Pattern(number, line, expression, not line.startswith("!")))
        if len(patterns) > MAX_PATTERNS:
            break
    return patterns


def ignored(path: str, patterns: list[Pattern]) -> bool:
    """Whether a path, relative to the root and with ``/``, stays out of the context."""
    for pattern in reversed(patterns):
        if pattern.expression and pattern.expression.match(path):
            return pattern.ignores
    return False


def context_files(root: Path, patterns: list[Pattern]) -> Iterator[Path]:
    """Files, links, pipes and devices of the context, relative to the root.

    Ignored folders are not entered unless some pattern takes files back in.

    Raises:
        GraderError: there are more files than ``grader.files.MAX_FILES``.
    """
    takes_back = any(not pattern.ignores for pattern in patterns)
    for path, _ in walk(root, lambda folder: takes_back or not ignored(folder, patterns)):
        if not ignored(path, patterns):
            yield Path(path)


def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(_expression(pattern)) if len(pattern) <= LONGEST else None
    except re.error:
        return None


def _expression(pattern: str) -> str:
    """Regular expression that takes the first match after each wildcard and never another one.

    That is enough, since what stands between two wildcards has a fixed length, and an earlier end
    leaves more to the next wildcard. An atomic group keeps ``re`` from trying the other matches,
    of which there are exponentially many. All that follows ``**`` up to the next ``**`` is one
    such group, tried at one place after the other.
    """
    pattern = re.sub(r"\*{3,}", "**", pattern)
    pattern = re.sub(r"(\*\*/)+", "**/", pattern)  # means the same
    pattern = re.sub(r"(?<=[^/])\*\*/", "*/**/", pattern)
    expression, star, gap = "", "", ""
    for part in re.findall(r"\[\^?[^]]+\]|\*\*/|\*\*|\*|.", pattern, re.DOTALL):
        if part == "*":
            expression += f"{star}(?>[^/]*?"
            star = ")"
        elif part.startswith("**"):
            expression += f"{star}{gap}(?>" + (".*?" if part == "**" else "(?:[^/]*/)*?")
            star, gap = "", ")"
        else:
            expression += _character(part)
    return f"(?s:{expression}(?:/.*)?\\Z{star}{gap})"


def _character(part: str) -> str:
    """Expression of a pattern's part that stands for one character."""
    if part == "?":
        return "[^/]"
    if not part.startswith("["):
        return re.escape(part)
    if part == "[":
        raise re.error("a [ without its ]")
    negation = "^" if part[1] == "^" else ""
    ranges = re.sub(
        "(.)-(.)|(.)",
        lambda found: "-".join(re.escape(part) for part in found.groups() if part),
        part[1 + len(negation) : -1],
        flags=re.DOTALL,
    )
    return f"(?!/)[{negation}{ranges}]"
