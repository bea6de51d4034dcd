"""What tests of several folders share."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parents[1]
CLIPS = ROOT / "tests" / "clips"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_configure(config: pytest.Config) -> None:
    """Gives each worker one thread for BLAS and its own numba cache, which librosa fills.

    Threads of OpenBLAS wait for each other in busy loops. Where other processes use the processors,
    the many small products of a calibration then take several times the CPU time.

    Two processes that compile the same function at once leave a cache that crashes whoever reads
    it afterwards (https://github.com/numba/numba/issues/10128).
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    cache = getattr(config, "cache", None)  # missing with `-p no:cacheprovider`
    folder = cache.mkdir(f"numba-{worker}") if cache else tempfile.mkdtemp(prefix="numba-")
    os.environ["NUMBA_CACHE_DIR"] = str(folder)


@pytest.fixture(scope="session")
def clips() -> list[Path]:
    """The sample clips, sorted."""
    return sorted(CLIPS.glob("*.mp3"))


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of weights with a system that costs next to nothing."""
    from tests.support import cheap_system

    folder = tmp_path_factory.mktemp("weights")
    cheap_system.write_card(folder)
    return folder


@pytest.fixture(scope="session")
def predict() -> Run:
    """Runs ``predict.py`` as a person would, and gives back its exit code and what it printed."""

    def run(*arguments: object, cwd: Path = ROOT) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, ROOT / "predict.py", *map(str, arguments)],
            cwd=cwd,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )

    return run


@pytest.fixture(scope="session")
def run_sh() -> Run:
    """Runs ``run.sh`` as a grader would, with variables by name, in this environment's Python."""

    def run(*arguments: object, **variables: object) -> "subprocess.CompletedProcess[str]":
        given = {name: str(value) for name, value in variables.items()}
        return subprocess.run(
            [ROOT / "run.sh", *map(str, arguments)],
            cwd="/",
            env=os.environ | {"NB_PYTHON_PREFIX": sys.prefix} | given,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )

    return run


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    """Debian's Chromium without a window."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("NOT TESTED: chromium is not installed (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program)
        yield browser
        browser.close()
