"""Memory of the notebooks, compared with the limit of mybinder.org.

Executes each notebook as Jupyter does and adds up the memory of its kernel and of the worker
processes that the kernel starts. Above the limit the exit code is 1.
"""

import argparse
import contextlib
import platform
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from benchmarks.measuring import ROOT, Report, markdown_table

NOTEBOOKS = ROOT / "notebooks"
LIMIT_MB = 2048
"""Memory of a visitor of mybinder.org (its documentation, "How much memory am I given")."""

SERVER_MB = 500
"""Reserved for JupyterLab or Voila, which share the limit."""

UPLOADED_MB = 95

UPLOADED = f"""
import wave
from tempfile import TemporaryFile

with TemporaryFile() as file:
    with wave.open(file, "wb") as sound:
        sound.setparams((2, 2, 44_100, 0, "NONE", ""))
        for number in range({UPLOADED_MB}):
            sound.writeframes(bytes([number, 1]) * 500_000)
    size = file.tell()
    file.seek(0)
    upload.receive({{"id": 1, "size": size}}, [])
    while piece := file.read(2**20):
        upload.receive({{"id": 1}}, [piece])
"""
"""Sends the upload page a wav file, as the browser does after a visitor chose one."""

_CELL_TIMEOUT_S = 300
_INTERVAL_S = 0.05


@dataclass(frozen=True)
class Peak:
    """Memory of a notebook, in 2^20 bytes.

    Attributes:
        notebook: name of the notebook.
        kernel: highest resident memory of the kernel.
        together: the largest sum at any time of the highest resident memory of the kernel and of
            each of its running child processes. Pages that they share count twice.
    """

    notebook: str
    kernel: float
    together: float


def measure_notebook(path: Path, code: str = "") -> Peak:
    """Execute a notebook, then some code, and measure the memory.

    Raises:
        ModuleNotFoundError: a package that executes notebooks is not installed.
        nbclient.exceptions.CellExecutionError: a cell failed.
    """
    # By name, because an environment for type checks alone lacks them.
    nbclient, nbformat = import_module("nbclient"), import_module("nbformat")
    notebook = nbformat.read(path, as_version=4)
    if code:
        notebook.cells.append(nbformat.v4.new_code_cell(code))
    resources = {"metadata": {"path": str(path.parent)}}
    client = nbclient.NotebookClient(notebook, timeout=_CELL_TIMEOUT_S, resources=resources)
    with client.setup_kernel(), _Watch(client.km.provisioner.pid) as watch:
        for number, cell in enumerate(notebook.cells):
            client.execute_cell(cell, number)
        return Peak(path.stem, _high_water(watch.pid), max(watch.most, _high_water(watch.pid)))


class _Watch:
    """A context manager that samples the memory of a process and its children in a thread."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.most = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> "_Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._over.wait(_INTERVAL_S):
            self.most = max(self.most, sum(map(_high_water, _family(self.pid))))


def _family(pid: int) -> Iterator[int]:
    """A process, its children, theirs, and so on."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):  # the process has ended
            for child in children.read_text(encoding="utf-8").split():
                yield from _family(int(child))


def _high_water(pid: int) -> float:
    """Highest resident memory of a process in 2^20 bytes; 0 for a process that has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    kilobytes = re.search(r"^VmHWM:\s+(\d+)", status, re.MULTILINE)
    return int(kilobytes[1]) / 1024 if kilobytes else 0.0


def measure_notebooks() -> list[Peak]:
    """The peaks of all notebooks; the upload page gets a large file."""
    code = {"upload": UPLOADED}
    paths = sorted(NOTEBOOKS.glob("*.ipynb"))
    return [measure_notebook(path, code.get(path.stem, "")) for path in paths]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add no options."""


def measure(args: argparse.Namespace) -> Report:
    """Measure all notebooks."""
    try:
        peaks = measure_notebooks()
    except ModuleNotFoundError as error:
        problem = f"the package {error.name} is missing: requirements/notebook.in names it"
        return Report("", problem=problem)
    rows = [(peak.notebook, f"{peak.kernel:.0f}", f"{peak.together:.0f}") for peak in peaks]
    columns = ("notebook", "kernel, MB", "with its processes, MB")
    page = f"""# Memory of the notebooks

Written by `python -m benchmarks notebooks`; do not edit. Highest resident memory of the kernel
alone, and added to that of its worker processes; the upload page answers for a wav file of
{UPLOADED_MB} MB. mybinder.org gives a visitor {LIMIT_MB} MB. JupyterLab or Voila take a part of it;
{SERVER_MB} MB are left for them. There is room for one notebook at a time.

Python {platform.python_version()}, {platform.system()} on {platform.machine()}.

{markdown_table(columns, rows)}"""
    most, limit = max(peak.together for peak in peaks), LIMIT_MB - SERVER_MB
    problem = f"{most:.0f} MB at most; the limit is {limit} MB" if most > limit else ""
    return Report(page, {"memory of the notebooks / mybinder.org's": most / LIMIT_MB}, problem)
