"""Where the folder of the clips goes in a program: through options, variables and parameters."""

import ast
from collections.abc import Iterator
from typing import Final

from grader.repository.program import Program, Script
from grader.repository.python import name_of, text_of
from grader.rules.program.arguments import VARIABLE, Arguments
from grader.rules.program.code import VARIABLES, is_joined, parts_of, variable_read
from grader.rules.program.values import Values

_MAX_DEPTH: Final = 15
_SAME: Final = frozenset({"str", "abspath", "realpath", "expanduser", "normpath", "fspath"})
"""Functions whose result has no slash at its end where the argument has none."""
_PATHS: Final = frozenset({"Path", "PosixPath", "PurePath"})
_SAME_PATH: Final = frozenset({"resolve", "absolute", "expanduser"})
_CHANGES: Final = frozenset({"replace", "with_suffix", "rstrip", "removesuffix", "format", "sub"})
_LISTS: Final = frozenset({"glob", "iglob", "rglob", "iterdir"})
_THROUGH: Final = frozenset({"sorted", "list", "tuple", "tqdm", "set", "iter", "reversed"})


class Flow:
    """Answers of each expression whether it is the clips' folder, or a path in it."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.values = Values(program)
        self.arguments = Arguments(program)
        self._known: dict[tuple[str, int], bool] = {}

    def is_folder(self, script: Script, node: ast.AST | None, depth: int = 0) -> bool:
        """Whether a text is the folder as the graders name it: without a slash at its end."""
        return self._ask("folder", script, node, depth)

    def is_directory(self, script: Script, node: ast.AST | None, depth: int = 0) -> bool:
        """Whether a text or a ``Path`` is the folder, with or without a slash."""
        return self._ask("directory", script, node, depth)

    def is_below(self, script: Script, node: ast.AST | None, depth: int = 0) -> bool:
        """Whether a text or a ``Path`` leads to a file in the folder."""
        return self._ask("below", script, node, depth)

    def _ask(self, question: str, script: Script, node: ast.AST | None, depth: int) -> bool:
        if node is None or depth > _MAX_DEPTH:
            return False
        key = (question, id(node))
        if key not in self._known:
            self._known[key] = False  # for a name that is set from itself
            decide = {"folder": self._folder, "directory": self._directory, "below": self._below}
            self._known[key] = decide[question](script, node, depth + 1)
        return self._known[key]

    def _folder(self, script: Script, node: ast.AST, depth: int) -> bool:
        if variable_read(node) == VARIABLE:
            return not self.program_changes
        if self.arguments.is_folder(script, node):
            return True
        if isinstance(node, ast.Name | ast.Attribute):
            return self._all(script, node, "folder", depth)
        if isinstance(node, ast.BoolOp):
            return self._one(script, node.values, depth)
        if isinstance(node, ast.IfExp):
            return self._one(script, [node.body, node.orelse], depth)
        if isinstance(node, ast.Call) and name_of(node.func) in _SAME and len(node.args) == 1:
            return self.is_folder(script, node.args[0], depth)
        return False

    @property
    def program_changes(self) -> bool:
        """Whether a shell script sets the variable anew."""
        return self.arguments.variable_changed

    def _one(self, script: Script, nodes: list[ast.expr], depth: int) -> bool:
        """Whether one of some expressions is the folder, and the others are constants."""
        others = [node for node in nodes if not self.is_folder(script, node, depth)]
        return len(others) < len(nodes) and all(isinstance(node, ast.Constant) for node in others)

    def _all(
        self, script: Script, name: ast.Name | ast.Attribute, question: str, depth: int
    ) -> bool:
        """Whether a name always holds what is asked for, but for constants."""
        values = self.values.of(script, name)
        if not values or len(values) > 50:
            return False
        found = False
        for value in values:
            if value.node is None:
                return False
            if value.each:
                if question != "below" or not self._lists(value.script, value.node, depth):
                    return False
                found = True
            elif self._ask(question, value.script, value.node, depth):
                found = True
            elif not isinstance(value.node, ast.Constant):
                return False
        return found

    def _directory(self, script: Script, node: ast.AST, depth: int) -> bool:
        if (text_of(node) or "").rstrip("/") == VARIABLES[VARIABLE]:
            return True
        if self.is_folder(script, node, depth):
            return True
        if isinstance(node, ast.Name | ast.Attribute):
            return self._all(script, node, "directory", depth)
        if isinstance(node, ast.Call):
            if name_of(node.func) in _PATHS | _SAME and len(node.args) == 1:
                return self.is_directory(script, node.args[0], depth)
            if isinstance(node.func, ast.Attribute) and node.func.attr in _SAME_PATH:
                return self.is_directory(script, node.func.value, depth)
        parts = parts_of(node)
        return len(parts) == 2 and parts[1] == "/" and self._part_is_directory(script, parts, depth)

    def _part_is_directory(self, script: Script, parts: list[str | ast.AST], depth: int) -> bool:
        first = parts[0] if parts else ""
        return not isinstance(first, str) and self.is_directory(script, first, depth)

    def _below(self, script: Script, node: ast.AST, depth: int) -> bool:
        if isinstance(node, ast.Name | ast.Attribute):
            return self._all(script, node, "below", depth)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            return self.is_directory(script, node.left, depth)
        if isinstance(node, ast.Subscript):  # path[:-4], splitext(path)[0]
            return self._below_inside(script, node, depth)
        if isinstance(node, ast.Call):
            return self._below_call(script, node, depth)
        parts = parts_of(node)
        if len(parts) < 2 or isinstance(parts[0], str):
            return False
        return self.is_directory(script, parts[0], depth) or self.is_below(script, parts[0], depth)

    def _below_inside(self, script: Script, node: ast.Subscript, depth: int) -> bool:
        if isinstance(node.slice, ast.Slice):
            whole = node.slice.lower is None
            return whole and self.is_below(script, node.value, depth)
        call = node.value
        cut = isinstance(call, ast.Call) and name_of(call.func) in ("splitext", "rsplit")
        if not cut or not isinstance(node.slice, ast.Constant) or node.slice.value != 0:
            return False
        assert isinstance(call, ast.Call)  # noqa: S101 - for the type checker
        function = call.func
        by_method = isinstance(function, ast.Attribute) and function.attr == "rsplit"
        path = function.value if by_method and isinstance(function, ast.Attribute) else None
        return self.is_below(script, path or (call.args[0] if call.args else None), depth)

    def _below_call(self, script: Script, call: ast.Call, depth: int) -> bool:
        name = name_of(call.func)
        first = call.args[0] if call.args else None
        if name == "join" and len(call.args) > 1:
            return self.is_directory(script, first, depth)
        if name in _PATHS | _SAME and len(call.args) == 1:
            return self.is_below(script, first, depth)
        if name == "sub" and len(call.args) > 2:
            return self.is_below(script, call.args[2], depth)
        if isinstance(call.func, ast.Attribute) and name in _CHANGES | _SAME_PATH:
            return self.is_below(script, call.func.value, depth)
        return False

    def _lists(self, script: Script, node: ast.AST, depth: int) -> bool:
        """Whether an expression lists paths in the folder."""
        if depth > _MAX_DEPTH:
            return False
        if isinstance(node, ast.Name | ast.Attribute):
            values = self.values.of(script, node)
            return bool(values) and len(values) < 50 and all(
                value.node is not None and not value.each
                and self._lists(value.script, value.node, depth + 1)
                for value in values
            )  # fmt: skip
        if not isinstance(node, ast.Call):
            return False
        name = name_of(node.func)
        if name in _THROUGH and node.args:
            return self._lists(script, node.args[0], depth + 1)
        if name not in _LISTS:
            return False
        function = node.func
        if isinstance(function, ast.Attribute) and self.is_directory(script, function.value, depth):
            return True
        pattern = node.args[0] if node.args else None
        return self.is_below(script, pattern, depth) or self.is_folder(script, pattern, depth)


def joined_texts(script: Script) -> Iterator[ast.AST]:
    """Outermost expressions of a file that put a text together."""
    for node in script.nodes:
        if isinstance(node, ast.BinOp | ast.JoinedStr | ast.Call):
            outer = next(script.around(node), None)
            inner = isinstance(outer, ast.BinOp) and isinstance(outer.op, ast.Add)
            if not inner and is_joined(node):
                yield node
