"""Clips a second of the training loop: input pipeline, optimizer steps, and epochs on a GPU.

Spectrograms are random numbers in a file of the training store's format, so neither clips nor
published weights are needed. The network is ``mobilenet`` with random weights. The part for a GPU
takes some minutes on a current one.
"""

import argparse
import platform
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.measuring import Report, call_alone, markdown_table, processor
from model import cpus

if TYPE_CHECKING:
    import keras

    from training.data.store import StoredFrames
    from training.optimization.batches import Batches
    from training.optimization.config import Precision

STORED: Final = 640
"""Spectrograms in the file; where more are wanted, they are other stretches of it."""
FRAMES: Final = 3000
THREADS: Final = (1, 2, 4)
WAITING: Final = 0.1
"""Share of the time that a device may wait for input before the input counts as the bound."""
PRECISIONS: "Final[tuple[Precision, ...]]" = ("single", "mixed")
NOT_MEASURED: Final = "NOT MEASURED"

ROWS: Final = (
    "epoch, optimizer steps a second",
    "the same batch again and again, optimizer steps a second",
    "share of the epoch that the device waits for input",
    "bound of the epoch",
    "prediction, clips of 30 s a second",
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the measurement."""
    parser.add_argument("--steps", type=int, default=20, help="batches of each measurement")
    parser.add_argument("--clips", type=int, default=20_000, help="spectrograms of an epoch")
    parser.add_argument(
        "--without-gpu", action="store_true", help="measure epochs on the CPU, with few clips"
    )


def measure(args: argparse.Namespace) -> Report:
    """Measure all parts in new processes."""
    rates: dict[str, float] = call_alone(clips_per_second, str(args.steps))
    epochs = call_alone(rates_of_epochs, str(args.clips), "any" if args.without_gpu else "gpu")
    device = epochs.pop("device", "a GPU")
    page = f"""# Clips a second in training

Made by `python -m benchmarks training`: batches of 32 crops of five seconds. {processor()},
{cpus.usable()} CPUs, Python {platform.python_version()}.

{markdown_table(("part", "clips a second"), [(n, f"{rate:.0f}") for n, rate in rates.items()])}
## An epoch of {args.clips:,} clips on {device}

The first epoch, in which the graph is built, is not counted. The bound is the input pipeline where
the device waits more than {WAITING:.0%} of the time.

{markdown_table(("", *(f"{name} precision" for name in PRECISIONS)), _rows(epochs))}"""
    ratio = rates["input pipeline, 2 threads"] / rates["optimizer step on the CPU"]
    return Report(page, {"input pipeline with 2 threads / step on the CPU": ratio})


def _rows(epochs: dict[str, dict[str, float]]) -> list[tuple[str, ...]]:
    """Rows of ``ROWS`` by precision."""
    columns = []
    for name in PRECISIONS:
        if name not in epochs:
            columns.append([NOT_MEASURED] * len(ROWS))
            continue
        rates = epochs[name]
        waiting = max(0.0, 1.0 - rates["epoch"] / rates["same batch"])
        bound = "input pipeline" if waiting > WAITING else "device"
        figures = [f"{rates['epoch']:.2f}", f"{rates['same batch']:.2f}", f"{waiting:.0%}", bound]
        columns.append([*figures, f"{rates['prediction']:.1f}"])
    return list(zip(ROWS, *columns, strict=True))


def clips_per_second(steps: str) -> dict[str, float]:
    """Rates of the input pipeline by threads, and of optimizer steps, on the CPU."""
    import tensorflow as tf

    tf.config.set_visible_devices([], "GPU")
    count, rates = int(steps), dict[str, float]()
    with tempfile.TemporaryDirectory() as folder:
        batches = _batches(_spectrograms(Path(folder), STORED))
        for threads in THREADS:
            begun = time.perf_counter()
            for _ in batches.dataset(0, count, threads):
                pass
            name = f"input pipeline, {threads} thread{'s' * (threads > 1)}"
            rates[name] = count * batches.config.batch_size / (time.perf_counter() - begun)
        seconds = _seconds_of_steps(_compiled(batches), batches, count)
    rates["optimizer step on the CPU"] = count * batches.config.batch_size / seconds
    return rates


def rates_of_epochs(clips: str, device: str) -> dict[str, Any]:
    """Rates by precision and the name of the device; empty where a GPU is wanted and there is none.

    Args:
        clips: number of spectrograms.
        device: ``gpu``, or ``any`` to measure on the CPU where there is no GPU.
    """
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if not gpus and device == "gpu":
        return {}
    details = tf.config.experimental.get_device_details(gpus[0]) if gpus else {}
    with tempfile.TemporaryDirectory() as folder:
        spectrograms = _spectrograms(Path(folder), int(clips))
        rates = {name: _rates(spectrograms, name, Path(folder)) for name in PRECISIONS}
    return rates | {"device": details.get("device_name", "a GPU" if gpus else "the CPU")}


def _rates(spectrograms: "StoredFrames", precision: "Precision", folder: Path) -> dict[str, float]:
    """Steps a second of the second of two epochs and of one batch, clips a second of prediction."""
    import numpy as np

    from training.architectures.front_ends import WINDOW_FRAMES
    from training.data.store import Subset
    from training.optimization.loop import optimize
    from training.optimization.precision import computing_in
    from training.optimization.prediction import predict

    batches = _batches(spectrograms, precision)
    network, ends = _network(batches.config.crop_frames), list[float]()

    def log(line: str) -> None:
        if line.startswith(f"epoch {len(ends) + 1} of "):
            ends.append(time.perf_counter())

    checkpoint = folder / f"{precision}.weights.h5"
    optimize(network, batches, [_loss()], [1.0], checkpoint, log)
    steps = batches.steps_per_epoch
    with computing_in(precision, network):
        seconds = _seconds_of_steps(network, batches, steps)
    windows = _network(WINDOW_FRAMES["fusion"])
    with computing_in(precision, windows):
        predict(windows, Subset(spectrograms, np.arange(1)), windows.input_shape[1])
        begun = time.perf_counter()
        predict(windows, spectrograms, windows.input_shape[1])
        predicting = time.perf_counter() - begun
    return {
        "epoch": steps / (ends[1] - ends[0]),
        "same batch": steps / seconds,
        "prediction": len(spectrograms) / predicting,
    }


def _spectrograms(folder: Path, clips: int) -> "StoredFrames":
    """Random spectrograms in a file."""
    import numpy as np

    from training.architectures.front_ends import SPECTROGRAMS
    from training.data.store import StoredFrames

    front_end, rng = SPECTROGRAMS["fusion"], np.random.default_rng(0)
    path, stored = folder / "x.frames", min(clips, STORED)
    with path.open("wb") as file:
        for _ in range(stored):
            frames = rng.normal(0, 0.5, (FRAMES, front_end.width))
            file.write(frames.astype(front_end.dtype).tobytes())
    starts = np.arange(clips) * FRAMES
    starts[stored:] = rng.integers((stored - 1) * FRAMES + 1, size=clips - stored)
    places = np.stack([starts, np.full(clips, FRAMES)], axis=1)
    return StoredFrames(path, front_end, places, {})


def _batches(spectrograms: "StoredFrames", precision: "Precision" = "single") -> "Batches":
    """Batches of two epochs with random genres."""
    from dataclasses import replace

    import numpy as np

    from training.architectures.front_ends import SPECTROGRAMS
    from training.optimization.batches import Batches
    from training.optimization.config import SCRATCH

    genres = np.random.default_rng(0).integers(16, size=len(spectrograms))
    targets = np.eye(16, dtype=np.float32)[genres]
    config = replace(SCRATCH, epochs=2, precision=precision)
    return Batches(spectrograms, [targets], SPECTROGRAMS["fusion"], config, 0)


def _network(frames: int) -> "keras.Model":
    from model.systems.ours.fusion import MOBILENET, network
    from training.architectures.front_ends import SPECTROGRAMS

    return network(SPECTROGRAMS["fusion"], frames, (MOBILENET,))


def _compiled(batches: "Batches") -> "keras.Model":
    import keras

    network = _network(batches.config.crop_frames)
    network.compile(keras.optimizers.AdamW(), _loss(), jit_compile=False)
    return network


def _loss() -> "keras.losses.Loss":
    import keras

    return keras.losses.CategoricalCrossentropy(from_logits=True)


def _seconds_of_steps(network: "keras.Model", batches: "Batches", steps: int) -> float:
    """Seconds of steps on one batch, without those in which the graph is built."""
    import tensorflow as tf

    repeated = tf.data.Dataset.from_tensors(batches.batch(0))
    network.fit(repeated.repeat(2), shuffle=False, verbose=0)
    begun = time.perf_counter()
    network.fit(repeated.repeat(steps).prefetch(2), shuffle=False, verbose=0)
    return time.perf_counter() - begun
