"""``TEST_DIRECTORY`` and ``OUTPUT_PATH`` must be read, and keep the values of the graders."""

import ast
import re
from collections.abc import Iterator
from typing import Final

from grader.repository.files import Repository, code_of
from grader.repository.program import Program, Script
from grader.repository.python import name_of, text_of
from grader.repository.shell import Shell
from grader.rules.findings import Finding, error
from grader.rules.program.code import VARIABLES, line_of, strings

SOURCES: Final = frozenset({".py", ".sh", ".R", ".r", ".jl", ".js", ".lua", ".ipynb", ".pl", ""})
"""Suffixes of files that may read the two variables."""
_SAYING: Final = frozenset({"echo", "printf", "docker", "nvidia-docker"})
_CONSTANT: Final = re.compile(r"[^$`]*")


def obeys_environment(repository: Repository) -> Iterator[Finding]:
    """Both variables must be read, and no line may replace them."""
    if not repository.has("run.sh"):
        return
    program = repository.program
    read = read_variables(repository)
    values = {value for value in VARIABLES.values() if _names(program, value)}
    for variable, fixed in VARIABLES.items():
        replacements = list(_replacements(program, variable))
        for where, value in replacements:
            yield error(
                "environment-ignored", where, f"sets {variable} to {value!r} whatever it was",
                f"remove the line, or write ${{{variable}:-{value}}}",
            )  # fmt: skip
        if variable not in read and not replacements:
            always = f"; it always uses {fixed}" if fixed in values else ""
            yield error(
                "environment-ignored", "run.sh", f"nothing reads ${variable}{always}",
                f'use "${variable}" in run.sh, in double quotes',
            )  # fmt: skip


def read_variables(repository: Repository) -> set[str]:
    """Which of the two variables the program reads, or may read where that is not known."""
    program = repository.program
    read = set(_read(program))
    if not program.complete and not read >= VARIABLES.keys():
        read |= _named(repository)
    if any(_reads_any(script, node) for script in program.trees for node in script.nodes):
        read |= VARIABLES.keys()
    return read


def _reads_any(script: Script, node: ast.AST) -> bool:
    """Whether variables are read whose names are no constants: ``os.environ[name]``."""
    if isinstance(node, ast.Call) and name_of(node.func) == "getenv":
        return not node.args or text_of(node.args[0]) is None
    if name_of(node) != "environ":
        return False
    outer = next(script.around(node), None)
    if isinstance(outer, ast.Subscript):
        return text_of(outer.slice) is None
    if isinstance(outer, ast.Attribute):
        call = next(script.around(outer), None)
        first = call.args[0] if isinstance(call, ast.Call) and call.args else None
        return outer.attr not in ("update", "clear") and text_of(first) is None
    return not isinstance(outer, ast.Compare)


def _read(program: Program) -> Iterator[str]:
    """Variables that the program reads."""
    for variable in VARIABLES:
        expansion = re.compile(rf"\$\{{?[#!]?{variable}\b")
        for _, shell in program.shells:
            asked = any(
                variable in command.words and ({"printenv", "-v"} & set(command.words))
                for command in shell.commands
            )
            if asked or expansion.search(shell.code):
                yield variable
        for script in program.trees:
            if any(_is_read(script, node, variable, expansion) for node in script.nodes):
                yield variable
        for _, python in program.texts:
            if any(text == variable or expansion.search(text) for _, text in python.strings):
                yield variable


def _is_read(
    script: Script, node: ast.AST, variable: str, expansion: re.Pattern[str]
) -> bool:  # fmt: skip
    text = text_of(node)
    if text is None:
        return False
    outer = next(script.around(node), None) if text == variable else None
    replaced = isinstance(outer, ast.Subscript) and not isinstance(outer.ctx, ast.Load)
    return (text == variable and not replaced) or bool(expansion.search(text))


def _named(repository: Repository) -> set[str]:
    """Variables whose names stand in any source of the image."""
    found: set[str] = set()
    for path in repository.context:
        if path.suffix in SOURCES and not found >= VARIABLES.keys():
            code = code_of(repository.text(str(path)))
            found |= {variable for variable in VARIABLES if variable in code}
    return found


def _names(program: Program, value: str) -> bool:
    return any(value in shell.code for _, shell in program.shells) or any(
        value in text for _, _, text in strings(program)
    )


def _replacements(program: Program, variable: str) -> Iterator[tuple[str, str]]:
    """Place and value of each line that sets a variable to a constant on all conditions."""
    for name, shell in program.shells:
        for line, value in _set_by_shell(shell, variable):
            yield f"{name}:{line}", value
    for script in program.trees:
        for node in script.nodes:
            constant = _set_by_python(node, variable)
            conditional = (isinstance(outer, ast.If | ast.Try) for outer in script.around(node))
            if constant is not None and not any(conditional):
                yield f"{script.name}:{line_of(node)}", constant


def _set_by_shell(shell: Shell, variable: str) -> Iterator[tuple[int, str]]:
    tests = {
        command.line for command in shell.commands if {"[", "[[", "test"} & set(command.words[:3])
    }
    depth = 0
    for command in shell.commands:
        first = command.words[0] if command.words else ""
        depth += (first in ("if", "case")) - (first in ("fi", "esac"))
        for word in command.words:
            value = word.removeprefix(f"{variable}=")
            constant = value != word and _CONSTANT.fullmatch(value)
            if constant and depth <= 0 and command.line not in tests and first not in _SAYING:
                yield command.line, value


def _set_by_python(node: ast.AST, variable: str) -> str | None:
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
        target = node.targets[0]
        if text_of(target.slice) == variable and isinstance(target.value, ast.Attribute):
            return text_of(node.value) if target.value.attr == "environ" else None
    return None
