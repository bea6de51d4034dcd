"""Clips a second of the training loop: input pipeline alone, and optimizer steps alone.

Spectrograms are random numbers in a file of the training store's format, so neither clips nor
published weights are needed. The step is that of ``mobilenet`` from random weights; on a machine
with a GPU it runs there.
"""

import argparse
import platform
import tempfile
import time
from pathlib import Path
from typing import Final

from benchmarks.measuring import Report, call_alone, markdown_table

CLIPS: Final = 640
FRAMES: Final = 3000
THREADS: Final = (1, 2, 4)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the measurement."""
    parser.add_argument("--steps", type=int, default=20, help="batches of each measurement")


def measure(args: argparse.Namespace) -> Report:
    """Measure both in a new process."""
    rates: dict[str, float] = call_alone(clips_per_second, str(args.steps))
    device = "GPU" if rates.pop("gpu") else "CPU"
    step = rates[f"optimizer step on the {device}"]
    page = f"""# Clips a second in training

Made by `python -m benchmarks training`: batches of 32 crops of five seconds, {args.steps} batches
each. {platform.machine()}, Python {platform.python_version()}.

{markdown_table(("part", "clips a second"), [(n, f"{rate:.0f}") for n, rate in rates.items()])}
"""
    ratio = rates["input pipeline, 2 threads"] / step
    return Report(page, {f"input pipeline with 2 threads / step on the {device}": ratio})


def clips_per_second(steps: str) -> dict[str, float]:
    """Rates by part, and under ``gpu`` whether the optimizer step ran on a GPU."""
    import keras
    import numpy as np
    import tensorflow as tf

    from model.systems.ours.fusion import MOBILENET, network
    from training.architectures.front_ends import SPECTROGRAMS
    from training.data.store import StoredFrames
    from training.optimization.batches import Batches
    from training.optimization.config import SCRATCH

    count, front_end = int(steps), SPECTROGRAMS["fusion"]
    rng = np.random.default_rng(0)
    rates: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.frames"
        with path.open("wb") as file:
            for _ in range(CLIPS):
                frames = rng.normal(0, 0.5, (FRAMES, front_end.width))
                file.write(frames.astype(front_end.dtype).tobytes())
        places = np.stack([np.arange(CLIPS) * FRAMES, np.full(CLIPS, FRAMES)], axis=1)
        spectrograms = StoredFrames(path, front_end, places, {})
        targets = np.eye(16, dtype=np.float32)[rng.integers(16, size=CLIPS)]
        batches = Batches(spectrograms, [targets], front_end, SCRATCH, 0)
        for threads in THREADS:
            begun = time.perf_counter()
            for _ in batches.dataset(0, count, threads):
                pass
            seconds = time.perf_counter() - begun
            name = f"input pipeline, {threads} thread{'s' * (threads > 1)}"
            rates[name] = count * SCRATCH.batch_size / seconds
        batch = batches.batch(0)
    model = network(front_end, SCRATCH.crop_frames, (MOBILENET,))
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.AdamW(), loss, jit_compile=False)
    model.train_on_batch(*batch)
    begun = time.perf_counter()
    for _ in range(count):
        model.train_on_batch(*batch)
    gpu = bool(tf.config.list_physical_devices("GPU"))
    rate = count * SCRATCH.batch_size / (time.perf_counter() - begun)
    rates[f"optimizer step on the {'GPU' if gpu else 'CPU'}"] = rate
    return rates | {"gpu": float(gpu)}
