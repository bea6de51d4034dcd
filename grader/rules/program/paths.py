"""Absolute paths in code that runs: of a developer's machine, or the challenge's own."""

import ast
import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from grader.repository.files import Repository
from grader.repository.program import Program, Script
from grader.repository.python import Python, name_of, text_of
from grader.repository.shell import Command, Shell
from grader.rules.findings import Finding, warning
from grader.rules.program.code import (
    VARIABLES,
    is_shown,
    line_of,
    parts_of,
)
from grader.rules.program.variables import read_variables
from grader.text import LONGEST

_OTHERS: Final = re.compile(
    r"/Users/\w|/home/(?!crowdai\b)\w|/(?:mnt|root|media)(?:/|$)|/data/|[A-Za-z]:[\\/](?!/)"
)
"""Begin of a path that the image does not have; ``/data`` alone may be a key of an HDF5 file."""
_CHALLENGE: Final = re.compile(r"(?:/crowdai-payload|/tmp/output\.csv)(?:/|$)")
_EXPANSION: Final = re.compile(r"\$\{[^}]*\}")
_QUIET: Final = frozenset({"echo", "printf", "[", "[[", "test", "docker", "nvidia-docker", "case"})
_FALLBACK: Final = re.compile(r"getenv|environ|default|\bor\b|\bif\b|add_argument|print")

_OPENS: Final = re.compile(
    r"open|listdir|scandir|walk|i?glob|rglob|iterdir|chdir|fromfile|genfromtxt|imread|load\w*"
    r"|read_\w+|\w*File"
)
"""Functions that look for a file or a folder."""
_PASSES: Final = frozenset(
    {"join", "Path", "str", "abspath", "realpath", "expanduser", "resolve", "format", "sorted"}
)
"""Functions whose result still is the path."""
_ROUNDS: Final = 3
_MAX_DEPTH: Final = 10

Place = tuple[str, str]
"""Where, and the path that is written there."""


def fixed_paths(repository: Repository) -> Iterator[Finding]:
    """Paths that do not exist in the image, or that stand for the two variables."""
    read = read_variables(repository)
    for where, path in dict.fromkeys(_places(repository.program)):
        if _CHALLENGE.match(path):
            variable = next(name for name, value in VARIABLES.items() if path.startswith(value))
            if variable in read:
                continue  # the path is a default, or a part of an experiment
            yield warning(
                "fixed-path", where, f"{path} is written instead of the value of {variable}",
                f"read {variable}; {path} may be its default only",
            )  # fmt: skip
        else:
            yield warning(
                "fixed-path", where, f"{path} is not in the image",
                "add the file to the repository, and name it from the folder of the script",
            )  # fmt: skip


def _places(program: Program) -> Iterator[Place]:
    for name, shell in program.shells:
        yield from ((f"{name}:{line}", path) for line, path in _in_shell(shell))
    written = [
        (script, node, path)
        for script in program.trees
        for node in script.always
        if (path := _path(text_of(node))) and _counts(script, node, program)
    ]
    opened = _opened_names(program) if written else set()
    for script, node, path in written:
        if _is_opened(script, node, opened):
            yield f"{script.name}:{line_of(node)}", path
    for name, python in program.texts:
        yield from ((f"{name}:{line}", path) for line, path in _in_text(python))


def is_elsewhere(path: str) -> bool:
    """Whether a path is one of a developer's machine, or of the system."""
    return bool(_OTHERS.match(path)) or path.startswith(("/dev/", "/tmp", "/proc/"))  # noqa: S108


def _path(text: str | None) -> str:
    """The text, where it is a fixed path."""
    if text is None or len(text) > LONGEST or "\n" in text:
        return ""
    return text if _OTHERS.match(text) or _CHALLENGE.match(text) else ""


def _in_shell(shell: Shell) -> Iterator[tuple[int, str]]:
    for command in shell.commands:
        if command.end == "||":  # it may fail
            continue
        words = [word for word in _words(command) if len(word) <= LONGEST]
        for word in words:
            bare = _EXPANSION.sub("$", word)
            value = bare.partition("=")[2] if re.match(r"[\w-]{1,100}=", bare) else bare
            # TEST_DIRECTORY=/data has a rule of its own.
            if (path := _path(value)) and not bare.startswith(tuple(f"{v}=" for v in VARIABLES)):
                yield command.line, path


def _words(command: Command) -> tuple[str, ...]:
    quiet = bool(command.words) and command.words[0] in _QUIET
    return command.targets if quiet else (*command.words, *command.targets)


def _counts(script: Script, node: ast.AST, program: Program) -> bool:
    """Whether a path is used where it stands."""
    outer = next(script.around(node), None)
    if is_shown(script, node) or isinstance(outer, ast.Subscript) or _is_later_part(outer, node):
        return False
    if isinstance(outer, ast.keyword) and outer.arg == "default":
        return not _is_passed(script, outer, program)
    return True


def _opened_names(program: Program) -> set[str]:
    """Names of variables and options whose values are opened, here or by way of others."""
    names = [
        (script, node)
        for script in program.trees
        for node in script.nodes
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load)
    ]
    opened: set[str] = set()
    for _ in range(_ROUNDS):
        opened |= {name_of(node) for script, node in names if _is_opened(script, node, opened)}
    return opened


def _is_opened(script: Script, node: ast.AST, opened: set[str]) -> bool:
    """Whether an expression reaches a call that opens, lists or loads it."""
    for outer in islice(script.around(node), _MAX_DEPTH):
        name = name_of(outer.func) if isinstance(outer, ast.Call) else ""
        if _OPENS.fullmatch(name[:LONGEST]):
            return True
        if name == "add_argument":
            assert isinstance(outer, ast.Call)  # noqa: S101 - for the type checker
            options = (text_of(option) or "" for option in outer.args)
            return any(option.lstrip("-").replace("-", "_") in opened for option in options)
        if isinstance(outer, ast.Assign):
            return any(name_of(target) in opened for target in outer.targets)
        if isinstance(outer, ast.stmt | ast.Dict | ast.Compare) or (name and name not in _PASSES):
            return False
    return False


def _is_later_part(outer: ast.AST | None, node: ast.AST) -> bool:
    """Whether something stands before the text."""
    if isinstance(outer, ast.BinOp | ast.JoinedStr):
        return parts_of(outer)[:1] != [text_of(node)]
    return False


def _is_passed(script: Script, default: ast.keyword, program: Program) -> bool:
    """Whether the option with this default is given on the command line."""
    call = next(script.around(default), None)
    options = [text_of(argument) for argument in call.args] if isinstance(call, ast.Call) else []
    return is_given(program, options)


def is_given(program: Program, options: list[str | None]) -> bool:
    """Whether one of the options stands in a command that starts a file."""
    return any(option in program.given for option in options if option)


def _in_text(python: Python) -> Iterator[tuple[int, str]]:
    lines = python.code.splitlines()
    for line, text in python.strings:
        around = lines[line - 1][:LONGEST] if line <= len(lines) else ""
        if (path := _path(text)) and not _FALLBACK.search(around):
            yield line, path
