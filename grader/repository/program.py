"""What ``run.sh`` starts: scripts through scripts, and Python files through their imports."""

import ast
import posixpath
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from grader.repository.environment import Version
from grader.repository.imports import Imports, read_imports
from grader.repository.python import (
    Function,
    Python,
    docstrings,
    is_main_guard,
    read_python,
    text_of,
    walk_without,
)
from grader.repository.shell import Shell, read_shell
from grader.repository.starts import Call, read_calls
from grader.text import LONGEST

ENTRY: Final = "run.sh"
MAX_SCRIPTS: Final = 250
"""Files that are followed."""
MAX_CHARACTERS: Final = 1 << 20
"""Characters of all files that are followed."""
MAX_LOOKUPS: Final = 10_000
"""Names that are looked up without being there."""
MAX_AROUND: Final = 100
MAX_PARTS: Final = 20
"""Parts of a module's dotted name."""
ROUNDS: Final = 3
"""How often functions are looked for that only unused functions call."""
_PYTHON_FIRST_LINE: Final = re.compile(r"#!.{0,200}python")

_OTHER_LANGUAGE: Final = re.compile(r"#!(?!.{0,200}(?:sh|python)[\w.]*(?:\s|$)).")

Reader = Callable[[str], str | None]
"""Text of a file of the repository by its path; None where there is no such file."""


@dataclass(frozen=True)
class Start:
    """A file that is started with arguments.

    Attributes:
        name: the file.
        arguments: words after its name; variables stay as they are written.
        by: the file that starts it.
        by_path: whether the system starts the file itself, by its first line.
    """

    name: str
    arguments: tuple[str, ...]
    by: str
    by_path: bool = False


@dataclass(frozen=True)
class Script:
    """A file that the program runs; either ``shell`` or ``python`` is there.

    Attributes:
        name: path below the repository's root.
        shell: its commands.
        python: its syntax tree or text.
        left_out: ``id`` of each node of the tree that is never run.
        conditional: those, and of each that is run on a condition only.
    """

    name: str
    shell: Shell | None = None
    python: Python | None = None
    left_out: frozenset[int] = frozenset()
    conditional: frozenset[int] = frozenset()

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Nodes of the syntax tree that are run, in the order of the text; no docstrings."""
        return self._walk(self.left_out)

    @cached_property
    def always(self) -> tuple[ast.AST, ...]:
        """Those of ``nodes`` that no condition, and no function under one, keeps from running."""
        return self._walk(self.conditional)

    def _walk(self, left_out: frozenset[int]) -> tuple[ast.AST, ...]:
        tree = self.python.tree if self.python else None
        return tuple(walk_without(tree, set(left_out))) if tree else ()

    @cached_property
    def parents(self) -> dict[int, ast.AST]:
        """The node around each node, by ``id``."""
        return {id(child): node for node in self.nodes for child in ast.iter_child_nodes(node)}

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around a node, the nearest first, a hundred at most."""
        for _ in range(MAX_AROUND):
            parent = self.parents.get(id(node))
            if parent is None:
                return
            yield parent
            node = parent


@dataclass(frozen=True)
class Program:
    """Everything that is run.

    Attributes:
        scripts: the files that were followed, ``run.sh`` first.
        starts: how they are started.
        complete: whether nothing is started that cannot be followed.
    """

    scripts: tuple[Script, ...]
    starts: tuple[Start, ...]
    complete: bool

    @cached_property
    def given(self) -> frozenset[str]:
        """Words of the commands that start files, options without their values."""
        return frozenset(
            word.split("=", 1)[0][:LONGEST] for start in self.starts for word in start.arguments
        )

    @property
    def shells(self) -> Iterator[tuple[str, Shell]]:
        """Name and commands of each shell script."""
        return ((script.name, script.shell) for script in self.scripts if script.shell)

    @property
    def trees(self) -> Iterator[Script]:
        """Each Python file that has a syntax tree."""
        return (script for script in self.scripts if script.python and script.python.tree)

    @property
    def texts(self) -> Iterator[tuple[str, Python]]:
        """Name and text of each Python file that has no syntax tree."""
        return (
            (script.name, script.python)
            for script in self.scripts
            if script.python and not script.python.tree
        )


def read_program(read: Reader, version: Version) -> Program:
    """Follow ``run.sh``.

    Args:
        read: reads a file of the repository.
        version: the image's Python.
    """
    follower = _Follower(read, version)
    follower.add(ENTRY)
    follower.run()
    return follower.program()


