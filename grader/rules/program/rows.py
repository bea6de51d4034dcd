"""Tables that will not fit: ids with the suffix of the file, and rows that are dropped."""

import ast
import re
from collections.abc import Iterator
from typing import Final

from grader.repository.files import Repository
from grader.repository.program import Program
from grader.repository.python import name_of, text_of
from grader.rules.findings import Finding, warning
from grader.rules.program.code import line_of

_TAKES_OFF: Final = frozenset(
    {"stem", "splitext", "removesuffix", "with_suffix", "partition", "rpartition", "rfind", "find",
     "index", "rindex", "sub", "match", "fullmatch", "search", "findall", "suffix", "suffixes",
     "strip", "rstrip", "extract", "translate"}
)  # fmt: skip
_PARTS: Final = frozenset(
    {"stem", "suffix", "suffixes", "splitext", "match", "fullmatch", "search", "findall", "isdigit",
     "isdecimal", "isnumeric"}
)  # fmt: skip
"""Names that count wherever they stand, also in ``map(pattern.match, names)``."""
_LISTS: Final = frozenset({"glob", "iglob", "rglob", "iterdir", "listdir", "scandir", "walk"})
_IN_SHELL: Final = re.compile(r"%\.|%\*?\.?mp3|\bbasename\s+\S|\bsed\b|\bawk\b|\bcut\b|\bjq\b")
_FILES: Final = re.compile(r"file|path|clip|mp3|track|song|audio|^fn|^fs$|^t$", re.IGNORECASE)
_MANY: Final = re.compile(
    r"(?:files|paths|clips|mp3s|tracks|songs|names|ids)$|file_?list", re.IGNORECASE
)
"""Names of lists of files. One name, as ``audio``, may be samples, of which the last is no loss."""
_CUT: Final = re.compile(r"(\w{1,60})\[\s?(\w{1,60})\[0\]\s?:\s?\2\[-1\]\s?\]")
_SHOWS: Final = re.compile(r"print\w*|debug|info|warning|warn|error|exception|log|write")
_ADDS: Final = frozenset({"append", "extend", "add", "writerow", "write", "writelines"})
_FILLS: Final = frozenset(
    {
        "setdefault",
        "fromkeys",
        "defaultdict",
        "reindex",
        "fillna",
        "difference",
        "update",
        "merge",
        "where",
    }
)


def id_suffix(repository: Repository) -> Iterator[Finding]:
    """A program that writes ids must somewhere take ``.mp3`` off the names."""
    program = repository.program
    if not program.complete or any(map(_IN_SHELL.search, (s.code for _, s in program.shells))):
        return
    nodes = [(script, node) for script in program.trees for node in script.nodes]
    if any(_is_listing(node) for _, node in nodes) and not any(
        _takes_off(node) for _, node in nodes
    ):
        for script, node in nodes:
            if _is_table(node):
                yield warning(
                    "id-suffix", f"{script.name}:{line_of(node)}",
                    "a table is written, but nothing takes .mp3 off the names of the clips",
                    "write Path(name).stem, or os.path.splitext(name)[0], as file_id",
                )  # fmt: skip
                return


def _is_table(node: ast.AST) -> bool:
    """Whether a node writes a table, or names its first column."""
    if isinstance(node, ast.Call):
        return name_of(node.func) in ("to_csv", "writer", "DictWriter")
    return (text_of(node) or "")[:100].startswith("file_id")


def _takes_off(node: ast.AST) -> bool:
    """Whether an expression may take a suffix off."""
    if isinstance(node, ast.Attribute | ast.Name) and name_of(node) in _PARTS:
        return True
    if isinstance(node, ast.Call) and name_of(node.func) in _TAKES_OFF:
        return True
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
        # A slice from a number that is computed cuts samples or lists, not names.
        computed = not isinstance(node.slice.lower, ast.Constant | None)
        return node.slice.upper is not None and not computed and name_of(node.value) != "argv"
    if isinstance(node, ast.Call) and name_of(node.func) in ("split", "rsplit", "replace"):
        texts = [text_of(argument) for argument in node.args]
        # A separator or a text that is no constant may be anything.
        return not texts or any(text is None or "." in text or "mp3" in text for text in texts[:1])
    return False


