"""Files with weights that the program names must be in the image, unless it writes them."""

import ast
import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from grader.repository.files import Repository
from grader.repository.program import Program, Script
from grader.repository.python import name_of, text_of
from grader.rules.findings import Finding, warning
from grader.rules.program.code import is_shown, is_tested, line_of, parts_of, strings
from grader.rules.program.paths import is_elsewhere, is_given
from grader.rules.program.values import Values
from grader.text import LONGEST

_NAME: Final = re.compile(
    r"[\w./ -]*[\w-]+\.(?:h5|hdf5|keras|pt|pth|ckpt(?:-\d+)?|onnx|tflite|pkl|joblib|npz|bin)"
    r"(?:\.tar|\.gz)?"
)
_IN_SHELL: Final = re.compile(r"(?:\S{1,200}=)?([\w./-]+)")
_WRITERS: Final = re.compile(
    r"(?:np\.)?save\w*|dump|to_\w+|ModelCheckpoint|urlretrieve|write\w*|copy\w*|move|rename|create\w*"
)
_SHELL_WRITERS: Final = frozenset({"cp", "mv", "ln", "wget", "curl", "tar", "rm", "touch", "echo"})
_MOST: Final = 20
"""Parts of a path, and values of a name, that are looked at."""
_TEMPORARY: Final = re.compile("te?mp", re.IGNORECASE)
_FOLDER: Final = re.compile(r"dir|path|folder|root|base|here|home|weights|models?$", re.IGNORECASE)


def weights_named(repository: Repository) -> Iterator[Finding]:
    """Weights that are named by a fixed path must be in the image, or made by ``postBuild``."""
    program = repository.program
    if repository.makes_files:
        return
    present = {path.name for path in repository.context}
    written = set(_written(program))
    for where, weights in dict.fromkeys([*_in_shell(program), *_in_python(program)]):
        base = weights.rsplit("/", 1)[-1]
        if not {base, f"{base}.index", f"{base}.meta"} & present and base not in written:
            yield warning(
                "weights-missing", where, f"{weights} is not in the image",
                "add the file (git lfs pull?), or take it out of .dockerignore",
            )  # fmt: skip


def _weights(text: str | None) -> str:
    """The text, where it is the name of such a file."""
    if not text or len(text) > LONGEST or is_elsewhere(text):
        return ""
    return text if _NAME.fullmatch(text) else ""


def _in_shell(program: Program) -> Iterator[tuple[str, str]]:
    for name, shell in program.shells:
        for command in shell.commands:
            if command.words and command.words[0] in _SHELL_WRITERS | {"[", "[[", "test"}:
                continue
            for word in command.words:
                found = _IN_SHELL.fullmatch(word) if len(word) <= LONGEST else None
                if found and _weights(found[1]):
                    yield f"{name}:{command.line}", found[1]


def _in_python(program: Program) -> Iterator[tuple[str, str]]:
    values = Values(program)
    for script in program.trees:
        for node in script.nodes:
            weights = _weights(text_of(node))
            if not weights or not _is_whole(script, node) or _is_unused(script, node, program):
                continue
            if not _is_temporary(values, script, node):
                yield f"{script.name}:{line_of(node)}", weights
    for name, python in program.texts:
        for line, text in python.strings:
            if weights := _weights(text):
                yield f"{name}:{line}", weights


def _is_whole(script: Script, node: ast.AST) -> bool:
    """Whether a constant is the whole name of a file: nothing but a folder stands before it."""
    outer = next(script.around(node), None)
    if isinstance(outer, ast.BinOp) and isinstance(outer.op, ast.Div):
        return True
    if not isinstance(outer, ast.BinOp | ast.JoinedStr):
        return True
    text = text_of(node) or ""
    parts = parts_of(outer)
    if text not in parts or parts[-1] != text:
        return False
    before = parts[-2] if len(parts) > 1 else "/"
    if isinstance(before, str):
        return before.endswith("/")
    return text.startswith("/") or bool(_FOLDER.search(name_of(before)))


def _is_temporary(values: Values, script: Script, node: ast.AST) -> bool:
    """Whether a file is one of a folder outside of the image, which the program makes."""
    outer = next(script.around(node), None)
    joins = isinstance(outer, ast.BinOp | ast.Call | ast.JoinedStr)
    for inner in islice(ast.walk(outer), _MOST) if outer and joins else ():
        found: list[ast.AST | None] = [inner]
        if isinstance(inner, ast.Name | ast.Attribute):
            found += [value.node for value in values.of(script, inner)[:_MOST]]
        for part in found:
            called = name_of(part.func) if isinstance(part, ast.Call) else ""
            if is_elsewhere(text_of(part) or "") or _TEMPORARY.search(called):
                return True
    return False


def _is_unused(script: Script, node: ast.AST, program: Program) -> bool:
    """Whether the name is only shown or asked for, or is a default that the caller replaces."""
    if is_shown(script, node) or is_tested(script, node):
        return True
    outer = next(script.around(node), None)
    if isinstance(outer, ast.keyword) and outer.arg == "default":
        call = next(script.around(outer), None)
        options = [text_of(part) for part in call.args] if isinstance(call, ast.Call) else []
        return is_given(program, options)
    return isinstance(outer, ast.Compare)


def _written(program: Program) -> Iterator[str]:
    """Names of files that the program writes, or whose existence it asks for first."""
    for _, shell in program.shells:
        for command in shell.commands:
            writes = bool(command.words) and command.words[0] in _SHELL_WRITERS
            for word in (*command.targets, *(command.words if writes else ())):
                yield word.rsplit("/", 1)[-1]
    for script in program.trees:
        inside = _inside_writers(script)
        names = frozenset(
            name_of(node)
            for node in script.nodes
            if isinstance(node, ast.Name | ast.Attribute)
            and (id(node) in inside or is_tested(script, node))
        )
        for node in script.nodes:
            text = text_of(node)
            if text and (id(node) in inside or _assigned(script, node) & names):
                yield text.rsplit("/", 1)[-1]
    for _, _, text in strings(program):
        if text.startswith("http") and len(text) <= LONGEST:
            yield text.rsplit("/", 1)[-1]


def _inside_writers(script: Script) -> set[int]:
    """``id`` of each node in the arguments of a call that writes."""
    inside: set[int] = set()
    for node in script.nodes:
        if isinstance(node, ast.Call) and id(node) not in inside and _is_writer(node):
            inside |= {id(inner) for inner in ast.walk(node)}
    return inside


def _is_writer(call: ast.Call) -> bool:
    name = name_of(call.func)
    if name == "open":
        mode = call.args[1] if len(call.args) > 1 else None
        named = [keyword.value for keyword in call.keywords if keyword.arg == "mode"]
        return any(set(text_of(value) or "") & set("wax") for value in [mode, *named] if value)
    return bool(_WRITERS.fullmatch(name[:LONGEST]))


def _assigned(script: Script, node: ast.AST) -> frozenset[str]:
    """Names that the statement around a constant assigns."""
    for outer in script.around(node):
        if isinstance(outer, ast.Assign):
            return frozenset(filter(None, map(name_of, outer.targets)))
        if isinstance(outer, ast.stmt):
            break
    return frozenset()
