"""``python -m benchmarks.systems``: size of every system in ``weights/``, and CPU time of a clip.

Each system is measured in a process of its own, on one thread, with the sample clips repeated to
30 s, after decoding. CPU time of all threads counts, and the median of the clips and rounds; the
first calls are not counted. Writes ``benchmarks/systems.json``, from which all tables take costs.
"""

import argparse
import gzip
import itertools
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.pipeline import machine
from model import cards, systems
from model.cpus import ONE_THREAD
from training import costs
from training.costs import Cost

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from model.systems.base import System

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "tests" / "clips"
SECONDS = 30
ROUNDS = 5
_SEEDS = "seed_generator"  # Keras keeps the seeds of its dropouts among the weights


def main() -> int:
    """Measure all systems and write the results; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.systems", description=__doc__)
    parser.add_argument("--alone", metavar="NAME", help="measure one in this process and print it")
    name = parser.parse_args().alone
    if name:
        print(json.dumps(asdict(measured(name))))
        return 0
    found = {}
    for system in systems.summaries():
        found[system] = _in_its_own_process(system)
        print(f"{system}: {found[system]}", flush=True)
    about = {
        "made_by": "python -m benchmarks.systems",
        "clips": len(list(SAMPLES.glob("*.mp3"))),
        "seconds": SECONDS,
        "rounds": ROUNDS,
        "processor": machine(),
        "python": platform.python_version(),
        "keras": version("keras"),
    }
    print(f"{costs.write(found, about)}: written")
    return 0


def measured(name: str) -> Cost:
    """What a system costs, measured in this process.

    Raises:
        CardError: there is no such system, or its weights are not the card's.
    """
    import model

    card = cards.read(name, systems.WEIGHTS_FOLDER)
    classifier = model.load(name, device="cpu", workers=1)
    waveforms = [_repeated(path, classifier.rate) for path in sorted(SAMPLES.glob("*.mp3"))]
    spectrograms = [classifier.log_mel((samples, classifier.rate)) for samples in waveforms]
    front_end = [
        _seconds(partial(classifier.log_mel, (samples, classifier.rate)))
        for samples in waveforms * ROUNDS
    ]
    network = _network_seconds(classifier.system, spectrograms)
    return Cost(
        parameters=stored_numbers(systems.WEIGHTS_FOLDER / card.weights.file),
        weights_bytes=card.weights.size,
        front_end_ms=round(1000 * statistics.median(front_end), 2),
        network_ms=round(1000 * statistics.median(network), 2),
    )


def stored_numbers(path: Path) -> int:
    """How many numbers a file of weights holds: a network's parameters, or what stands for them.

    Of a Keras network these are the parameters, with means and variances of batch normalisations;
    of support vectors or trees, all numbers in the file.

    Raises:
        ValueError: a file of a kind that it does not know.
    """
    if path.suffix == ".npy":
        import numpy as np

        return int(np.load(path).size)
    if path.suffix == ".h5":
        return _numbers_of_hdf5(path)
    if path.suffixes[-2:] == [".json", ".gz"]:
        return _numbers_of_json(json.loads(gzip.decompress(path.read_bytes())))
    if path.suffix == ".json":
        return _numbers_of_json(json.loads(path.read_bytes()))
    raise ValueError(f"{path}: numbers of such a file cannot be counted; teach stored_numbers to")


def _numbers_of_hdf5(path: Path) -> int:
    import h5py

    counts: list[int] = []

    def count(name: str, part: Any) -> None:
        if isinstance(part, h5py.Dataset) and part.dtype.kind in "fiu" and _SEEDS not in name:
            counts.append(part.size)

    with h5py.File(path) as file:
        file.visititems(count)
    return sum(counts)


def _numbers_of_json(value: Any) -> int:
    if isinstance(value, dict):
        return sum(map(_numbers_of_json, value.values()))
    if isinstance(value, list):
        return sum(map(_numbers_of_json, value))
    return int(isinstance(value, int | float) and not isinstance(value, bool))


def _in_its_own_process(name: str) -> Cost:
    """``measured``, where neither another system nor idle threads of numpy add to the time."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.systems", "--alone", name],
        cwd=ROOT,
        env=os.environ | ONE_THREAD,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Cost(**json.loads(done.stdout))


def _repeated(path: Path, rate: int) -> "NDArray[np.float32]":
    """A sample clip, repeated to 30 s, as decoded audio."""
    import numpy as np

    import model

    samples, _ = model.load_audio(path, rate)
    return np.resize(samples, SECONDS * rate)


def _network_seconds(system: "System", spectrograms: "list[NDArray[np.float16]]") -> list[float]:
    """CPU seconds of a clip from its spectrogram to its logits, one value a timed run.

    A run has as many clips as fill whole calls of the network: it is called as in a long run.
    """
    from model.pipeline import with_logits
    from model.systems.base import Execution, cut_windows
    from model.workers import Decoded

    network = system.connect(Execution("cpu", 1))
    windows = len(cut_windows(spectrograms[0], system.window_frames))
    clips = math.lcm(windows, network.batch) // windows
    endless = itertools.cycle(spectrograms)

    def run() -> None:
        decoded = [Decoded(next(endless)) for _ in range(clips)]
        deque(with_logits(decoded, network, system.window_frames), maxlen=0)

    run()
    return [_seconds(run) / clips for _ in range(ROUNDS)]


def _seconds(work: Callable[[], Any]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


if __name__ == "__main__":
    sys.exit(main())