def rows_lost(repository: Repository) -> Iterator[Finding]:
    """Files that a loop skips, or that fall off the end of a share."""
    program = repository.program
    for where in dict.fromkeys(_short_cuts(program)):
        yield warning(
            "rows-lost", where, "cuts a share of the files before its last one",
            "cut [first:last + 1], or share with files[number::count]",
        )  # fmt: skip
    for where in dict.fromkeys(_skips(program)):
        yield warning(
            "rows-lost", where, "a file that fails is skipped, so that its row is missing",
            "write a row for it, for instance the share of each genre in the training data",
        )  # fmt: skip


def _short_cuts(program: Program) -> Iterator[str]:
    for script in program.trees:
        for node in script.nodes:
            if isinstance(node, ast.Subscript) and _is_short_cut(node):
                yield f"{script.name}:{line_of(node)}"
    for name, python in program.texts:
        for number, line in enumerate(python.code.splitlines(), 1):
            found = _CUT.search(line[:1000])
            if found and _MANY.search(found[1]):
                yield f"{name}:{number}"


def _is_short_cut(node: ast.Subscript) -> bool:
    """Whether it is ``files[share[0]:share[-1]]``."""
    cut = node.slice
    if not isinstance(cut, ast.Slice) or not _MANY.search(name_of(node.value)):
        return False
    lower, upper = cut.lower, cut.upper
    if not isinstance(lower, ast.Subscript) or not isinstance(upper, ast.Subscript):
        return False
    same = name_of(lower.value) != "" and name_of(lower.value) == name_of(upper.value)
    return same and _number(lower.slice) == 0 and _number(upper.slice) == -1


def _number(node: ast.AST) -> int | None:
    sign = 1
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node, sign = node.operand, -1
    value = node.value if isinstance(node, ast.Constant) else None
    return sign * value if isinstance(value, int) else None


def _skips(program: Program) -> Iterator[str]:
    for script in program.trees:
        lists = [node for node in script.nodes if _is_listing(node)]
        if len(lists) > 1 or any(_fills(node) for node in script.nodes):
            continue  # the rows may come from the other list
        for node in script.nodes:
            if isinstance(node, ast.For) and _is_over_files(node):
                for at, statement in enumerate(node.body):
                    if isinstance(statement, ast.Try) and _loses(node.body, at, statement):
                        handler = statement.handlers[0]
                        yield f"{script.name}:{line_of(handler)}"


def _fills(node: ast.AST) -> bool:
    """Whether rows that are missing may be filled in elsewhere."""
    if isinstance(node, ast.Compare):
        return any(isinstance(operator, ast.NotIn) for operator in node.ops)
    return isinstance(node, ast.Attribute | ast.Name) and name_of(node) in _FILLS


def _is_listing(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and name_of(node.func) in _LISTS


def _is_over_files(loop: ast.For) -> bool:
    targets = loop.target.elts if isinstance(loop.target, ast.Tuple) else [loop.target]
    names = [*map(name_of, targets), name_of(loop.iter)]
    return _is_listing(loop.iter) or any(_FILES.search(name) for name in names if name)


def _loses(body: list[ast.stmt], at: int, tried: ast.Try) -> bool:
    """Whether a failure in a loop over files leaves its file without a row."""
    if not tried.handlers or not all(map(_only_skips, tried.handlers)):
        return False
    inner = (node for statement in tried.body for node in ast.walk(statement))
    if any(isinstance(node, ast.Break | ast.Return) for node in inner):
        return False
    before = any(map(_adds, body[:at]))
    after = any(map(_adds, body[at + 1 :]))
    inside = any(map(_adds, [*tried.body, *tried.orelse]))
    finally_ = any(map(_adds, tried.finalbody))
    handled = (statement for handler in tried.handlers for statement in handler.body)
    goes_on = any(isinstance(statement, ast.Continue) for statement in handled)
    return not before and not finally_ and ((inside and not after) or (goes_on and after))


def _only_skips(handler: ast.ExceptHandler) -> bool:
    return name_of(handler.type or handler) != "KeyboardInterrupt" and all(
        isinstance(statement, ast.Continue | ast.Pass) or _shows(statement)
        for statement in handler.body
    )


def _shows(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.Expr):
        return False
    call = statement.value
    return isinstance(call, ast.Constant) or (
        isinstance(call, ast.Call) and bool(_SHOWS.fullmatch(name_of(call.func)[:100]))
    )


def _adds(statement: ast.stmt) -> bool:
    """Whether a statement adds a row to something."""
    return any(
        (isinstance(node, ast.Call) and name_of(node.func) in _ADDS)
        or isinstance(node, ast.Yield)
        or (isinstance(node, ast.AugAssign) and isinstance(node.value, ast.List | ast.JoinedStr))
        for node in ast.walk(statement)
    )
