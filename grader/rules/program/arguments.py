"""The clips' folder on the way from the environment through scripts and command lines."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from grader.repository.program import Program, Script, Start
from grader.repository.python import name_of, text_of
from grader.repository.shell import Shell
from grader.rules.program.code import variable_read

VARIABLE: Final = "TEST_DIRECTORY"
_WORD: Final = re.compile(r"\$(?:(\w+)|\{(\w+)(?::?[-=?][^}]*)?\})")
"""A word that is nothing but the value of a variable."""


class Arguments:
    """Which arguments of the command line are the folder."""

    def __init__(self, program: Program) -> None:
        self.variable_changed = False
        self.positions: dict[str, list[bool]] = {}
        self.names: set[str] = set()
        """Names of options and arguments that hold the folder."""
        shells = dict(program.shells)
        words: dict[str, list[list[str]]] = defaultdict(list)
        for name, shell in shells.items():
            held = self._held_by_shell(shell, self.positions.get(name, []))
            for start in program.starts:
                if start.by == name:
                    given = [held(word) for word in start.arguments]
                    before = self.positions.get(start.name)
                    self.positions[start.name] = (
                        [a and b for a, b in zip(before, given, strict=False)] if before else given
                    )
                    words[start.name].append(list(_marked(start, given, held)))
        declared = [
            node
            for script in program.trees
            for node in script.nodes
            if isinstance(node, ast.Call) and name_of(node.func) == "add_argument"
        ]
        stored = {
            node.attr
            for script in program.trees
            for node in script.nodes
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
        }
        self._has_vars = any(
            isinstance(node, ast.Call) and name_of(node.func) == "vars"
            for script in program.trees
            for node in script.nodes
        )
        lists = [given for each in words.values() for given in each]
        self.names = set(_folder_names(declared, lists)) - stored

    def is_folder(self, script: Script, node: ast.AST) -> bool:
        """Whether ``sys.argv[1]`` or ``args.directory`` is the folder."""
        if isinstance(node, ast.Subscript) and name_of(node.value) == "argv":
            index = node.slice.value if isinstance(node.slice, ast.Constant) else None
            positions = self.positions.get(script.name, [])
            return isinstance(index, int) and 0 < index <= len(positions) and positions[index - 1]
        if isinstance(node, ast.Subscript) and self._has_vars:  # vars(args)["directory"]
            return text_of(node.slice) in self.names
        return isinstance(node, ast.Attribute) and node.attr in self.names

    def _held_by_shell(self, shell: Shell, arguments: list[bool]) -> "_Held":
        """A function that tells of a word whether it is the folder."""
        held = _Held({VARIABLE}, arguments)
        changed: set[str] = set()
        for command in shell.commands:
            for word in command.words:
                name, equals, value = word.partition("=")
                if equals and name.isidentifier():
                    (held.names if held(value) else changed).add(name)
        held.names -= changed
        self.variable_changed |= VARIABLE in changed
        return held


@dataclass
class _Held:
    names: set[str]
    arguments: list[bool]

    def __call__(self, word: str) -> bool:
        """Whether a word of a shell script is the folder."""
        found = _WORD.fullmatch(word[:1000])
        name = (found[1] or found[2]) if found else ""
        if name.isdecimal() and len(name) < 3:
            return 0 < int(name) <= len(self.arguments) and self.arguments[int(name) - 1]
        return name in self.names


_FOLDER_MARK: Final = "\0folder"


def _marked(start: Start, given: list[bool], held: _Held) -> Iterator[str]:
    """Words of a command, with a mark for each that is the folder."""
    for word, is_folder in zip(start.arguments, given, strict=True):
        name, equals, value = word.partition("=")
        if is_folder:
            yield _FOLDER_MARK
        elif equals and name.startswith("-"):
            yield name
            yield _FOLDER_MARK if held(value) else "value"
        else:
            yield word


def _folder_names(declared: list[ast.Call], commands: list[list[str]]) -> Iterator[str]:
    """Names of declared options and positional arguments whose value is the folder."""
    positional: list[str] = []
    given = {word for words in commands for word in words}
    before_folder = {
        before for words in commands for before, word in pairwise(words) if word == _FOLDER_MARK
    }
    for call in declared:
        options = [text for text in map(text_of, call.args) if text]
        named = {keyword.arg: text_of(keyword.value) for keyword in call.keywords}
        if not options:
            continue
        name = named.get("dest") or max(options, key=len).lstrip("-").replace("-", "_")
        if not options[0].startswith("-"):
            positional.append(name)
        reads = any(
            keyword.arg == "default" and variable_read(keyword.value) == VARIABLE
            for keyword in call.keywords
        )
        if before_folder & set(options) or (reads and not given & set(options)):
            yield name
    for words in commands:
        plain = [
            word
            for before, word in zip(["", *words], words, strict=False)
            if not word.startswith("-") and not before.startswith("-")
        ]
        for name, word in zip(positional, plain, strict=False):
            if word == _FOLDER_MARK:
                yield name
