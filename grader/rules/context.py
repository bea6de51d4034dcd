"""The image context: what ``.dockerignore`` lets through, its size, and placeholder files."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from grader.repository.dockerignore import MAX_PATTERNS
from grader.repository.files import Repository
from grader.rules.findings import Finding, error, note, warning

LFS: Final = b"version https://git-lfs.github.com/spec/"
WEIGHTS: Final = frozenset(
    {".h5", ".hdf5", ".keras", ".pt", ".pth", ".ckpt", ".onnx", ".tflite", ".npz"}
)
LITTER: Final = (
    ".git", ".venv", "venv", "node_modules", "__pycache__", ".mypy_cache", ".pytest_cache",
    ".ruff_cache", ".hypothesis", ".ipynb_checkpoints",
)  # fmt: skip
LARGE: Final = 1 << 30
"""Bytes of context above which a warning is due: it all becomes a layer of the image."""


def dockerignore(repository: Repository) -> Iterator[Finding]:
    """Lines of ``.dockerignore`` that the build refuses or that are not used here."""
    for pattern in repository.ignore_patterns:
        if pattern.expression is None:
            yield error(
                "dockerignore-pattern", f".dockerignore:{pattern.line}",
                f"{pattern.text!r} is no pattern, too long, or after {MAX_PATTERNS} others",
                "correct it, or write fewer and shorter patterns",
            )  # fmt: skip


def pointers(repository: Repository) -> Iterator[Finding]:
    """LFS pointers, empty weights and broken links in place of files."""
    for path in repository.context:
        place = repository.root / path
        if not os.path.exists(place) or not repository.inside(str(path)):  # noqa: PTH110
            what = "the link leads to nothing in the repository"
            yield error("broken-link", str(path), what, "add the file itself")
        elif place.is_file() and place.stat().st_size < 1024:
            if repository.data(str(path)).startswith(LFS):
                yield error(
                    "lfs-pointer", str(path), "a pointer of Git LFS, not the file",
                    "git lfs pull before the build, and see that the graders' clone can, too",
                )  # fmt: skip
            elif path.suffix in WEIGHTS and not place.stat().st_size:
                yield error("weights-missing", str(path), "an empty file", "add the real weights")


def size(repository: Repository) -> Iterator[Finding]:
    """Bytes that go into the image, and litter among them."""
    sizes = {path: _bytes(repository.root / path) for path in repository.context}
    total = sum(sizes.values())
    summary = f"{len(sizes)} files, {total / 1e6:.1f} MB go into the image"
    if total > LARGE:
        tops: Counter[str] = Counter()
        for path, length in sizes.items():
            tops[path.parts[0]] += length
        most = ", ".join(f"{name} {length / 1e6:.0f} MB" for name, length in tops.most_common(3))
        yield warning(
            "context-large", ".dockerignore", f"{summary}; most: {most}",
            "list data, caches and results in .dockerignore",
        )  # fmt: skip
    else:
        yield note("context", ".dockerignore", summary)
    found = {part for path in sizes for part in path.parts if part in LITTER}
    for name in sorted(found):
        yield warning(
            "context-litter", ".dockerignore", f"{name} goes into the image",
            f"add {name} (and **/{name}) to .dockerignore",
        )  # fmt: skip


def _bytes(path: Path) -> int:
    return path.lstat().st_size
