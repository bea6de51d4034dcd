"""``python -m benchmarks.systems``: size of every system in ``weights/``, and CPU time of a clip.

Each network is measured in a process of its own, and so is each front end, once for all systems
that have it; on one thread, with the sample clips repeated to 30 s, after decoding. CPU time of all
threads counts, and the median of the clips and rounds; the first calls are not counted. Writes
``benchmarks/systems.json``, from which all tables take costs.
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
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.pipeline import machine
from model import systems
from model.cpus import ONE_THREAD
from model.frontends.parameters import AnyFrontEnd
from model.systems import cards
from training.evaluation import costs
from training.evaluation.costs import Cost

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "tests" / "clips"
SECONDS = 30
ROUNDS = 5
_SEEDS = "seed_generator"  # Keras keeps the seeds of its dropouts among the weights


def main() -> int:
    """Measure all systems and write the results; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.systems", description=__doc__)
    parser.add_argument(
        "--alone",
        nargs=2,
        metavar=("PART", "NAME"),
        help=f"print CPU milliseconds of {' or '.join(PARTS)} of a system, in this process",
    )
    given = parser.parse_args()
    if given.alone:
        part, name = given.alone
        print(PARTS[part](name))
        return 0
    found = {}
    for name, cost in measured(systems.summaries()):
        found[name] = cost
        print(f"{name}: {cost}", flush=True)
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


def alone(part: str, name: str) -> float:
    """CPU milliseconds of a part of a system, in a process of its own.

    There, neither another system nor idle threads of numpy add to the time.
    """
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.systems", "--alone", part, name],
        cwd=ROOT,
        env=os.environ | ONE_THREAD,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return float(done.stdout)


def measured(
    names: Iterable[str], milliseconds: Callable[[str, str], float] = alone
) -> Iterator[tuple[str, Cost]]:
    """What systems cost; those with the same front end share one measurement of it.

    Args:
        names: of the systems.
        milliseconds: CPU time of a part, one of ``PARTS``, of the system that is named.

    Raises:
        CardError: there is no such system.
    """
    front_ends: dict[AnyFrontEnd, float] = {}
    for name in names:
        card = cards.read(name, systems.WEIGHTS_FOLDER)
        if card.front_end not in front_ends:
            front_ends[card.front_end] = milliseconds("front_end", name)
        yield (
            name,
            Cost(
                parameters=stored_numbers(systems.WEIGHTS_FOLDER / card.weights.file),
                weights_bytes=card.weights.size,
                front_end_ms=front_ends[card.front_end],
                network_ms=milliseconds("network", name),
            ),
        )


def front_end_ms(name: str) -> float:
    """CPU milliseconds from the waveform of a clip to what the network sees."""
    front_end = cards.read(name, systems.WEIGHTS_FOLDER).front_end
    waveforms = _waveforms(front_end.sample_rate)
    front_end.compute(waveforms[0])
    return _median_ms(
        _seconds(partial(front_end.compute, samples)) for samples in waveforms * ROUNDS
    )


def network_ms(name: str) -> float:
    """CPU milliseconds of a clip from its spectrogram to its logits.

    A timed run has as many clips as fill whole calls of the network: it is called as in a long run.

    Raises:
        CardError: the weights are not the card's.
    """
    from model.decoding.pool import Decoded
    from model.run.pipeline import with_logits
    from model.systems.base import Execution, cut_windows

    system = systems.load(cards.read(name, systems.WEIGHTS_FOLDER))
    network = system.connect(Execution("cpu", 1))
    waveforms = _waveforms(system.front_end.sample_rate)
    spectrograms = [system.front_end.compute(samples) for samples in waveforms]
    windows = len(cut_windows(spectrograms[0], system.window_frames))
    clips = math.lcm(windows, network.batch) // windows
    endless = itertools.cycle(spectrograms)

    def run() -> None:
        decoded = [Decoded(next(endless)) for _ in range(clips)]
        deque(with_logits(decoded, network, system.window_frames), maxlen=0)

    run()
    return _median_ms(_seconds(run) / clips for _ in range(ROUNDS))


PARTS: Final = {"front_end": front_end_ms, "network": network_ms}
"""What is measured alone, by its name on the command line."""


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


def _waveforms(rate: int) -> "list[NDArray[np.float32]]":
    """The sample clips as decoded audio, repeated to 30 s."""
    import numpy as np

    import model

    clips = (model.load_audio(path, rate)[0] for path in sorted(SAMPLES.glob("*.mp3")))
    return [np.resize(samples, SECONDS * rate) for samples in clips]


def _median_ms(seconds: Iterable[float]) -> float:
    return round(1000 * statistics.median(seconds), 2)


def _seconds(work: Callable[[], Any]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


if __name__ == "__main__":
    sys.exit(main())
