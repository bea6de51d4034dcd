"""Who may import whom: the floors of docs/architecture.md, read from the code."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

FLOORS = {
    "predict": 6,
    "model.cli": 5,
    "benchmarks": 5,
    "model.classifier": 5,
    "model.merge": 5,
    "model.distributed": 4.875,
    "model.console": 4.75,
    "model.arguments": 4.75,
    "model.run": 4.5,
    "model.pipeline": 4,
    "training": 4,
    "model.systems": 3,
    "model.report": 3,
    "model.settings": 3,
    "model.outputs": 3.5,
    "grader": 3,
    "model.workers": 2,
    "model.decoding": 2,
    "model.cards": 2,
    "model.submission": 2,
    "model.results": 2,
    "model.priors": 2,
    "model.frontends": 1.75,
    "model.prior_shift": 1.5,
    "model.features": 1.5,
    "model.calibration": 1,
    "model.waveforms": 1.5,
    "model.audio": 1,
    "model.journal": 1,
    "model.frontend": 1,
    "model.decoders": 0.5,
    "model": 0,
}
WORKER_SIDE = (
    "model.audio",
    "model.frontend",
    "model.frontends",
    "model.features",
    "model.decoding",
    "model.decoders",
    "model.clips",
)
DOOR = ROOT / "model" / "__init__.py"
"""Imports the rooms that it offers only when they are asked for."""

MODULES = [
    path
    for folder in ("model", "training", "grader", "benchmarks")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if path != DOOR
] + [ROOT / "predict.py"]


def name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room(module: str) -> str:
    """The longest entry of ``FLOORS`` that holds the module; the ground floor is ``model``."""
    parts = module.split(".")
    prefixes = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next(prefix for prefix in prefixes if prefix in FLOORS)


def imported(path: Path) -> set[str]:
    """Every module that a file imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {
                f"{node.module}.{alias.name}"
                for alias in node.names
                if (ROOT / node.module.replace(".", "/") / f"{alias.name}.py").exists()
            }
    return names


def ours(names: set[str]) -> set[str]:
    return {n for n in names if n.split(".")[0] in ("model", "training", "grader", "benchmarks")}


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_imports_point_down(path: Path) -> None:
    here = room(name(path))
    for other in ours(imported(path)):
        if room(other) != here:
            allowed = FLOORS[room(other)] < FLOORS[here]
            assert allowed, f"{name(path)} (floor {FLOORS[here]}) imports {other}"


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_no_room_reaches_where_it_must_not(path: Path) -> None:
    roots = {module.split(".")[0] for module in imported(path)}
    if name(path).startswith("model"):
        assert roots.isdisjoint({"training", "grader", "benchmarks", "tests", "librosa", "torch"})
    if name(path).startswith("grader"):
        assert roots.isdisjoint({"tensorflow", "keras", "training"})
        allowed = {"model", "model.genres", "model.submission"}
        assert {module for module in imported(path) if module.startswith("model")} <= allowed
    if name(path).startswith(WORKER_SIDE):
        assert roots.isdisjoint({"tensorflow", "keras"})


def test_the_packages_door_imports_nothing_before_it_is_asked() -> None:
    code = "import sys, model; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert {"numpy", "scipy", "pandas", "tensorflow"}.isdisjoint(done.stdout.split())


def test_the_predicting_side_loads_no_decoder() -> None:
    rooms = ("cards", "run", "pipeline", "results", "journal", "workers", "systems")
    imports = ", ".join(f"model.{name}" for name in rooms)
    code = f"import sys, {imports}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert loaded.isdisjoint({"model.decoders", "model.audio", "soundfile", "soxr", "miniaudio"})


def test_only_systems_know_tensorflow_in_the_product() -> None:
    for path in MODULES:
        if name(path).startswith("model") and room(name(path)) != "model.systems":
            assert imported(path).isdisjoint({"tensorflow", "keras"}), name(path)
