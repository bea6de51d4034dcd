"""``python -m benchmarks.notebook``: what memory the notebooks need, against mybinder.org's limit.

Executes each notebook as Jupyter does and adds up the memory of its kernel and of the decoding
processes that it starts. Writes ``benchmarks/NOTEBOOK.md``. Exit code 1 when it is too much.
"""

import argparse
import contextlib
import platform
import re
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
TABLE = Path(__file__).with_name("NOTEBOOK.md")
LIMIT_MEGABYTES = 2048
"""Of a visitor of mybinder.org (its documentation, "How much memory am I given")."""

SERVER_MEGABYTES = 500
"""Left for JupyterLab or Voila, which share the limit."""

UPLOADED = """
clip = Path("tests/clips/jazz-trio.mp3").read_bytes()
classify({"new": ({"name": "a.mp3", "content": memoryview(clip)},)})
"""
"""What the upload page does when a person has chosen a file."""

_CELL_SECONDS = 300
_SAMPLE_SECONDS = 0.05


@dataclass(frozen=True)
class Peak:
    """What a notebook took, in 2^20 bytes.

    Attributes:
        notebook: its name.
        kernel: highest resident memory of the kernel.
        together: sum of the highest resident memory of the kernel and of each process that lived
            beside it; of several such moments the largest. Pages that they share count twice.
    """

    notebook: str
    kernel: float
    together: float


def measured(path: Path, further: str = "") -> Peak:
    """Execute a notebook, and code behind its last cell, and watch its memory.

    Raises:
        ModuleNotFoundError: what executes notebooks is not installed.
        nbclient.exceptions.CellExecutionError: a cell failed.
    """
    # By name, since an environment for checks alone does not have them.
    nbclient, nbformat = import_module("nbclient"), import_module("nbformat")
    notebook = nbformat.read(path, as_version=4)
    if further:
        notebook.cells.append(nbformat.v4.new_code_cell(further))
    place = {"metadata": {"path": str(path.parent)}}
    client = nbclient.NotebookClient(notebook, timeout=_CELL_SECONDS, resources=place)
    with client.setup_kernel(), _Watch(client.km.provisioner.pid) as watch:
        for number, cell in enumerate(notebook.cells):
            client.execute_cell(cell, number)
        return Peak(path.stem, _high_water(watch.pid), max(watch.most, _high_water(watch.pid)))


class _Watch:
    """Looks at the memory of a process and its children until it is told to stop."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.most = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "_Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(_SAMPLE_SECONDS):
            self.most = max(self.most, sum(map(_high_water, _family(self.pid))))


def _family(pid: int) -> Iterator[int]:
    """A process, its children, theirs, and so on."""
    yield pid
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):  # it has ended in between
            for child in listed.read_text(encoding="utf-8").split():
                yield from _family(int(child))


def _high_water(pid: int) -> float:
    """Highest resident memory of a process in 2^20 bytes; 0 when it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    kilobytes = re.search(r"^VmHWM:\s+(\d+)", status, re.MULTILINE)
    return int(kilobytes[1]) / 1024 if kilobytes else 0.0


def all_measured() -> list[Peak]:
    """The peaks of all notebooks; that of the upload page with a file uploaded."""
    further = {"upload": UPLOADED}
    return [
        measured(path, further.get(path.stem, "")) for path in sorted(NOTEBOOKS.glob("*.ipynb"))
    ]


def table(peaks: Sequence[Peak]) -> str:
    """The peaks as a document."""
    rows = [f"| {peak.notebook} | {peak.kernel:.0f} | {peak.together:.0f} |" for peak in peaks]
    return "\n".join(
        [
            "# Memory of the notebooks",
            "",
            "Written by `python -m benchmarks.notebook`; do not edit. Highest resident memory of",
            "the kernel alone, and added to that of the decoding process beside it; the upload",
            f"page answers for one file. mybinder.org gives a visitor {LIMIT_MEGABYTES} MB.",
            f"JupyterLab or Voila take a part of it; {SERVER_MEGABYTES} MB are left for them.",
            "There is room for one notebook at a time.",
            "",
            f"Python {platform.python_version()}, {platform.system()} on {platform.machine()}.",
            "",
            "| notebook | kernel, MB | with its processes, MB |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def main(arguments: Sequence[str]) -> int:
    """Measure, write the table, and judge it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.notebook", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=TABLE)
    given = parser.parse_args(arguments)
    try:
        peaks = all_measured()
    except ModuleNotFoundError as error:
        print(f"notebook: the package {error.name} is missing: requirements/notebook.in names it")
        return 1
    given.output.write_text(table(peaks), encoding="utf-8")
    print(table(peaks))
    most = max(max(peak.kernel, peak.together) for peak in peaks)
    print(f"{most:.0f} MB at most; {LIMIT_MEGABYTES - SERVER_MEGABYTES} are allowed")
    return int(most > LIMIT_MEGABYTES - SERVER_MEGABYTES)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
