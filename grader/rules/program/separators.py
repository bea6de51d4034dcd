"""The clips' folder and a name that are joined without a slash between them."""

import ast
import re
from collections.abc import Iterator
from typing import Final

from grader.repository.files import Repository
from grader.repository.program import Script
from grader.repository.python import name_of
from grader.rules.findings import Finding, warning
from grader.rules.program.code import Part, is_shown, line_of, parts_of
from grader.rules.program.flow import Flow, joined_texts
from grader.text import LONGEST

_SEPARATOR: Final = re.compile(r"sep|slash|delim", re.IGNORECASE)
_FILE: Final = re.compile(r"name|file|clip|track|mp3|song|audio|^f$|^fn$", re.IGNORECASE)
_IN_SHELL: Final = re.compile(
    r"\$(?:TEST_DIRECTORY(?=[*$])|\{TEST_DIRECTORY\}(?=[*$]|\w{0,99}\.mp3))"
)


def separators(repository: Repository) -> Iterator[Finding]:
    """The graders' folder has no slash at its end, so the join names files beside it."""
    program = repository.program
    flow = Flow(program)
    for name, shell in program.shells:
        for command in shell.commands:
            words = (word for word in command.words if len(word) <= LONGEST)
            if not flow.program_changes and any(map(_IN_SHELL.search, words)):
                yield _finding(f"{name}:{command.line}")
    for script in program.trees:
        for node in joined_texts(script):
            if not is_shown(script, node) and _lacks_slash(flow, script, node):
                yield _finding(f"{script.name}:{line_of(node)}")


def _finding(where: str) -> Finding:
    return warning(
        "trailing-slash", where, "joins the clips' folder and a name without a slash between them",
        "use os.path.join; TEST_DIRECTORY has no slash at its end",
    )  # fmt: skip


def _lacks_slash(flow: Flow, script: Script, node: ast.AST) -> bool:
    first, *rest = parts_of(node)
    if isinstance(first, str) or not rest or not flow.is_folder(script, first):
        return False
    following = rest[0]
    texts = "".join(part for part in rest if isinstance(part, str))
    if isinstance(following, str):
        return not following.startswith(("/", "\\")) and ("*" in following or ".mp3" in texts)
    return _is_name(flow, script, following) or (".mp3" in texts and not _may_start(following))


def _may_start(part: Part) -> bool:
    """Whether a part may begin with the slash."""
    return isinstance(part, str) or bool(_SEPARATOR.search(name_of(part))) or not isinstance(
        part, ast.Name | ast.Call | ast.Subscript
    )  # fmt: skip


def _is_name(flow: Flow, script: Script, node: ast.AST) -> bool:
    """Whether an expression is the name of a file: of a loop, or called so."""
    if not isinstance(node, ast.Name) or _SEPARATOR.search(node.id):
        return False
    values = flow.values.of(script, node)
    if any(_starts_with_slash(value.node) for value in values if not value.each):
        return False
    return bool(_FILE.search(node.id)) or (bool(values) and all(value.each for value in values))


def _starts_with_slash(node: ast.AST | None) -> bool:
    if node is None:
        return False
    first = parts_of(node)[0]
    if isinstance(first, str):
        return first.startswith(("/", "\\"))
    return bool(_SEPARATOR.search(name_of(first)))
