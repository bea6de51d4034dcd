"""Memory of a run by the number of its clips, and costs of a whole song by its length.

Runs the command line, with a system without a network, over links to a few short clips, and reads
the highest resident memory of the predicting process. Clips in work take the same memory in all
runs; what the program keeps for each clip is the difference between runs. Above a limit of 50 MB
the exit code is 1. Songs are classified with ``--whole`` and the default system.
"""

import argparse
import itertools
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring import ROOT, Report, make_clips, make_links, markdown_table

LIMIT_MB = 50.0
_SYSTEM = "prior"
_CLIPS, _RATE, _SECONDS = 5, 22_050, 0.3

# VmHWM, not ru_maxrss, which includes the memory of the process that started this one.
_RUN = """
import os, sys, threading, time
from pathlib import Path
from model.cli import main

def peak(process):
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)

def is_worker(process):  # not a copy of this process before its exec
    try:
        return b"model.workers.process" in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False

def watch_workers():
    while True:
        for thread in Path("/proc/self/task").iterdir():
            for child in (thread / "children").read_text().split():
                workers[child] = max(workers.get(child, 0), peak(child) if is_worker(child) else 0)
        time.sleep(0.1)

workers = {}
threading.Thread(target=watch_workers, daemon=True).start()
code = main.main(sys.argv[1:])
print(code, peak("self"), max(workers.values(), default=0), sum(os.times()[:4]))
"""

_ESTIMATE = "an estimated prior"
CASES = {
    "the table alone": (),
    "windows and genres, too": ("--min-confidence", "0.5", "--per-window", "windows.csv"),
    _ESTIMATE: ("--prior", "estimate"),
}
"""Outputs and their options. The limit is not for an estimate, which needs all posteriors."""


@dataclass(frozen=True)
class Peak:
    """Memory of a run.

    Attributes:
        clips: number of clips.
        case: one of ``CASES``.
        memory_mb: highest resident memory of the predicting process, in 2^20 bytes.
        worker_mb: that of the worker process that had most.
        cpu_s: CPU seconds of all processes.
    """

    clips: int
    case: str
    memory_mb: float
    worker_mb: float = 0.0
    cpu_s: float = 0.0


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the measurement."""
    parser.add_argument("--counts", type=int, nargs="+", default=[1_000, 100_000], help="of clips")
    parser.add_argument("--minutes", type=float, nargs="+", default=[0.5, 4, 180], help="of songs")


def measure(args: argparse.Namespace) -> Report:
    """Measure each case with each number of clips."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clips = _write_clips(folder)
        links = {count: make_links(clips, count, folder) for count in args.counts}
        peaks = [_run(links[count], count, case, folder) for case in CASES for count in links]
        songs = [_measure_song(folder, minutes) for minutes in args.minutes]
    rows = [(peak.case, f"{peak.clips:,}", f"{peak.memory_mb:.0f}") for peak in peaks]
    page = f"""# Memory

Written by `python -m benchmarks memory`; do not edit. Highest resident memory of the predicting
process, without a network, over links to a few clips of less than a second: what a run keeps for
each of its clips. An estimated prior needs all posteriors at once, in the end.

Python {platform.python_version()}, {platform.system()} on {platform.machine()}.

{markdown_table(("written", "clips", "MB"), rows)}
## Whole songs

One mp3 of variable bit rate, `--whole`, the default system, two worker processes. CPU seconds are
those of all processes, the start of the program included.

{markdown_table(("minutes", "main process, MB", "worker process, MB", "CPU seconds"), songs)}"""
    growth = largest_growth(peaks)
    problem = f"{growth:.0f} MB more for more clips; the limit is {LIMIT_MB:.0f} MB"
    most, least = max(args.counts), min(args.counts)
    table = [peak.memory_mb for peak in peaks if not CASES[peak.case]]
    ratios = {f"memory, {most:,} clips / {least:,} clips": max(table) / min(table)}
    return Report(page, ratios, problem if growth > LIMIT_MB else "")


def largest_growth(peaks: Sequence[Peak]) -> float:
    """Memory of the largest run less that of the smallest in MB, for the worst case."""
    by_case = [
        [p.memory_mb for p in peaks if p.case == case] for case in CASES if case != _ESTIMATE
    ]
    return max(max(values) - min(values) for values in by_case)


def _write_clips(folder: Path) -> list[Path]:
    import numpy as np
    import soundfile

    paths = [folder / f"clip{number}.mp3" for number in range(_CLIPS)]
    for number, path in enumerate(paths):
        times = np.arange(int(_SECONDS * (1 + number / _CLIPS) * _RATE)) / _RATE
        tone = 0.3 * np.sin(2 * np.pi * 440 * times)
        soundfile.write(path, tone, _RATE, "MPEG_LAYER_III", format="MP3")
    return paths


def _measure_song(folder: Path, minutes: float) -> tuple[str, ...]:
    """A row of the table of songs."""
    song = folder / f"{minutes}.mp3"
    write_song(make_clips(folder / "sources", ("vbr",)), 60 * minutes, song)
    options = ("--whole", "--workers", "2", "--device", "cpu", "--per-window", "windows.csv")
    peak = _run(song, 1, "whole", folder, options)
    numbers = (peak.memory_mb, peak.worker_mb, peak.cpu_s)
    return (f"{minutes:g}", *(f"{number:.0f}" for number in numbers))


def write_song(clips: Sequence[Path], seconds: float, path: Path) -> None:
    """Write an mp3 of about ``seconds``: the packets of mp3s of one format, over and over."""
    import av

    end = 0
    with av.open(clips[0]) as first, av.open(path, "w") as output:
        stream = output.add_stream_from_template(first.streams.audio[0])
        for clip in itertools.cycle(clips):
            with av.open(clip) as source:
                for packet in source.demux(source.streams.audio[0]):
                    if packet.dts is None:  # the last, empty one
                        continue
                    packet.pts = packet.dts = end
                    end += packet.duration or 0
                    unit = packet.time_base
                    packet.stream = stream
                    output.mux(packet)
                    if unit and end * unit >= seconds:
                        return


def _run(
    links: Path, count: int, case: str, folder: Path, options: Sequence[str] | None = None
) -> Peak:
    options = options or ("--system", _SYSTEM, *CASES[case])
    done = subprocess.run(
        [sys.executable, "-c", _RUN, links, "--quiet", "--no-resume", *options],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    code, kilobytes, of_worker, cpu_s = done.stdout.splitlines()[-1].split()
    if code != "0":
        raise RuntimeError(f"the run ended with exit code {code}: {done.stderr}")
    return Peak(count, case, int(kilobytes) / 1024, int(of_worker) / 1024, float(cpu_s))
