"""Everything that each name of a Python program is set to."""

import ast
from collections import defaultdict
from dataclasses import dataclass

from grader.repository.program import Program, Script
from grader.repository.python import Function, name_of

Scope = tuple[str, int]
"""File, and ``id`` of a function; 0 for the file itself."""


@dataclass(frozen=True)
class Value:
    """What a name may hold.

    Attributes:
        script: the file that the expression stands in.
        node: an expression; None where it is unknown.
        each: whether it is each item of the expression.
    """

    script: Script
    node: ast.AST | None
    each: bool = False


class Values:
    """Everything that each name is set to."""

    def __init__(self, program: Program) -> None:
        self.found: dict[tuple[Scope, str], list[Value]] = defaultdict(list)
        self.scopes: dict[int, tuple[int, ...]] = {}
        functions: dict[str, list[tuple[Script, ast.FunctionDef | ast.AsyncFunctionDef]]] = (
            defaultdict(list)
        )
        for script in program.trees:
            for node in script.nodes:
                self._assign(script, node)
                if isinstance(node, Function):
                    functions[node.name].append((script, node))
        calls: dict[str, list[tuple[Script, ast.Call]]] = defaultdict(list)
        for script in program.trees:
            for node in script.nodes:
                if isinstance(node, ast.Call) and name_of(node.func) in functions:
                    calls[name_of(node.func)].append((script, node))
        for name, definitions in functions.items():
            for script, function in definitions:
                # Of functions with the same name it is not known which is called.
                known = calls[name] if len(definitions) == 1 else []
                self._parameters(script, function, known)

    def of(self, script: Script, name: ast.Name | ast.Attribute) -> list[Value]:
        """Values of a name where it stands, or of ``self.name`` in its file."""
        if isinstance(name, ast.Attribute):
            of_self = name_of(name.value) == "self"
            return self.found.get(((script.name, 0), f"self.{name.attr}"), []) if of_self else []
        for scope in self._scopes(script, name):
            if values := self.found.get(((script.name, scope), name.id)):
                return values
        return []

    def _scopes(self, script: Script, node: ast.AST) -> tuple[int, ...]:
        """The functions around a node, the nearest first, and the file."""
        if id(node) not in self.scopes:
            around = (id(outer) for outer in script.around(node) if isinstance(outer, Function))
            self.scopes[id(node)] = (*around, 0)
        return self.scopes[id(node)]

    def _set(self, script: Script, target: ast.AST, value: ast.AST | None, each: bool) -> None:
        if isinstance(target, ast.Name):
            scope = (script.name, self._scopes(script, target)[0])
            self.found[scope, target.id].append(Value(script, value, each))
        elif isinstance(target, ast.Attribute) and name_of(target.value) == "self":
            self.found[(script.name, 0), f"self.{target.attr}"].append(Value(script, value, each))
        elif isinstance(target, ast.Tuple | ast.List):
            for part in target.elts:
                self._set(script, part, None, each)
        elif isinstance(target, ast.Starred):
            self._set(script, target.value, None, each)

    def _assign(self, script: Script, node: ast.AST) -> None:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self._unpack(script, target, node.value)
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
            self._set(script, node.target, node.value, each=False)
        elif isinstance(node, ast.AugAssign):
            self._set(script, node.target, None, each=False)
        elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
            self._loop(script, node.target, node.iter)
        elif isinstance(node, ast.withitem) and node.optional_vars:
            self._set(script, node.optional_vars, None, each=False)

    def _unpack(self, script: Script, target: ast.AST, value: ast.AST) -> None:
        parts = target.elts if isinstance(target, ast.Tuple) else []
        values = value.elts if isinstance(value, ast.Tuple) else _sliced(value, len(parts))
        if parts and len(parts) == len(values):
            for part, single in zip(parts, values, strict=True):
                self._set(script, part, single, each=False)
        else:
            self._set(script, target, value, each=False)

    def _loop(self, script: Script, target: ast.AST, items: ast.AST) -> None:
        counted = isinstance(items, ast.Call) and name_of(items.func) == "enumerate"
        if counted and isinstance(target, ast.Tuple) and len(target.elts) == 2:
            assert isinstance(items, ast.Call)  # noqa: S101 - for the type checker
            self._set(script, target.elts[0], None, each=True)
            self._set(script, target.elts[1], items.args[0] if items.args else None, each=True)
        else:
            self._set(script, target, items, each=True)

    def _parameters(
        self,
        script: Script,
        function: ast.FunctionDef | ast.AsyncFunctionDef,
        calls: list[tuple[Script, ast.Call]],
    ) -> None:
        arguments = function.args
        names = [*arguments.posonlyargs, *arguments.args]
        defaults = dict(
            zip([name.arg for name in reversed(names)], reversed(arguments.defaults), strict=False)
        )
        first = 1 if names[:1] and names[0].arg in ("self", "cls") else 0
        for at, parameter in enumerate(names):
            key = ((script.name, id(function)), parameter.arg)
            if not calls:
                self.found[key].append(Value(script, None))
            for caller, call in calls[:50]:
                given = _argument(call, at - first, parameter.arg)
                self.found[key].append(Value(caller, given or defaults.get(parameter.arg)))
        for parameter in arguments.kwonlyargs:
            self.found[(script.name, id(function)), parameter.arg].append(Value(script, None))


def _sliced(value: ast.AST, count: int) -> list[ast.expr]:
    """Items of ``sys.argv[1:3]``."""
    cut = value.slice if isinstance(value, ast.Subscript) else None
    lower = cut.lower if isinstance(cut, ast.Slice) else None
    first = lower.value if isinstance(lower, ast.Constant) else None
    if not isinstance(value, ast.Subscript) or not isinstance(first, int):
        return []
    return [ast.Subscript(value.value, ast.Constant(first + at), ast.Load()) for at in range(count)]


def _argument(call: ast.Call, at: int, name: str) -> ast.AST | None:
    if any(isinstance(argument, ast.Starred) for argument in call.args):
        return None
    if 0 <= at < len(call.args):
        return call.args[at]
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)
