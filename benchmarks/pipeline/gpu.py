"""TensorFlow on a GPU against ONNX Runtime on the CPUs: what bounds a run on the grader's machine.

Takes a few minutes. Without a GPU nothing is measured.
"""

import shutil
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np

from benchmarks.measuring import ROOT, make_links, markdown_table, predict, run
from model import cpus, systems
from model.options import Device
from model.systems import cards
from model.systems.base import Execution
from model.systems.runtimes.gpu import wanted_gpu

WINDOWS, CLIPS = 2000, 500
_SAMPLE_S: Final = 0.5
_NOT_MEASURED: Final = "NOT MEASURED"
_SYSTEMS: Final = ("mobilenet", "best")

Work: TypeAlias = Callable[[Device], None]


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
    for name in _SYSTEMS:
        makers = {
            f"`{name}`, {windows:,} windows": partial(_windows, name, windows),
            f"`{name}`, {count:,} clips, whole run": partial(_run, name, clips, count, folder),
        }
        for label, make in makers.items():
            figures = _compared(make()) if has_gpu("auto") else (_NOT_MEASURED,) * 3
            rows.append((label, *figures))
    columns = (
        "work",
        "TensorFlow on the GPU, s",
        "GPU busy",
        f"ONNX Runtime, {cpus.usable()} CPUs, s",
    )
    return f"""
## GPU

Wall time, the start not counted for the network alone. Busy: median of `nvidia-smi`.

{markdown_table(columns, rows)}"""


def _compared(work: Work) -> tuple[str, str, str]:
    """Seconds on the GPU, how busy it was, and seconds on the CPUs."""
    seconds, busy = _watched(partial(work, "gpu"))
    return f"{seconds:.1f}", busy, f"{_watched(partial(work, 'cpu'))[0]:.1f}"


def _windows(name: str, count: int) -> Work:
    """A function that classifies windows of noise on a device; the network is loaded before."""
    system = systems.load(cards.read(name, systems.WEIGHTS_FOLDER))
    networks = {}
    for device in ("gpu", "cpu"):
        networks[device] = system.connect(Execution(device, cpus.usable()))
    shape = (max(network.batch for network in networks.values()), system.window_frames)
    noise = np.random.default_rng(0).normal(0, 0.5, (*shape, system.front_end.width))
    seen = noise.astype(np.float32)
    for network in networks.values():
        network(seen[: network.batch])

    def work(device: Device) -> None:
        network = networks[device]
        for _ in range(-(-count // network.batch)):
            network(seen[: network.batch])

    return work


def _run(name: str, clips: Sequence[Path], count: int, folder: Path) -> Work:
    """A function that runs ``predict.py`` on a device over links to clips."""
    place = folder / f"gpu-{name}"
    place.mkdir()
    links = make_links(clips, count, place)

    def work(device: Device) -> None:
        command = predict(links, place / f"{device}.csv", "--system", name, "--no-resume")
        at = command.index("--device") + 1
        run([*command[:at], device, *command[at + 1 :]])

    return work


def _watched(work: Callable[[], None]) -> tuple[float, str]:
    """Seconds of a call, and how busy the GPU was meanwhile."""
    samples: list[float] = []
    done = threading.Event()

    def watch() -> None:
        while not done.wait(_SAMPLE_S):
            samples.append(_busy())

    watcher = threading.Thread(target=watch, daemon=True)
    if shutil.which("nvidia-smi"):
        watcher.start()
    begun = time.monotonic()
    try:
        work()
    finally:
        seconds = time.monotonic() - begun
        done.set()
    return seconds, f"{statistics.median(samples):.0f} %" if samples else _NOT_MEASURED


def _busy() -> float:
    query = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]
    done = subprocess.run(query, cwd=ROOT, capture_output=True, text=True, check=False)
    first = done.stdout.split()
    return float(first[0]) if first and first[0].isdigit() else 0.0
