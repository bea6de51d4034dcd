"""Which files reach the image."""

from pathlib import Path

import pytest

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
