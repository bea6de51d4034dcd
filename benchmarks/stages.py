"""``python -m benchmarks.stages FOLDER``: CPU milliseconds of each stage of a clip, in one process.

The process must be a fresh one: where numpy was imported before, its idle threads count as well.
"""

import contextlib
import os
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from model.cpus import ONE_THREAD

ROUNDS = 3


class Stopwatch:
    """CPU time of named steps."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}

    @contextlib.contextmanager
    def timing(self, name: str) -> Iterator[None]:
        """Keep the CPU time of a block under a name."""
        begun = time.process_time()
        yield
        self.seconds.setdefault(name, []).append(time.process_time() - begun)


def main() -> int:
    """Measure and print; returns the exit code."""
    os.environ.update(ONE_THREAD)
    print(measured([str(path) for path in sorted(Path(sys.argv[1]).iterdir())]))
    return 0


def measured(paths: list[str]) -> str:
    """Run every stage of every clip alone and describe what it costs."""
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
    network = systems.load(card).connect(Execution("cpu", 1, 3))
    watch = Stopwatch()
    for path in map(Path, paths * ROUNDS):
        with watch.timing("decoding (soundfile)"):
            stereo, rate = soundfile.read(path, dtype="float32", always_2d=True)
        with watch.timing("length by miniaudio"):
            mp3_seconds(path, LONGEST_SECONDS)
        with watch.timing("mean of the channels"):
            samples = mono(stereo)
        with watch.timing("resampling"):
            waveform = soxr.resample(samples, rate, card.front_end.sample_rate, quality="HQ")
        with watch.timing("log-mel spectrogram"):
            log_mel = card.spectrogram.log_mel(waveform)
        with watch.timing("half precision"):
            half = log_mel.astype(np.float16)
        with watch.timing("windows"):
            windows = cut_windows(half, card.window_frames)
        with watch.timing("network"):
            network(windows)
    rows = "\n".join(
        f"| {name} | {1000 * statistics.median(seconds):.1f} |"
        for name, seconds in watch.seconds.items()
    )
    return f"""## Stages

CPU milliseconds of a clip, median, each stage alone in one process and on one thread.

| stage | CPU ms |
|---|---|
{rows}
"""


if __name__ == "__main__":
    sys.exit(main())
