"""Python files of strangers as syntax trees, or as string constants where they do not parse."""

import ast
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from grader.repository.environment import Version

LONGEST_FILE: Final = 128 << 10
"""Characters of a file that is parsed."""
MAX_BRACES: Final = 10_000
"""Opening braces of a file that is parsed; Python needs quadratic time for long f-strings."""
MAX_DOTS: Final = 200
"""Dots of a line with an import; Python needs quadratic memory for long dotted names."""
_PREFIXES: Final = "rRbBuUfF"
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class SyntaxFault:
    """Why a file does not parse."""

    line: int
    message: str


@dataclass(frozen=True)
class Python:
    """A Python file.

    Attributes:
        tree: its syntax tree; None where it does not parse.
        fault: why the Python of the image cannot parse it; None where that can, or is unknown.
        code: its text without comments and docstrings, line numbers stay; where it has no tree.
        strings: line and value of each string constant, where it has no tree.
    """

    tree: ast.Module | None = None
    fault: SyntaxFault | None = None
    code: str = ""
    strings: tuple[tuple[int, str], ...] = field(default=(), repr=False)


def read_python(text: str, version: Version) -> Python:
    """Parse a file.

    Args:
        text: its content.
        version: the image's Python; of Python 2 nothing is said.
    """
    text = text.removeprefix("\ufeff")
    tree, fault = None, None
    if _is_parsable(text):
        own = sys.version_info[1]
        minor = min(max(version[1], 7), own) if version[0] == 3 else own
        tree, fault = _parse(text, minor)
        if tree is None and fault and minor < own:
            tree, _ = _parse(text, own)
    if tree is not None:
        return Python(tree, fault if version[0] == 3 else None)
    code, strings = _scan(text)
    return Python(None, fault if version[0] == 3 else None, code, tuple(strings))


def _is_parsable(text: str) -> bool:
    """Whether the parser reads a text in reasonable time and memory."""
    if len(text) >= LONGEST_FILE or text.count("{") > MAX_BRACES:
        return False
    lines = text.replace("\\\r\n", "").replace("\\\n", "").splitlines()
    return not any(line.count(".") > MAX_DOTS and "import" in line for line in lines)


def _parse(text: str, minor: int) -> tuple[ast.Module | None, SyntaxFault | None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd escapes in strings
            return ast.parse(text, feature_version=(3, minor)), None
    except SyntaxError as fault:
        return None, SyntaxFault(max(1, fault.lineno or 1), fault.msg)
    except ValueError as fault:  # a zero byte
        return None, SyntaxFault(1, str(fault))
    except (RecursionError, MemoryError):  # nested too deep for any Python, or for this one
        return None, None


def _scan(text: str) -> tuple[str, list[tuple[int, str]]]:
    """Code without comments and docstrings, and the strings in it; in one pass."""
    code: list[str] = []
    strings: list[tuple[int, str]] = []
    at, line, fresh = 0, 1, True  # fresh: nothing of the statement was seen yet
    while at < len(text):
        character = text[at]
        if character == "#":
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
            continue
        if character in "\"'":
            quote = character * 3 if text.startswith(character * 3, at) else character
            end = _string_end(text, at + len(quote), quote)
            value = text[at + len(quote) : max(at + len(quote), end - len(quote))]
            if fresh:
                code.append("\n" * text.count("\n", at, end))
            else:
                strings.append((line, value))
                code.append(text[at:end])
            line += text.count("\n", at, end)
            at, fresh = end, False
            continue
        code.append(character)
        line += character == "\n"
        fresh = character == "\n" or (fresh and (character.isspace() or character in _PREFIXES))
        at += 1
    return "".join(code), strings


def _string_end(text: str, at: int, quote: str) -> int:
    """Where a string ends that begins at ``at``; a short one ends with its line at the latest."""
    while at < len(text):
        if text[at] == "\\":
            at += 2
        elif text.startswith(quote, at):
            return at + len(quote)
        elif text[at] == "\n" and len(quote) == 1:
            return at
        else:
            at += 1
    return len(text)


def docstrings(tree: ast.Module) -> set[int]:
    """``id`` of each string that stands as a statement."""
    return {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def is_main_guard(node: ast.AST) -> bool:
    """Whether a statement is ``if __name__ == "__main__":``."""
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Compare)
        and isinstance(node.test.left, ast.Name)
        and node.test.left.id == "__name__"
    )


def walk_without(root: ast.AST, left_out: set[int]) -> Iterator[ast.AST]:
    """All nodes of a tree but those whose ``id`` is left out, and what is below these."""
    pending = [root]
    while pending:
        node = pending.pop()
        yield node
        pending += [
            child for child in reversed(list(ast.iter_child_nodes(node)))
            if id(child) not in left_out
        ]  # fmt: skip


def name_of(node: ast.AST) -> str:
    """Last part of a dotted name: ``call`` for ``subprocess.call``; empty for anything else."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def text_of(node: ast.AST | None) -> str | None:
    """The value of a string constant."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None
