"""What a Python file imports and starts."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from grader.repository.python import Python, name_of, text_of
from grader.repository.shell import Command, read_shell
from grader.repository.starts import Call, calls_of, named_scripts
from grader.text import LONGEST

MAX_DEPTH: Final = 20
STARTERS: Final = frozenset(
    {"system", "popen", "Popen", "call", "check_call", "check_output", "run", "getoutput"}
)
"""Functions of ``os`` and ``subprocess`` that start a command."""
_OWNERS: Final = frozenset({"os", "subprocess", "sp", "commands"})
_IMPORT: Final = re.compile(
    r"^[ \t]*(?:from[ \t]+(\.{0,9})([\w.]{0,200})[ \t]+import[ \t]+(\w{1,200})"
    r"|import[ \t]+([\w.]{1,200}))",
    re.MULTILINE,
)
_STARTS: Final = re.compile(r"\bos\.system\b|\bos\.popen\b|\bsubprocess\b")


@dataclass(frozen=True)
class Imports:
    """What a file leads to.

    Attributes:
        modules: level (0 where absolute) and dotted name.
        folders: folders that it adds to the search path.
        calls: commands that it starts.
        complete: whether nothing else is run by it.
    """

    modules: tuple[tuple[int, str], ...]
    folders: tuple[str, ...]
    calls: tuple[Call, ...]
    complete: bool


def read_imports(python: Python) -> Imports:
    """Imports and commands of a file."""
    if python.tree is None:
        return _imports_of_text(python)
    modules: dict[tuple[int, str], None] = {}
    folders: list[str] = []
    calls: list[Call] = []
    complete = True
    for node in ast.walk(python.tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules.update(dict.fromkeys(_modules(node)))
        elif isinstance(node, ast.Call):
            if is_starter(node):
                calls += [call for command in commands_of(node) for call in calls_of(command)]
            elif isinstance(node.func, ast.Attribute) and name_of(node.func.value) == "path":
                folders += _strings(node) if node.func.attr in ("append", "insert") else []
            elif name_of(node.func) in ("import_module", "__import__", "run_module"):
                name = text_of(node.args[0]) if node.args else None
                modules.update({(0, name): None} if name else {})
                complete &= bool(name)
            elif _runs_text(node):
                calls += [Call(path=name) for name in _strings(node) if name.endswith(".py")]
                complete = False
    level_safe = [(min(level, MAX_DEPTH), name[:LONGEST]) for level, name in modules]
    return Imports(tuple(level_safe), tuple(folders[:MAX_DEPTH]), tuple(calls), complete)


def is_starter(call: ast.Call) -> bool:
    """Whether a call starts a command: ``os.system``, ``subprocess.run``, ``check_call``."""
    function = call.func
    if name_of(function) not in STARTERS:
        return False
    if isinstance(function, ast.Attribute):
        return name_of(function.value) in _OWNERS
    return name_of(function) not in ("run", "call")


def commands_of(call: ast.Call) -> tuple[Command, ...]:
    """The commands that a call starts; ``$()`` for what is no constant."""
    argument = call.args[0] if call.args else None
    if isinstance(argument, ast.List | ast.Tuple):
        words = ("python" if name_of(part) == "executable" else text_of(part) or "$()"
                 for part in argument.elts)  # fmt: skip
        return (Command(call.lineno, tuple(words)),)
    commands = read_shell(_shown(argument)[: 10 * LONGEST]).commands
    return tuple(Command(call.lineno, command.words, command.targets) for command in commands)


def _shown(node: ast.AST | None) -> str:
    """A string expression with ``$()`` for what is no constant."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return re.sub(r"%[sdr]", "$()", text_of(node.left) or "$()")
    if isinstance(node, ast.Call) and name_of(node.func) == "format":
        function = node.func
        value = text_of(function.value) if isinstance(function, ast.Attribute) else None
        return re.sub(r"\{[^{}]{0,50}\}", "$()", value or "$()")
    parts = _added(node)
    return "".join("$()" if text is None else text for text in map(text_of, parts))


def _added(node: ast.AST | None) -> list[ast.AST | None]:
    """The parts of ``a + b + c`` or of an f-string."""
    if isinstance(node, ast.JoinedStr):
        return list(node.values)
    parts: list[ast.AST | None] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts.append(node.right)
        node = node.left
    return [node, *reversed(parts)]


def _modules(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.Import):
        yield from ((0, alias.name) for alias in node.names)
        return
    module = node.module or ""
    yield node.level, module
    for alias in node.names:
        if alias.name != "*":
            yield node.level, f"{module}.{alias.name}".lstrip(".")


def _runs_text(call: ast.Call) -> bool:
    return name_of(call.func) in ("run_path", "execfile") or (
        isinstance(call.func, ast.Name) and call.func.id in ("exec", "eval")
    )


def _strings(node: ast.AST) -> list[str]:
    found = (text_of(part) for part in ast.walk(node))
    return [text for text in found if text and len(text) <= LONGEST]


def _imports_of_text(python: Python) -> Imports:
    modules: dict[tuple[int, str], None] = {}
    for dots, source, name, module in _IMPORT.findall(python.code):
        found = [(0, module)] if module else [(len(dots), source), (len(dots), f"{source}.{name}")]
        modules.update(dict.fromkeys((level, text.strip(".")) for level, text in found))
    starts = bool(_STARTS.search(python.code))
    texts = [text for _, text in python.strings if starts and len(text) <= LONGEST]
    calls = [Call(path=path) for text in texts for path in named_scripts(text)]
    return Imports(tuple(modules), (), tuple(calls), complete=False)
