"""``python -m benchmarks.cost_model``: what very many clips cost, from what some cost.

Takes the processor time of a clip from ``benchmarks/RESULTS.md``, measures here what a clip takes
of storage and of the machine that hands out the work, and multiplies. What it cannot measure, the
size of a clip and prices, are arguments.
"""

import argparse
import re
import resource
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np

from model import systems
from model.clips import Clip
from model.decoding.pool import DecoderPool
from model.distributed.blocks import Block, Receipt, entries, rows_file
from model.distributed.manifest import blocks
from model.distributed.places import Folder
from model.genres import GENRES
from model.outputs import formats, table
from model.probabilities.calibration import Vector
from model.results import Prediction
from model.run.results import make_result
from model.systems import cards

RESULTS = Path(__file__).with_name("RESULTS.md")
CLIP = Path(__file__).parents[1] / "tests" / "clips" / "spoken-word.mp3"
_CASES = ("ours, 2 workers", "ours")
"""Rows of the results: the best and the worst of what a clip took, within a run."""

REQUESTS = 2
"""To a store for a clip: its size, its content."""

BLOCK_REQUESTS = 12
"""To a store for a block: three steps for each of its three files, and reading them."""


@dataclass(frozen=True)
class Clips:
    """What was measured of a clip.

    Attributes:
        cpu: processor seconds, least and most.
        start: processor seconds to start a block's decoding process.
        parquet: bytes of its row.
        csv: bytes of its line in the table.
        held: bytes of memory where the work is handed out.
        finishing: seconds for its line in the table, one after the other.
    """

    cpu: tuple[float, float]
    start: float
    parquet: float
    csv: float
    held: float
    finishing: float


@dataclass(frozen=True)
class Scale:
    """What shall be classified, and on what.

    Attributes:
        clips: how many.
        megabytes: size of a clip.
        block: clips of a block.
        cpus: processors of an actor.
        machines: of the cluster.
        machine: processors of one of them.
        price: of a processor for an hour, 0 for unknown.
        request: price of a thousand requests, 0 for unknown.
    """

    clips: int = 100_000_000
    megabytes: float = 0.94
    block: int = 1000
    cpus: int = 2
    machines: int = 20
    machine: int = 32
    price: float = 0.0
    request: float = 0.0


def processor_seconds(text: str) -> tuple[float, float]:
    """Processor seconds of a clip, least and most, from the page of results.

    Raises:
        ValueError: a row is missing.
    """
    rows = dict(re.findall(r"^\| ([^|]+) \| ([\d.]+) \|", text, re.MULTILINE))
    missing = [case for case in _CASES if case not in rows]
    if missing:
        raise ValueError(f"{RESULTS.name} has no row {missing[0]!r}; run benchmarks.pipeline")
    low, high = sorted(float(rows[case]) / 1000 for case in _CASES)
    return low, high