class _Follower:
    def __init__(self, read: Reader, version: Version) -> None:
        self.read = read
        self.version = version
        self.scripts: dict[str, Script] = {}
        self.starts: list[Start] = []
        self.started: set[str] = set()
        self.texts: dict[str, str] = {}
        self.roots: dict[str, None] = {"": None}
        self.absent: set[str] = set()
        self.pending: deque[str] = deque()
        self.characters = 0
        self.complete = True

    def add(self, name: str) -> bool:
        """Follow a file; False where there is none."""
        if name in self.texts:
            return True
        if name in self.absent or len(self.absent) >= MAX_LOOKUPS:
            self.complete &= name in self.absent
            return False
        text = self.read(name)
        if text is None:
            self.absent.add(name)
            return False
        self.characters += len(text)
        if len(self.texts) >= MAX_SCRIPTS or self.characters > MAX_CHARACTERS:
            self.complete = False
        else:
            self.texts[name] = text
            self.pending.append(name)
        return True

    def run(self) -> None:
        while self.pending:
            name = self.pending.popleft()
            text = self.texts[name]
            if _OTHER_LANGUAGE.match(text) or ("\0" in text[:1000] and not name.endswith(".py")):
                self.complete = False
            elif name.endswith(".py") or _PYTHON_FIRST_LINE.match(text):
                python = read_python(text, self.version)
                self.scripts[name] = Script(name, python=python)
                self._imports(name, read_imports(python))
            else:
                shell = read_shell(text)
                self.scripts[name] = Script(name, shell=shell)
                self._calls(name, read_calls(shell))

    def _calls(self, name: str, calls: Iterable[Call]) -> None:
        for call in calls:
            targets = (
                _module_places(call.module, ["", *self.roots]) if call.module
                else _places(call.path, [*call.folders, "", posixpath.dirname(name)])
            )  # fmt: skip
            found = next((place for place in targets if self.add(place)), None)
            if found:
                self.started.add(found)
                self.roots.setdefault(posixpath.dirname(found))
                self.starts.append(Start(found, call.arguments, name, call.by_path))
            elif call.certain:
                self.complete = False

    def _imports(self, name: str, imports: Imports) -> None:
        here = posixpath.dirname(name)
        for folder in imports.folders:
            self.roots.setdefault(posixpath.normpath(posixpath.join(here, folder)).lstrip("./"))
        roots = [here, *self.roots]
        for level, module in imports.modules:
            base = here
            for _ in range(level - 1):
                base = posixpath.dirname(base)
            self._module(module, [base] if level else roots, first=0 if level else 1)
        self._calls(name, imports.calls)
        self.complete &= imports.complete

    def _module(self, module: str, roots: Iterable[str], first: int) -> None:
        """Follow a module and the packages around it, from the ``first`` part of its name on."""
        parts = module.split(".", MAX_PARTS)[:MAX_PARTS] if module else []
        for root in roots:
            paths = [posixpath.join(root, *parts[:count]) for count in range(first, len(parts) + 1)]
            names = [name for path in paths for name in (f"{path}.py", f"{path}/__init__.py")]
            found = [self.add(name) for name in names]  # every one of them
            if any(found):
                return

    def program(self) -> Program:
        left_out, conditional = self._left_out(), self._left_out(_conditional)
        scripts = tuple(
            replace(
                script,
                left_out=left_out.get(script.name, frozenset()),
                conditional=conditional.get(script.name, frozenset()),
            )
            for script in self.scripts.values()
        )
        return Program(scripts, tuple(self.starts), self.complete)

    def _left_out(
        self, more: Callable[[ast.Module], set[int]] = lambda _: set()
    ) -> dict[str, frozenset[int]]:
        """``id`` of each node that is not run, for each file; without ``more`` of its tree."""
        trees = {
            name: script.python.tree
            for name, script in self.scripts.items()
            if script.python and script.python.tree
        }
        left_out = {
            name: docstrings(tree)
            | more(tree)
            | (set() if name in self.started else _main_part(tree))
            for name, tree in trees.items()
        }
        given = {
            word.replace("-", "_")
            for start in self.starts
            for word in start.arguments
            if len(word) <= LONGEST
        }
        for _ in range(ROUNDS):
            used = {name for each in trees for name in _used_names(trees[each], left_out[each])}
            used |= given  # python-fire calls the functions that the command line names
            for name, tree in trees.items():
                left_out[name] |= _unused_functions(tree, used)
        return {name: frozenset(ids) for name, ids in left_out.items()}


def _places(path: str, folders: Iterable[str]) -> Iterator[str]:
    """Where a path may lie in the repository."""
    if not path.strip("/."):
        return
    for folder in folders:
        place = posixpath.normpath(posixpath.join(folder, path.lstrip("/")))
        if not place.startswith("..") and place != ".":
            yield place
    yield posixpath.basename(path)


def _module_places(module: str, folders: Iterable[str]) -> Iterator[str]:
    path = module.replace(".", "/")
    for folder in folders:
        yield posixpath.join(folder, path + ".py")
        yield posixpath.join(folder, path, "__main__.py")


def _used_names(tree: ast.Module, left_out: set[int]) -> Iterator[str]:
    """Names that are used by what is run, also as attributes and in strings."""
    for node in walk_without(tree, left_out):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names if alias.asname)
        elif (text := text_of(node)) and text.isidentifier():
            yield text


def _main_part(tree: ast.Module) -> set[int]:
    """``id`` of the part of a file that runs only where the file is started."""
    return {id(node) for node in tree.body if is_main_guard(node)}


def _conditional(tree: ast.Module) -> set[int]:
    """``id`` of each branch of a condition, and of what is done after an error."""
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.IfExp):
            found |= {id(node.body), id(node.orelse)}
        elif isinstance(node, ast.If) and not is_main_guard(node):
            found |= {id(statement) for statement in (*node.body, *node.orelse)}
        elif isinstance(node, ast.ExceptHandler):
            found.add(id(node))
    return found


def _unused_functions(tree: ast.Module, used: set[str]) -> set[int]:
    """``id`` of each function that nothing names, but for decorated ones and methods.

    Methods are called by frameworks; those of python-fire by the command line only.
    """
    nodes = list(ast.walk(tree))
    classes = (node for node in nodes if isinstance(node, ast.ClassDef) and "Fire" not in used)
    methods = {id(child) for node in classes for child in node.body}
    return {
        id(node)
        for node in nodes
        if isinstance(node, Function)
        and id(node) not in methods
        and not node.decorator_list
        and not node.name.startswith("__")
        and node.name not in used
    }
