"""Who may import whom: the layers of docs/architecture.md, read from the code."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGES = ("model", "training", "grader", "benchmarks")
LAYERS = {
    "model": (
        "classifier",
        "distributed",
        "cli",
        "run",
        "outputs",
        "systems",
        "decoding",
        "workers",
        "frontends",
        "probabilities",
    ),
    "training": (
        "cli",
        "documents",
        "trainers",
        "optimization",
        "architectures",
        "initial",
        "evaluation",
        "data",
    ),
    "grader": ("cli", "commands", "report", "judging", "engines", "rules", "repository"),
}
"""Folders and modules of a package, top first: each may import what stands below it.

Modules at the root of a package that are not named here stand at the bottom.
"""

WORKER_SIDE = ("model.workers", "model.decoding.worker", "model.decoding.audio",
               "model.decoding.decoders", "model.outputs.id3", "model.frontends",
               "model.clips")  # fmt: skip
MOST_MODULES, MOST_LINES = 14, 400

FILES = [path for name in PACKAGES for path in sorted((ROOT / name).rglob("*.py"))]
FILES += [ROOT / "predict.py", *(ROOT / "notebooks").glob("*.py")]
DEFERRED = {ROOT / "model" / "__init__.py"}
"""Imports what it offers only when that is asked for."""


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_modules(path: Path) -> set[str]:
    """Every module of any package that a file imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            whole = {f"{node.module}.{alias.name}" for alias in node.names}
            submodules = whole & OURS
            names |= submodules
            if len(submodules) < len(whole):
                names.add(node.module)
    return names


OURS = {module_name(path) for path in FILES}
IMPORTS = {module_name(path): imported_modules(path) for path in FILES if path not in DEFERRED}


def layer(module: str) -> int:
    """How far down its package a module stands; larger is lower."""
    package, _, rest = module.partition(".")
    folders = LAYERS[package]
    first = rest.partition(".")[0]
    if first == "__main__":
        return -1
    return folders.index(first) if first in folders else len(folders)


@pytest.mark.parametrize("package", LAYERS)
def test_imports_point_down_the_layers(package: str) -> None:
    upward = [
        f"{module} imports {other}"
        for module, others in IMPORTS.items()
        for other in sorted(others & OURS)
        if module.startswith(f"{package}.") and other.startswith(f"{package}.")
        and layer(other) < layer(module)
    ]  # fmt: skip
    assert not upward


def circles() -> Iterator[list[str]]:
    """Circles of modules that import each other, as found by a depth-first search."""
    done: set[str] = set()
    path: list[str] = []

    def visit(module: str) -> Iterator[list[str]]:
        if module in path:
            yield [*path[path.index(module) :], module]
        elif module not in done:
            path.append(module)
            for other in sorted(IMPORTS.get(module, set()) & OURS):
                yield from visit(other)
            path.pop()
            done.add(module)

    for module in sorted(IMPORTS):
        yield from visit(module)


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert [" -> ".join(circle) for circle in circles()] == []


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_packages_reach_only_what_they_may(path: Path) -> None:
    module, imported = module_name(path), imported_modules(path)
    roots = {name.split(".")[0] for name in imported}
    assert "tests" not in roots
    if module.startswith("model"):
        assert roots.isdisjoint({"training", "grader", "benchmarks", "librosa", "torch"})
    if module.startswith("grader"):
        assert roots.isdisjoint({"tensorflow", "keras", "onnxruntime", "training", "benchmarks"})
        allowed = {"", ".genres", ".files", ".completion", ".outputs.submission"}
        of_model = {name.removeprefix("model") for name in imported if name.startswith("model")}
        assert of_model <= allowed
    if module.startswith(WORKER_SIDE):
        assert roots.isdisjoint({"tensorflow", "keras", "onnxruntime"})
    if module.startswith("model") and not module.startswith("model.systems"):
        assert roots.isdisjoint({"tensorflow", "keras", "onnxruntime"})


def test_folders_and_modules_stay_small() -> None:
    folders = {path.parent for path in FILES} - {ROOT}
    crowded = [
        module_name(folder / "__init__.py")
        for folder in folders
        if len([path for path in folder.glob("*.py") if path.name != "__init__.py"]) > MOST_MODULES
    ]
    long = [
        module_name(path)
        for path in FILES
        if len(path.read_text(encoding="utf-8").splitlines()) > MOST_LINES
    ]
    assert (crowded, long) == ([], [])


def loaded_by(code: str) -> set[str]:
    """Modules that a new Python has loaded after some code."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_importing_the_package_loads_no_library() -> None:
    assert loaded_by("import model").isdisjoint({"numpy", "scipy", "pandas", "tensorflow"})


def test_the_main_process_loads_no_decoder() -> None:
    loaded = loaded_by("import model.run.pipeline, model.systems.cards, model.decoding.pool")
    decoders = {"model.decoding.decoders", "model.decoding.audio", "soundfile", "soxr", "miniaudio"}
    assert loaded.isdisjoint(decoders)
