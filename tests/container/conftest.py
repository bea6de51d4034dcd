"""Programs that lie beside the packages, as modules."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType

import pytest

from tests.conftest import ROOT


def load(path: str) -> ModuleType:
    """Import a file by its path from the root of the repository."""
    name = path.removesuffix(".py").replace("/", "_").replace(".", "_")
    spec = spec_from_file_location(name, ROOT / path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def stand_in() -> ModuleType:
    """The stand-in of conda."""
    return load(".ci/container/conda_stand_in.py")


@pytest.fixture(scope="session")
def compare() -> ModuleType:
    """The comparison of two submissions."""
    return load(".ci/container/compare.py")


@pytest.fixture(scope="session")
def image_report() -> ModuleType:
    """The measured block of docs/container.md."""
    return load(".ci/container/image_report.py")


@pytest.fixture(scope="session")
def audit() -> ModuleType:
    """The reader of pip-audit's result."""
    return load("requirements/audit.py")
