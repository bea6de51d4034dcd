"""The image context: which files of a folder ``.dockerignore`` lets through to a build.

Patterns are Docker's: matched against the path from the root, ``*`` and ``?`` stop at a slash,
``**`` does not, a leading ``!`` takes files back in, the last pattern that matches decides, and a
pattern that matches a folder limitations everything below it.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_TOKENS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


@dataclass(frozen=True)
class Pattern:
    """One line of ``.dockerignore``."""

    expression: re.Pattern[str]
    ignores: bool


def parse(text: str) -> list[Pattern]:
    """Patterns of a ``.dockerignore``, in order."""
    patterns = []
    for raw in text.splitlines():
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        ignores = not line.startswith("!")
        path = os.path.normpath(line.lstrip("!").strip()).strip("/")
        if path != ".":
            patterns.append(Pattern(re.compile(_expression(path) + "(?:/.*)?"), ignores))
    return patterns


def ignored(path: str, patterns: list[Pattern]) -> bool:
    """Whether a path, relative to the root and with ``/``, stays out of the context."""
    verdict = False
    for pattern in patterns:
        if pattern.expression.fullmatch(path):
            verdict = pattern.ignores
    return verdict


def context_files(root: Path, patterns: list[Pattern]) -> Iterator[Path]:
    """Files and links of the context, relative to the root.

    Ignored folders are not entered unless some pattern takes files back in.
    """
    takes_back = any(not pattern.ignores for pattern in patterns)
    for place, folders, names in os.walk(root):
        here = Path(place).relative_to(root)
        for folder in list(folders):
            path = (here / folder).as_posix()
            if (root / path).is_symlink():
                folders.remove(folder)
                names.append(folder)
            elif not takes_back and ignored(path, patterns):
                folders.remove(folder)
        for name in names:
            if not ignored((here / name).as_posix(), patterns):
                yield here / name


def _expression(pattern: str) -> str:
    pattern = re.sub(r"(\*\*/)+", "**/", pattern)  # says the same, and matches fast
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[^]]*\])", pattern)
    return "".join(
        _TOKENS.get(part) or (part if part.startswith("[") else re.escape(part)) for part in parts
    )
