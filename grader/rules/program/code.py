"""How the rules read expressions of Python: texts that are put together, variables, writers."""

import ast
import re
from collections.abc import Iterator
from typing import Final

from grader.repository.program import Program, Script
from grader.repository.python import name_of, text_of
from grader.text import LONGEST

VARIABLES: Final = {
    "TEST_DIRECTORY": "/crowdai-payload",
    "OUTPUT_PATH": "/tmp/output.csv",  # noqa: S108 - the challenge's path
}
"""The challenge's two variables and their values."""
MAX_PARTS: Final = 50
"""Parts of a text that is put together with ``+``."""
_SHOWING: Final = frozenset(
    {"print", "debug", "info", "warning", "warn", "error", "critical", "exception", "log", "exit",
     "add_argument", "echo"}
)  # fmt: skip
_SPECIFIER: Final = re.compile(r"%[-+ 0-9.]{0,9}[sdrfgi]")
_FIELD: Final = re.compile(r"\{\w{0,50}\}")

Part = str | ast.AST


def strings(program: Program) -> Iterator[tuple[str, int, str]]:
    """File, line and value of every string constant of the Python files."""
    for script in program.trees:
        for node in script.nodes:
            if (text := text_of(node)) is not None:
                yield script.name, line_of(node), text
    for name, python in program.texts:
        for line, text in python.strings:
            yield name, line, text


def line_of(node: ast.AST) -> int:
    """Line of an expression or statement."""
    line: int = getattr(node, "lineno", 1)
    return line


def variable_read(node: ast.AST) -> str | None:
    """Name of the environment variable that an expression reads."""
    if isinstance(node, ast.Subscript) and name_of(node.value) == "environ":
        return text_of(node.slice) if isinstance(node.ctx, ast.Load) else None
    if isinstance(node, ast.Call) and node.args:
        function = node.func
        of_environ = isinstance(function, ast.Attribute) and name_of(function.value) == "environ"
        if of_environ or name_of(function) == "getenv":
            return text_of(node.args[0])
    return None


def parts_of(node: ast.AST) -> list[Part]:
    """The parts of a text that is put together, constants as ``str``; one part for other nodes."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        arguments = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
        return _filled(text_of(node.left), _SPECIFIER, arguments) or [node]
    if isinstance(node, ast.Call):
        pattern = text_of(node.func.value) if isinstance(node.func, ast.Attribute) else None
        formats = name_of(node.func) == "format" and not node.keywords
        return (_filled(pattern, _FIELD, node.args) if formats else []) or [node]
    if isinstance(node, ast.JoinedStr):
        return [_value(part) for part in node.values]
    added: list[ast.AST] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and len(added) < MAX_PARTS:
        added.append(node.right)
        node = node.left
    if not added:
        return [_value(node)]
    first = [node] if len(added) >= MAX_PARTS else parts_of(node)
    return [*first, *(part for term in reversed(added) for part in parts_of(term))]


def is_joined(node: ast.AST) -> bool:
    """Whether a node puts a text together from others."""
    return len(parts_of(node)) > 1


def _value(node: ast.AST) -> Part:
    if isinstance(node, ast.FormattedValue):
        return node.value
    text = text_of(node)
    return node if text is None else text


def _filled(text: str | None, field: re.Pattern[str], arguments: list[ast.expr]) -> list[Part]:
    """Pieces of a pattern with the arguments between them; empty where they do not fit."""
    if text is None or len(text) > LONGEST:
        return []
    pieces = field.split(text)
    if len(pieces) != len(arguments) + 1:
        return []
    pairs = zip(pieces, [*map(_value, arguments), ""], strict=True)
    return [part for pair in pairs for part in pair if part != ""]


def is_shown(script: Script, node: ast.AST) -> bool:
    """Whether an expression is only printed, logged, raised or a text of help."""
    for outer in script.around(node):
        if isinstance(outer, ast.Raise | ast.Assert):
            return True
        if isinstance(outer, ast.keyword) and outer.arg in ("help", "description", "epilog"):
            return True
        if isinstance(outer, ast.Call) and name_of(outer.func) in _SHOWING - {"add_argument"}:
            return True
        if isinstance(outer, ast.stmt):
            return False
    return False


def is_tested(script: Script, node: ast.AST) -> bool:
    """Whether a path is only asked for: ``os.path.exists(path)``."""
    outer = next(script.around(node), None)
    return isinstance(outer, ast.Call) and name_of(outer.func) in (
        "exists", "isfile", "isdir", "is_file", "is_dir", "endswith", "startswith",
    )  # fmt: skip
