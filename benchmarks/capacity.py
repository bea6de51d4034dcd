"""Cost of a very large distributed run, estimated from measurements and from the options.

Takes the CPU time of a clip from ``benchmarks/RESULTS.md``, measures storage, memory and the time
for the table on made-up predictions, and multiplies. The size of a clip and prices are options.
"""

import argparse
import re
import tempfile
import time
import tracemalloc
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.measuring import FOLDER, Report
from model.clips import Clip
from model.distributed.blocks import BLOCKS
from model.distributed.run_folder import RunFolder, split_into_blocks
from model.distributed.storage import Folder
from model.genres import GENRES
from model.outputs import formats, table
from model.results import Prediction
from model.run.journal import encode_record
from model.run.results import make_result

_RESULTS = FOLDER / "RESULTS.md"
_CASES = ("ours, 2 processors", "ours")
"""Rows of the results with the least and the most CPU time of a clip in a run."""

CLIPS_MEASURED = 20_000
CLIP_REQUESTS = 2
"""Requests to a store for a clip: its size, its content."""

BLOCK_REQUESTS = 5
"""Requests to a store for a block: three to write its file, two to read it."""


@dataclass(frozen=True)
class ClipCost:
    """Measured cost of a clip.

    Attributes:
        cpu_s: least and most CPU seconds.
        record_bytes: size of the clip's record in the file of its block.
        row_bytes: size of the clip's row in the csv table.
        memory_bytes: memory of the process that was started by the user.
        table_s: seconds to read the record and write the row.
    """

    cpu_s: tuple[float, float]
    record_bytes: float
    row_bytes: float
    memory_bytes: float
    table_s: float


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the estimate."""
    for name, default, summary in (
        ("clips", 100_000_000, "number of clips"),
        ("megabytes", 0.94, "size of a clip; the default is that of a clip of FMA of 30 s"),
        ("block", 1000, "clips of a block"),
        ("machines", 20, "machines of the cluster"),
        ("machine-cpus", 32, "CPUs of a machine"),
        ("price", 0.0, "price of a CPU for an hour, in any currency"),
        ("request-price", 0.0, "price of a thousand requests to the store"),
    ):
        help_ = f"{summary} (default: {default})"
        parser.add_argument(f"--{name}", type=type(default), default=default, help=help_)


def measure(args: argparse.Namespace) -> Report:
    """Measure the cost of a clip and estimate the cost of the run."""
    cpu_s = cpu_seconds_of_clip(_RESULTS.read_text(encoding="utf-8"))
    return Report("\n".join(estimate(measure_clip(cpu_s, CLIPS_MEASURED, args.block), args)))


def cpu_seconds_of_clip(page: str) -> tuple[float, float]:
    """Least and most CPU seconds of a clip, from the page of results.

    Raises:
        ValueError: a row is missing.
    """
    rows = dict(re.findall(r"^\| ([^|]+) \| ([\d.]+) \|", page, re.MULTILINE))
    missing = [case for case in _CASES if case not in rows]
    if missing:
        raise ValueError(
            f"{_RESULTS.name} has no row {missing[0]!r}; run python -m benchmarks pipeline"
        )
    least, most = sorted(float(rows[case]) / 1000 for case in _CASES)
    return least, most


def measure_clip(cpu_s: tuple[float, float], count: int, block_clips: int) -> ClipCost:
    """Measure with made-up predictions for ``count`` clips in blocks of ``block_clips``."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    clips = [Clip(f"{n:09d}", f"s3://bucket/fma_full/{n:09d}.mp3") for n in range(count)]
    blocks = split_into_blocks(clips, block_clips)
    packed = sum(len(block.packed()) for block in blocks)  # held by Ray until it is classified
    memory = tracemalloc.get_traced_memory()[0] - before + packed
    tracemalloc.stop()

    posteriors = np.random.default_rng(0).dirichlet(np.full(len(GENRES), 0.2), count)
    prior = np.full(len(GENRES), 1 / len(GENRES))
    with tempfile.TemporaryDirectory() as name:
        folder = RunFolder(Folder(name), blocks, {})
        stored = 0
        for block in blocks:
            content = b"".join(
                encode_record(clip.path, Prediction(tuple(posteriors[int(clip.file_id)].tolist())))
                for clip in block.clips
            )
            folder.folder.write(f"{BLOCKS}/{block.name}", content)
            stored += len(content)
        begun = time.perf_counter()
        with Path(name, "table.csv").open("w+", encoding="utf-8", newline="") as file:
            predictions = zip(clips, folder.predictions(), strict=True)
            layout = table.Layout()
            rows = (layout.row(make_result(c, p, prior, prior)) for c, p in predictions)
            formats.append(file, "csv", layout.columns, rows)
        seconds = time.perf_counter() - begun
        written = Path(name, "table.csv").stat().st_size
    return ClipCost(cpu_s, stored / count, written / count, memory / count, seconds / count)


def estimate(clip: ClipCost, args: argparse.Namespace) -> list[str]:
    """Lines that describe the cost of the run."""
    blocks = args.clips / args.block
    hours = [args.clips * seconds / 3600 for seconds in clip.cpu_s]
    wall = [hour / (args.machines * args.machine_cpus) for hour in hours]
    gigabits = [args.machine_cpus * args.megabytes * 8 / 1000 / seconds for seconds in clip.cpu_s]
    requests = args.clips * CLIP_REQUESTS + blocks * BLOCK_REQUESTS
    lines = [
        f"a clip: {clip.cpu_s[0] * 1000:.0f} to {clip.cpu_s[1] * 1000:.0f} ms of a CPU, "
        f"{args.megabytes:g} MB to read, record {clip.record_bytes:.0f} bytes, "
        f"row {clip.row_bytes:.0f} bytes",
        f"{args.clips:,} clips:",
        f"  CPUs: {hours[0]:,.0f} to {hours[1]:,.0f} hours",
        f"  {args.machines} machines of {args.machine_cpus} CPUs: {wall[0]:.1f} to {wall[1]:.1f} "
        "hours",
        f"  network: {args.clips * args.megabytes / 1e6:,.0f} TB from the store, "
        f"{gigabits[1]:.1f} to {gigabits[0]:.1f} Gbit/s for each machine",
        f"  requests: {requests / 1e6:,.0f} million",
        f"  storage: {args.clips * clip.record_bytes / 1e9:,.0f} GB of records in {blocks:,.0f} "
        f"files, and {args.clips * clip.row_bytes / 1e9:,.0f} GB of csv",
        f"  machine that starts the run: {args.clips * clip.memory_bytes / 1e9:,.0f} GB of memory, "
        f"and {args.clips * clip.table_s / 3600:,.1f} hours for the table",
    ]
    if args.price:
        costs = " to ".join(f"{hour * args.price:,.0f}" for hour in hours)
        lines.append(f"  price of the CPUs: {costs}")
    if args.request_price:
        lines.append(f"  price of the requests: {requests / 1000 * args.request_price:,.0f}")
    return lines
