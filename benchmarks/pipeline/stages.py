"""Time of each stage of a clip, of the network by the windows of a call, and of the start.

Used by ``benchmarks.pipeline.costs``, which calls these functions in new processes.
"""

import contextlib
import re
import resource
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.measuring import cpu_seconds

PROCESSES: Final = {
    "program": "import os; os.environ['ORT_DISABLE_TELEMETRY'] = '1';"
    "import model.cli.main, model.run.execute, model.systems.ours.fusion, onnxruntime",
    "worker": "import model.workers.process, model.decoding.worker, scipy.fft, scipy.sparse",
}
"""What the program and a worker process import for a run of the default system."""

ROUNDS = 3
BATCHES = (2, 3, 6, 12, 24)
WINDOWS = 48


def stages_ms(folder: str) -> dict[str, float]:
    """CPU milliseconds of a clip for each stage alone, the median over a folder of mp3s."""
    import numpy as np
    import soundfile
    import soxr

    from model import systems
    from model.clips import LONGEST_SECONDS
    from model.decoding.decoders.miniaudio import mp3_seconds
    from model.decoding.decoders.reading import mono
    from model.systems import cards
    from model.systems.base import Execution, cut_windows

    card = cards.read(systems.DEFAULT, systems.WEIGHTS_FOLDER)
    network = systems.load(card).connect(Execution("cpu", 1))
    seconds: dict[str, list[float]] = {}

    @contextlib.contextmanager
    def timing(name: str) -> Iterator[None]:
        begun = time.process_time()
        yield
        seconds.setdefault(name, []).append(time.process_time() - begun)

    for path in sorted(Path(folder).iterdir()) * ROUNDS:
        with timing("decoding (soundfile)"):
            stereo, rate = soundfile.read(path, dtype="float32", always_2d=True)
        with timing("length by miniaudio"):
            mp3_seconds(path, LONGEST_SECONDS)
        with timing("mean of the channels"):
            samples = mono(stereo)
        with timing("resampling"):
            waveform = soxr.resample(samples, rate, card.front_end.sample_rate, quality="HQ")
        with timing("log-mel spectrogram"):
            log_mel = card.spectrogram.log_mel(waveform)
        with timing("half precision"):
            half = log_mel.astype(np.float16)
        with timing("windows"):
            windows = cut_windows(half, card.window_frames)
        with timing("network"):
            network(windows)
    return {name: 1000 * statistics.median(times) for name, times in seconds.items()}


def batches() -> list[tuple[int, float, float, float]]:
    """Cost of the default network on TensorFlow by the number of windows of a call.

    Returns:
        For each of ``BATCHES``: windows of a call, CPU milliseconds of a window, highest memory
        of the process so far in 2^20 bytes, and largest difference of a logit from the first row.
    """
    import numpy as np

    from model import systems
    from model.systems import cards
    from model.systems.base import Execution

    card = cards.read(systems.DEFAULT, systems.WEIGHTS_FOLDER)
    system = systems.load(card)
    shape = (WINDOWS, card.window_frames, card.front_end.width)
    windows = np.random.default_rng(0).normal(0.0, 0.5, shape).astype("float32")
    networks, logits, memory_mb = {}, {}, {}
    for batch in BATCHES:
        networks[batch] = system.connect(Execution("cpu", 1, batch, "keras"))
        parts = [networks[batch](windows[i : i + batch]) for i in range(0, WINDOWS, batch)]
        logits[batch] = np.concatenate(parts)
        memory_mb[batch] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seconds: dict[int, list[float]] = {batch: [] for batch in BATCHES}
    for _ in range(ROUNDS):  # batch sizes in turns, so that other load affects all of them
        for batch, network in networks.items():

            def work(batch: int = batch) -> None:
                for start in range(0, WINDOWS, batch):
                    network(windows[start : start + batch])  # noqa: B023 - called at once

            seconds[batch].append(cpu_seconds(work))
    return [
        (
            batch,
            1000 * statistics.median(seconds[batch]) / WINDOWS,
            memory_mb[batch],
            float(np.abs(logits[batch] - logits[BATCHES[0]]).max()),
        )
        for batch in BATCHES
    ]


def warm_call_ms(folder: str) -> float:
    """Milliseconds of wall time in which the Python API answers for a file, once it is warm."""
    import model

    paths = sorted(Path(folder).iterdir())
    seconds = []
    with model.load(device="cpu") as classifier:
        classifier.predict(paths[0])
        for path in paths * ROUNDS:
            begun = time.perf_counter()
            classifier.predict(path)
            seconds.append(time.perf_counter() - begun)
    return 1000 * statistics.median(seconds)


def imports_ms(process: str) -> dict[str, float]:
    """Milliseconds of the imports of one of ``PROCESSES``, by top-level package, largest first."""
    spent: Counter[str] = Counter()
    for _ in range(ROUNDS):
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-c", PROCESSES[process]],
            capture_output=True,
            text=True,
            check=True,
        )
        for microseconds, package in re.findall(r"(\d+) \|[ \d]+\| +(\w+)", done.stderr):
            name = "Python's own" if package in sys.stdlib_module_names else package
            spent[name] += int(microseconds)
    return {name: total / ROUNDS / 1000 for name, total in spent.most_common()}
