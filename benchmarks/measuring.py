"""Timing, input clips and tables that all benchmarks share."""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from model import cpus
from model.cpus import ONE_THREAD

FOLDER: Final = Path(__file__).resolve().parent
ROOT: Final = FOLDER.parent
SAMPLES: Final = ROOT / "tests" / "clips"
"""Ten short mp3s."""

SECONDS: Final = 30
"""Duration of a clip to measure with, as in the FMA data set."""

_ENCODINGS: Final = {
    "cbr128": ("CONSTANT", 0.6667),
    "cbr192": ("CONSTANT", 0.4444),
    "cbr320": ("CONSTANT", 0.0),
    "vbr": ("VARIABLE", 0.2),
}
"""Bit-rate mode and compression level of libsndfile's mp3 encoder, 0 the best, 1 the smallest."""

_CALL: Final = """
import importlib, json, sys
module, function, *arguments = sys.argv[1:]
print(json.dumps(getattr(importlib.import_module(module), function)(*arguments)))
"""


@dataclass(frozen=True)
class Report:
    """Result of a benchmark.

    Attributes:
        page: content of the result file; empty when nothing was measured.
        ratios: the most important ratios by what they compare.
        problem: reason why nothing was measured, or the limit that was exceeded.
    """

    page: str
    ratios: Mapping[str, float] = field(default_factory=dict)
    problem: str = ""

    @property
    def passed(self) -> bool:
        """Whether there is no problem."""
        return not self.problem


@dataclass(frozen=True)
class Cost:
    """Cost of a process and its children.

    Attributes:
        cpu: CPU seconds.
        wall: seconds from start to end.
        memory_mb: largest resident memory of one process, in 2^20 bytes.
    """

    cpu: float
    wall: float
    memory_mb: float

    def per_clip(self, start: "Cost", clips: int) -> "Cost":
        """Cost of each of the ``clips`` that this process had more than the process ``start``."""
        cpu, wall = self.cpu - start.cpu, self.wall - start.wall
        return Cost(cpu / clips, wall / clips, self.memory_mb)


def run(
    arguments: Iterable[object], python: str | Path = sys.executable, processors: int | None = None
) -> Cost:
    """Run Python with arguments and measure it.

    Args:
        arguments: arguments of Python.
        python: the interpreter.
        processors: number of CPUs that it may use; all unless told otherwise.

    Raises:
        subprocess.CalledProcessError: the process failed.
    """
    command = [str(python), *map(str, arguments)]
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:processors])  # the process inherits it
    try:
        begun = time.monotonic()
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
    finally:
        os.sched_setaffinity(0, before)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def predict(clips: object, table: Path, *options: object) -> list[object]:
    """Arguments of Python that run ``predict.py`` on the CPU."""
    quiet = ("--quiet", "--device", "cpu")
    return [ROOT / "predict.py", clips, "-o", table, *quiet, *options]


def call_alone(function: Callable[..., Any], *arguments: str) -> Any:
    """The json result of a function of a module, called in a new process on one thread.

    Neither threads of numpy nor networks of this process add to the CPU time there.
    """
    done = subprocess.run(
        [sys.executable, "-c", _CALL, function.__module__, function.__name__, *arguments],
        cwd=ROOT,
        env=os.environ | ONE_THREAD,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def cpu_seconds(work: Callable[[], Any]) -> float:
    """CPU seconds of all threads of this process during a call."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def processor() -> str:
    """The processor's name, or its architecture where the system does not say the name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = [line.split(": ", 1)[1] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def machine() -> str:
    """Processor, CPUs and Python of this machine."""
    return f"{processor()}, {cpus.usable()} CPUs, Python {platform.python_version()}, no GPU"


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def make_clips(folder: Path, encodings: Sequence[str] = tuple(_ENCODINGS)) -> list[Path]:
    """Write the clips that a folder lacks and return all: 30 s, 44.1 kHz, stereo, as in FMA.

    They are the sample clips, repeated, in several bit rates.

    Args:
        folder: to write to.
        encodings: bit rates, of ``cbr128``, ``cbr192``, ``cbr320`` and ``vbr``.
    """
    import numpy as np
    import soundfile

    folder.mkdir(parents=True, exist_ok=True)
    clips = []
    for sample in sorted(SAMPLES.glob("*.mp3")):
        for name in encodings:
            clips.append(folder / f"{sample.stem}-{name}.mp3")
            if clips[-1].exists():
                continue
            mode, level = _ENCODINGS[name]
            samples, rate = soundfile.read(sample, dtype="float32", always_2d=True)
            soundfile.write(
                clips[-1],
                np.resize(samples[:, [0, -1]], (SECONDS * rate, 2)),
                rate,
                format="MP3",
                subtype="MPEG_LAYER_III",
                bitrate_mode=mode,
                compression_level=level,
            )
    return clips


def make_links(clips: Sequence[Path], count: int, folder: Path) -> Path:
    """Make a folder with ``count`` links to the clips, and return it."""
    links = folder / f"links{count}"
    links.mkdir()
    for number in range(count):
        (links / f"{number:07}.mp3").symlink_to(clips[number % len(clips)].absolute())
    return links


def write_list(links: Path, count: int, folder: Path) -> Path:
    """Write a list of the first ``count`` files of a folder, and return its path."""
    path = folder / f"{count}.txt"
    path.write_text("".join(f"{link}\n" for link in sorted(links.iterdir())[:count]))
    return path
