"""TensorFlow on a GPU against ONNX Runtime on the CPUs: what bounds a run on the grader's machine.

Takes a few minutes. Without a GPU nothing is measured.
"""

import contextlib
import shutil
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np

from benchmarks.measuring import ROOT, call_alone, make_links, markdown_table, predict, run
from model import cpus, systems
from model.options import Device
from model.systems import cards
from model.systems.base import Execution
from model.systems.runtimes.gpu import wanted_gpu

WINDOWS, CLIPS = 2000, 500
_SAMPLE_S: Final = 0.5
_NOT_MEASURED: Final = "NOT MEASURED"
_SYSTEMS: Final = ("mobilenet", "best")

Work: TypeAlias = Callable[[Device], float]
"""Does something on a device; returns the seconds that it took."""


def section(
    clips: Sequence[Path],
    folder: Path,
    has_gpu: Callable[[Device], bool] = wanted_gpu,
    windows: int = WINDOWS,
    count: int = CLIPS,
) -> str:
    """The measurement in Markdown, with rows that say so where there is no GPU.

    Args:
        clips: mp3s to link to.
        folder: folder to write to.
        has_gpu: whether a GPU works.
        windows: windows for the network alone.
        count: clips of a run.
    """
    rows = []
    measured = has_gpu("auto")
    for name in _SYSTEMS:
        makers = {
            f"`{name}`, {windows:,} windows": partial(_windows, name, windows),
            f"`{name}`, {count:,} clips, whole run": partial(_run, name, clips, count, folder),
        }
        for label, make in makers.items():
            figures = _compared(make()) if measured else (_NOT_MEASURED,) * 3
            rows.append((label, *figures))
    columns = (
        "work",
        "TensorFlow on the GPU, s",
        "GPU busy",
        f"ONNX Runtime, {cpus.usable()} CPUs, s",
    )
    return f"""
## GPU

Wall time; for windows alone without the start. Busy: median of `nvidia-smi`, start included.

{markdown_table(columns, rows)}"""


def windows_s(name: str, device: Device, count: str) -> float:
    """Seconds in which a loaded network classifies ``count`` windows of noise on a device."""
    system = systems.load(cards.read(name, systems.WEIGHTS_FOLDER))
    network = system.connect(Execution(device, cpus.usable()))
    shape = (network.batch, system.window_frames, system.front_end.width)
    windows = np.random.default_rng(0).normal(0, 0.5, shape).astype(np.float32)
    network(windows)
    begun = time.monotonic()
    for _ in range(-(-int(count) // network.batch)):
        network(windows)
    return time.monotonic() - begun


def _compared(work: Work) -> tuple[str, str, str]:
    """Seconds on the GPU, how busy it was, and seconds on the CPUs."""
    with _watching() as samples:
        seconds = work("gpu")
    busy = f"{statistics.median(samples):.0f} %" if samples else _NOT_MEASURED
    return f"{seconds:.1f}", busy, f"{work('cpu'):.1f}"


def _windows(name: str, count: int) -> Work:
    """Classifies windows on a device, in a process of its own."""

    def work(device: Device) -> float:
        return float(call_alone(windows_s, name, device, str(count)))

    return work


def _run(name: str, clips: Sequence[Path], count: int, folder: Path) -> Work:
    """Runs ``predict.py`` on a device over links to clips."""
    place = folder / f"gpu-{name}"
    place.mkdir()
    links = make_links(clips, count, place)

    def work(device: Device) -> float:
        options = ("--system", name, "--no-resume", "--device", device)  # the last device counts
        return run(predict(links, place / f"{device}.csv", *options)).wall

    return work


@contextlib.contextmanager
def _watching() -> Iterator[list[float]]:
    """A list that grows by the busy share of the GPU in percent, empty without ``nvidia-smi``."""
    samples: list[float] = []
    done = threading.Event()

    def watch() -> None:
        while not done.wait(_SAMPLE_S):
            samples.append(_busy())

    if shutil.which("nvidia-smi"):
        threading.Thread(target=watch, daemon=True).start()
    try:
        yield samples
    finally:
        done.set()


def _busy() -> float:
    query = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]
    done = subprocess.run(query, cwd=ROOT, capture_output=True, text=True, check=False)
    first = done.stdout.split()
    return float(first[0]) if first and first[0].isdigit() else 0.0
