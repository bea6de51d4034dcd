"""Whether the paths of a shell script lead below the folder of the code."""

import re
from typing import Final

from grader.repository.shell import SUBSTITUTION, Shell

_VARIABLE: Final = re.compile(r"\$\{?(\w{1,100})\}?")
_OWN: Final = re.compile(r"dirname|BASH_SOURCE|\$0|\$\{0|\bpwd\b|\$PWD")
"""Stands in a script that finds its own folder."""


class Folders:
    """What is known of the folders of a script."""

    def __init__(self, shell: Shell) -> None:
        lines = shell.code.splitlines()
        self._own_lines = {number for number, line in enumerate(lines, 1) if _OWN.search(line)}
        self._variables: set[str] = set()
        for command in shell.commands:
            for word in command.words if command.line in self._own_lines else ():
                self._variables.add(word.partition("=")[0])
        self.leaves = any(
            command.words[:1] in (("cd",), ("pushd",))
            and not all(self.is_own(word, command.line) for word in command.words)
            for command in shell.commands
        )
        """Whether the script goes to a folder that may not be one of the code."""

    def is_own(self, path: str, line: int) -> bool:
        """Whether a path in a line for sure leads below the folder of the code."""
        first = path.partition("/")[0]
        if first == SUBSTITUTION:
            return line in self._own_lines
        if found := _VARIABLE.fullmatch(first):
            return found[1] in self._variables
        return path.startswith("/home/crowdai") or not path.startswith(("/", "~", "$", ".."))
