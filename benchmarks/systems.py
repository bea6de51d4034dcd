"""Number of parameters and CPU time of every system in ``weights/``.

Each network is measured in a process of its own, and so is each front end, once for all systems
that have it; on one thread, with the sample clips repeated to 30 s, after decoding. CPU time of all
threads counts, as the median of the clips and rounds; the first calls do not count. All tables of
costs are made from the result.
"""

import argparse
import gzip
import itertools
import json
import math
import platform
import statistics
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measuring import SAMPLES, SECONDS, Report, call_alone, cpu_seconds, processor
from model import systems
from model.frontends.parameters import AnyFrontEnd
from model.options import Runtime
from model.systems import cards
from training.evaluation.costs import Cost

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ROUNDS = 5
_SEEDS = "seed_generator"  # Keras stores the seeds of dropout layers with the weights


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add no options."""


def measure(args: argparse.Namespace) -> Report:
    """Measure all systems."""
    costs = {}
    for name, cost in measure_systems(systems.summaries()):
        costs[name] = cost
        print(f"{name}: {cost}", flush=True)
    content = {
        "made_by": "python -m benchmarks systems",
        "clips": len(list(SAMPLES.glob("*.mp3"))),
        "seconds": SECONDS,
        "rounds": ROUNDS,
        "processor": processor(),
        "python": platform.python_version(),
        "keras": version("keras"),
        "onnxruntime": version("onnxruntime"),
        "systems": {name: asdict(cost) for name, cost in costs.items()},
    }
    return Report(json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def measure_systems(
    names: Iterable[str], milliseconds: Callable[[Callable[[str], float], str], float] = call_alone
) -> Iterator[tuple[str, Cost]]:
    """The cost of each system; systems with the same front end share one measurement of it.

    Args:
        names: names of the systems.
        milliseconds: calls ``front_end_ms`` or ``network_ms`` with the name of a system.

    Raises:
        CardError: there is no such system.
    """
    front_ends: dict[AnyFrontEnd, float] = {}
    for name in names:
        card = cards.read(name, systems.WEIGHTS_FOLDER)
        if card.front_end not in front_ends:
            front_ends[card.front_end] = milliseconds(front_end_ms, name)
        yield (
            name,
            Cost(
                parameters=count_numbers(systems.WEIGHTS_FOLDER / card.weights.file),
                weights_bytes=card.weights.size,
                front_end_ms=front_ends[card.front_end],
                network_ms=milliseconds(network_ms, name),
                keras_ms=milliseconds(keras_ms, name) if card.graph else None,
            ),
        )


def front_end_ms(name: str) -> float:
    """CPU milliseconds from the waveform of a clip to the input of the network."""
    front_end = cards.read(name, systems.WEIGHTS_FOLDER).front_end
    waveforms = _waveforms(front_end.sample_rate)
    front_end.compute(waveforms[0])
    times = (cpu_seconds(partial(front_end.compute, clip)) for clip in waveforms * ROUNDS)
    return _median_ms(times)


def network_ms(name: str) -> float:
    """CPU milliseconds of a clip from the output of its front end to its logits.

    Each timed run has as many clips as fill whole calls of the network, as in a long run.

    Raises:
        CardError: the weights are not the card's.
    """
    return _network_ms(name, "auto")


def keras_ms(name: str) -> float:
    """What ``network_ms`` measures, of the network on TensorFlow."""
    return _network_ms(name, "keras")


def _network_ms(name: str, runtime: Runtime) -> float:
    from model.decoding.pool import Decoded
    from model.run.pipeline import with_logits
    from model.systems.base import Execution, cut_windows

    system = systems.load(cards.read(name, systems.WEIGHTS_FOLDER))
    network = system.connect(Execution("cpu", 1, runtime=runtime))
    waveforms = _waveforms(system.front_end.sample_rate)
    spectrograms = [system.front_end.compute(samples) for samples in waveforms]
    windows = len(cut_windows(spectrograms[0], system.window_frames))
    clips = math.lcm(windows, network.batch) // windows
    endless = itertools.cycle(spectrograms)

    def run() -> None:
        decoded = [Decoded(next(endless)) for _ in range(clips)]
        deque(with_logits(decoded, network, system.window_frames), maxlen=0)

    run()
    return _median_ms(cpu_seconds(run) / clips for _ in range(ROUNDS))


def count_numbers(path: Path) -> int:
    """The number of numbers in a file of weights.

    For a Keras network these are its parameters, with means and variances of batch normalization;
    for support vectors and trees, all numbers in the file.

    Raises:
        ValueError: the file has an unknown suffix.
    """
    if path.suffix == ".npy":
        import numpy as np

        return int(np.load(path).size)
    if path.suffix == ".h5":
        return _numbers_of_hdf5(path)
    if path.suffixes[-2:] == [".json", ".gz"]:
        return _numbers_of_json(json.loads(gzip.decompress(path.read_bytes())))
    raise ValueError(
        f"{path}: numbers of such a file cannot be counted; add its suffix to count_numbers"
    )


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
