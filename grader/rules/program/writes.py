"""Files that the program writes beside its code or among the clips."""

import ast
import re
from collections.abc import Iterator
from typing import Final

from grader.repository.files import Repository
from grader.repository.program import Program, Script
from grader.repository.python import name_of, text_of
from grader.repository.starts import meant_commands
from grader.rules.findings import Finding, note, warning
from grader.rules.program.code import line_of, parts_of
from grader.rules.program.flow import Flow
from grader.rules.program.folders import Folders
from grader.text import LONGEST

_FIRST: Final = frozenset(
    {"save", "savez", "savez_compressed", "savetxt", "makedirs", "mkdir", "to_csv", "to_pickle",
     "to_hdf", "to_json", "imsave", "save_weights", "write_wav", "imwrite"}
)  # fmt: skip
"""Functions whose first argument is the file."""
_SECOND: Final = frozenset({"dump"})
_METHODS: Final = frozenset({"write_text", "write_bytes", "mkdir", "touch"})
"""Methods of a ``Path``."""
_RELATIVE: Final = re.compile(r"(?!https?:|~|/|\\|[A-Za-z]:|-$|$)[^\n{}$]{1,1000}")
_MAX_DEPTH: Final = 10
_CLIPS: Final = re.compile(r"\$\{?TEST_DIRECTORY\b")
_MAKERS: Final = frozenset({"mkdir", "touch"})
_CONVERTERS: Final = frozenset({"cp", "mv", "ffmpeg", "sox", "lame", "mpg123"})
"""Commands whose last argument is a file that they write."""
_BESIDE: Final = re.compile(r"\$\{(\w{1,100})%")
"""``${file%.mp3}.wav``."""


def writes(repository: Repository) -> Iterator[Finding]:
    """What is written into the folder of the code or of the clips."""
    program = repository.program
    flow = Flow(program)
    leaves = any(Folders(shell).leaves for _, shell in program.shells)
    for where, into_payload in dict.fromkeys(_by_shell(program)):
        if into_payload:
            yield _into_payload(where)
        elif not leaves:
            yield _into_code(where)
    for script in program.trees:
        for node in script.nodes:
            path = _written_path(script, node) if isinstance(node, ast.Call) else None
            where = f"{script.name}:{line_of(node)}"
            if path is None:
                continue
            if flow.is_below(script, path):
                yield _into_payload(where)
            elif not leaves and _is_in_code(flow, script, path, 0):
                yield _into_code(where)


def _into_code(where: str) -> Finding:
    return note(
        "writes-into-code", where,
        "writes beside the code: the challenge allows it, a read-only image does not",
    )  # fmt: skip


def _into_payload(where: str) -> Finding:
    return warning(
        "writes-into-payload", where, "writes among the clips, in a read-only folder",
        "write to a folder that tempfile.mkdtemp() or mktemp -d makes",
    )  # fmt: skip


def _by_shell(program: Program) -> Iterator[tuple[str, bool]]:
    """Place of each command that writes into the working directory; whether that is the clips'."""
    for name, shell in program.shells:
        among_clips = False
        clips: set[str] = set()
        for command in meant_commands(shell):
            first, *words = command.words
            if first in ("cd", "pushd"):
                among_clips = any(map(_CLIPS.match, words))
            if first == "for" and any(map(_CLIPS.match, words[2:])):
                clips.add(words[0])
            made = [word for word in words if first in _MAKERS and not word.startswith("-")]
            last = _BESIDE.match(words[-1]) if words and first in _CONVERTERS else None
            files = [*command.targets, *made]
            if any(_RELATIVE.fullmatch(word[: LONGEST + 1]) for word in files):
                yield f"{name}:{command.line}", among_clips
            elif last and last[1] in clips:
                yield f"{name}:{command.line}", True


def _written_path(script: Script, call: ast.Call) -> ast.AST | None:
    """The path that a call writes to."""
    name = name_of(call.func)
    first = call.args[0] if call.args else None
    if name == "open":
        return _opened_path(call)
    if isinstance(call.func, ast.Attribute) and name in _METHODS:
        owner = call.func.value
        if name_of(owner) not in ("os", "Path"):
            return owner
    if name in _FIRST:
        return first
    if name in _SECOND and len(call.args) > 1:
        return call.args[1]
    return None


def _opened_path(call: ast.Call) -> ast.AST | None:
    method = isinstance(call.func, ast.Attribute) and name_of(call.func.value) not in ("io", "gzip")
    path = call.func.value if isinstance(call.func, ast.Attribute) and method else None
    arguments = call.args if path else call.args[1:]
    modes = [text_of(argument) for argument in arguments[:1]]
    modes += [text_of(keyword.value) for keyword in call.keywords if keyword.arg == "mode"]
    if not any(set(mode or "") & set("wax") for mode in modes):
        return None
    return path or (call.args[0] if call.args else None)


def _is_in_code(flow: Flow, script: Script, node: ast.AST | None, depth: int) -> bool:
    """Whether a path is relative to the working directory, or begins where the code lies."""
    if node is None or depth > _MAX_DEPTH:
        return False
    text = text_of(node)
    if text is not None:
        return bool(_RELATIVE.fullmatch(text[: LONGEST + 1]))
    if isinstance(node, ast.Name):
        if node.id == "__file__":
            return True
        values = flow.values.of(script, node)
        return 0 < len(values) < 10 and all(
            not value.each and _is_in_code(flow, value.script, value.node, depth + 1)
            for value in values
        )
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return _is_in_code(flow, script, node.left, depth + 1)
    if isinstance(node, ast.Attribute) and node.attr in ("parent", "parents"):
        return _is_in_code(flow, script, node.value, depth + 1)
    if isinstance(node, ast.Subscript):
        return _is_in_code(flow, script, node.value, depth + 1)
    if isinstance(node, ast.Call):
        return _is_call_in_code(flow, script, node, depth)
    first, *rest = parts_of(node)
    if isinstance(first, str):
        return bool(rest) and "/" in first and bool(_RELATIVE.fullmatch(first[: LONGEST + 1]))
    return bool(rest) and _is_in_code(flow, script, first, depth + 1)


def _is_call_in_code(flow: Flow, script: Script, call: ast.Call, depth: int) -> bool:
    name = name_of(call.func)
    if name in ("join", "dirname", "abspath", "realpath", "Path", "str") and call.args:
        return _is_in_code(flow, script, call.args[0], depth + 1)
    if name == "format" and isinstance(call.func, ast.Attribute):
        text = text_of(call.func.value) or ""
        return bool(_RELATIVE.fullmatch(text.partition("{")[0][:LONGEST])) and "/" in text
    methods = ("resolve", "absolute", "with_name", "with_suffix", "joinpath")
    if isinstance(call.func, ast.Attribute) and name in methods:
        return _is_in_code(flow, script, call.func.value, depth + 1)
    return False
