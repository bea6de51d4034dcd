"""Which files reach the image."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.repository.dockerignore import context_files, ignored, parse


@pytest.mark.parametrize(
    ("patterns", "path", "stays_out"),
    [
        ("data", "data", True),
        ("data", "data/a/b.npy", True),
        ("data", "model/data", False),
        ("/data/", "data/a", True),
        ("**/data", "model/deep/data/a", True),
        ("**/data", "data", True),
        ("*.npy", "a.npy", True),
        ("*.npy", "data/a.npy", False),
        ("**/*.npy", "data/a.npy", True),
        ("data/*/x", "data/a/x", True),
        ("data/*/x", "data/a/b/x", False),
        ("data/**", "data/a/b/x", True),
        ("?.txt", "a.txt", True),
        ("?.txt", "ab.txt", False),
        ("[ab].txt", "a.txt", True),
        ("[ab].txt", "c.txt", False),
        ("[^ab].txt", "c.txt", True),
        ("[a-c].txt", "b.txt", True),
        ("[*].txt", "*.txt", True),
        ("[[-].txt", "-.txt", True),
        ("x[^a]y", "x/y", False),
        ("**b*c/d", "ab/xbc/d", True),
        ("*a", "aa", True),
        ("a**", "a/b", True),
        ("*.md\n!README.md", "README.md", False),
        ("!README.md\n*.md", "README.md", True),
        ("# data\n\n  ", "data", False),
        ("a.b", "axb", False),
        (".", "data", False),
    ],
)
def test_patterns(patterns: str, path: str, stays_out: bool) -> None:
    assert ignored(path, parse(patterns)) is stays_out


def test_context_files(tmp_path: Path) -> None:
    for name in ("run.sh", "data/big.npy", "data/keep/labels.csv", "model/net.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "link").symlink_to("model")
    every = {"run.sh", "data/big.npy", "data/keep/labels.csv", "model/net.py", "link"}

    def names(text: str) -> set[str]:
        return {path.as_posix() for path in context_files(tmp_path, parse(text))}

    assert names("") == every
    assert names("data") == every - {"data/big.npy", "data/keep/labels.csv"}
    assert names("data\n!data/keep") == every - {"data/big.npy"}


@pytest.mark.parametrize("line", ["[z-a]", "[", "a[]", "a[^]", "x" * 1001, "a-[b--a]"])
def test_what_is_no_pattern_takes_nothing_out(line: str) -> None:
    patterns = parse(f"data\n{line}\n")
    assert [(pattern.line, pattern.expression is None) for pattern in patterns] == [
        (1, False), (2, True)
    ]  # fmt: skip
    assert not ignored("a", patterns)


def test_patterns_after_the_first_thousand_are_not_used() -> None:
    patterns = parse("data\n" * 100_000)
    assert [pattern.expression is None for pattern in patterns] == [False] * 1000 + [True]


@pytest.mark.parametrize("wildcard", ["*", "**", "**/", "*/", "?*"])
def test_many_wildcards_end(wildcard: str) -> None:
    patterns = parse(f"{f'a{wildcard}' * 100}b\n" * 100)
    assert not ignored("a" * 4000, patterns)
    assert not ignored("a/" * 2000 + "a", patterns)


def naive(pattern: str) -> str:
    """The expression of a pattern that tries every match of each wildcard."""
    meanings = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    pattern = re.sub(r"(?<=[^/*])\*\*/", ".*/", re.sub(r"(\*\*/)+", "**/", pattern))
    parts = re.findall(r"\.\*/|\*\*/|\*\*|.", pattern)
    return "".join(meanings.get(part, part) for part in parts) + "(?:/.*)?"


@given(st.text("ab/*?", min_size=1, max_size=9), st.lists(st.text("ab/", max_size=9), min_size=1))
@settings(max_examples=2000, deadline=None)
def test_the_first_match_of_each_wildcard_is_enough(pattern: str, paths: list[str]) -> None:
    patterns = parse(pattern)
    if not patterns or "***" in pattern:
        return
    normal = "/".join(filter(None, pattern.split("/")))
    for path in paths:
        path = "/".join(filter(None, path.split("/")))
        if path:
            assert ignored(path, patterns) is bool(re.fullmatch(naive(normal), path)), path
