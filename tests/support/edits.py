"""Edits of a sample repository, for tests of ``check``."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

Edit = Callable[[Path], object]
OBEYS: Final = 'python3 predict.py "$TEST_DIRECTORY" "$OUTPUT_PATH"'
"""A last line of ``run.sh`` that hands both variables over."""


def write(name: str, text: str) -> Edit:
    """Writes a file."""

    def edit(root: Path) -> None:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)

    return edit


def remove(name: str) -> Edit:
    """Deletes a file."""
    return lambda root: (root / name).unlink()


def both(*edits: Edit) -> Edit:
    """Several edits, in this order."""

    def edit(root: Path) -> None:
        for single in edits:
            single(root)

    return edit


def environment(*dependencies: str, **more: str) -> Edit:
    """Writes ``environment.yml`` with these lines of dependencies."""
    lines = [f"{key}: {value}" for key, value in more.items()]
    return write("environment.yml", "\n".join([*lines, "dependencies:", *dependencies]) + "\n")


def run_sh(*lines: str) -> Edit:
    """Writes these lines below the first one of ``run.sh``; it stays executable."""
    return write("run.sh", "\n".join(["#!/bin/bash", *lines]) + "\n")


def predict(*lines: str) -> Edit:
    """Writes ``predict.py``."""
    return write("predict.py", "\n".join(lines) + "\n")