def measured(count: int, size: int) -> Clips:
    """Measure with made-up answers for so many clips, in blocks of ``size``."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    clips = [Clip(f"{n:09d}", f"s3://bucket/fma_full/{n:09d}.mp3") for n in range(count)]
    parts = blocks(clips, size)
    packed = sum(len(part.packed()) for part in parts)  # in Ray's memory while it is handed out
    held = (tracemalloc.get_traced_memory()[0] - before + packed) / count
    tracemalloc.stop()

    posteriors = np.random.default_rng(0).dirichlet(np.full(len(GENRES), 0.2), count)
    prior = np.full(len(GENRES), 1 / len(GENRES))
    with tempfile.TemporaryDirectory() as name:
        folder = Folder(name)
        receipts = [_written(folder, part, posteriors) for part in parts]
        stored = sum(path.stat().st_size for path in Path(name).rglob("*.parquet"))
        begun = time.perf_counter()
        with Path(name, "table.csv").open("w+", encoding="utf-8", newline="") as file:
            rows = (
                table.row(make_result(clip, entry, prior, prior), None)
                for part, receipt in zip(parts, receipts, strict=True)
                for clip, entry in zip(part.clips, entries(folder, part, receipt), strict=True)
            )
            formats.append(file, "csv", table.columns(None), rows)
        seconds = time.perf_counter() - begun
        written = Path(name, "table.csv").stat().st_size
    cpu = processor_seconds(RESULTS.read_text(encoding="utf-8"))
    return Clips(cpu, _start(), stored / count, written / count, held, seconds / count)


def lines(clip: Clips, scale: Scale) -> list[str]:
    """What it comes to, for people."""
    starts = scale.clips / scale.block * scale.cpus * clip.start
    hours = [(scale.clips * seconds + starts) / 3600 for seconds in clip.cpu]
    days = [hour / 24 / (scale.machines * scale.machine) for hour in hours]
    traffic = scale.clips * scale.megabytes / 1e6
    speed = [scale.machine * scale.megabytes * 8 / 1000 / second for second in clip.cpu]
    requests = scale.clips * REQUESTS + scale.clips / scale.block * BLOCK_REQUESTS
    told = [
        f"a clip: {clip.cpu[0] * 1000:.0f} to {clip.cpu[1] * 1000:.0f} ms of a processor, "
        f"{scale.megabytes:g} MB to read, {clip.parquet:.0f} bytes of parquet, "
        f"{clip.csv:.0f} of csv",
        f"a block: {scale.cpus} decoding processes, each {clip.start:.1f} s of processor to start",
        f"{scale.clips:,} clips:",
        f"  processors: {hours[0]:,.0f} to {hours[1]:,.0f} hours, {starts / 3600:,.0f} of them to "
        "start decoding processes",
        f"  {scale.machines} machines of {scale.machine} processors: {days[0]:.1f} to "
        f"{days[1]:.1f} days",
        f"  network: {traffic:,.0f} TB from the store, {speed[1]:.1f} to {speed[0]:.1f} Gbit/s for "
        "each machine",
        f"  requests: {requests / 1e6:,.0f} million",
        f"  kept: {scale.clips * clip.parquet / 1e9:,.0f} GB of parquet in "
        f"{scale.clips / scale.block:,.0f} files, and "
        f"{scale.clips * clip.csv / 1e9:,.0f} GB of csv",
        f"  where it was started: {scale.clips * clip.held / 1e9:,.0f} GB of memory, and "
        f"{scale.clips * clip.finishing / 3600:,.1f} hours for the table",
    ]
    if scale.price:
        costs = " to ".join(f"{hour * scale.price:,.0f}" for hour in hours)
        told.append(f"  price of the processors: {costs}")
    if scale.request:
        told.append(f"  price of the requests: {requests / 1000 * scale.request:,.0f}")
    return told


def main(arguments: Sequence[str]) -> int:
    """Measure, compute and print; returns the exit code."""
    defaults = Scale()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cost_model")
    for name, help_ in (
        ("clips", "how many"),
        ("megabytes", "size of a clip; that of FMA's clips of 30 s unless told otherwise"),
        ("block", "clips of a block"),
        ("cpus", "processors of an actor"),
        ("machines", "of the cluster"),
        ("machine", "processors of one of them"),
        ("price", "of a processor for an hour, in a currency of yours"),
        ("request", "price of a thousand requests to the store"),
    ):
        value = getattr(defaults, name)
        parser.add_argument(f"--{name}", type=type(value), default=value, help=help_)
    scale = Scale(**vars(parser.parse_args(arguments)))
    print("\n".join(lines(measured(20_000, scale.block), scale)))
    return 0


def _written(folder: Folder, block: Block, posteriors: Vector) -> Receipt:
    """A finished block of made-up answers."""
    predictions = [Prediction(tuple(posteriors[int(c.file_id)].tolist())) for c in block.clips]
    content, name = rows_file(block.clips, predictions), f"rows/{block.name}.parquet"
    folder.write(name, content)
    return Receipt(block.number, len(block.clips), {name: sha256(content).hexdigest()})


def _start() -> float:
    """Processor seconds of a decoding process for one short clip."""
    card = cards.read(systems.DEFAULT, systems.WEIGHTS_FOLDER)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with DecoderPool(card.front_end, 1) as pool:
        list(pool.decode([str(CLIP)]))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
