"""CPU time of a clip, compared with simpler ways to do the same.

Each case is a process of its own over the same clips, in turns. The cost of a run over a few clips
is subtracted from the cost of a run over all clips, so that start-up does not count.

- ``decode``: soundfile alone, one file after the other: the lower bound.
- ``front end``: decoding and log-mel spectrogram in worker processes, no network.
- ``ours``: ``predict.py`` with one worker; ``ours, 2 processors`` with two.
- ``ours, Keras``: ``ours`` with ``--runtime keras``, on TensorFlow.
- ``naive``: ``librosa.load``, librosa's spectrogram, ``model.predict`` for each file.

All run on one processor, unless their name says two, so that none gains by a second one.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from benchmarks.measuring import (
    ROOT,
    Cost,
    Report,
    call_alone,
    machine,
    make_clips,
    make_links,
    markdown_table,
    predict,
    run,
    write_list,
)
from benchmarks.pipeline import gpu, stages

FEW = 16
_START_ROUNDS = 5
_LEAST_IMPORT_MS = 2

_DECODE = """
import sys, soundfile
for path in open(sys.argv[1]).read().splitlines():
    soundfile.read(path, dtype="float32")
"""
_FRONT_END = """
import sys
from model import systems
from model.systems import cards
from model.decoding.pool import DecoderPool
card = cards.read(systems.DEFAULT, systems.WEIGHTS_FOLDER)
paths = open(sys.argv[1]).read().splitlines()
with DecoderPool(card.front_end, int(sys.argv[2])) as pool:
    assert all(decoded.frames is not None for decoded in pool.map(paths, 8))
"""
_NAIVE = """
import os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import librosa, numpy as np
from model import systems
from model.systems import cards
from model.frontends.spectrogram import filterbank
from model.systems.ours import fusion
from model.systems.base import cut_windows
card = cards.read(systems.DEFAULT, systems.WEIGHTS_FOLDER)
f = card.front_end
network = fusion.network(f, card.window_frames, **card.parameters)
network.load_weights(systems.WEIGHTS_FOLDER / card.weights.file)
weights = filterbank(f).T
rows = []
for path in open(sys.argv[1]).read().splitlines():
    y, _ = librosa.load(path, sr=f.sample_rate)
    spectrum = np.abs(librosa.stft(y, n_fft=f.fft_length, hop_length=f.hop_length,
                                   win_length=f.window_length)) ** 2
    log_mel = (np.log(weights @ spectrum + f.offset) + f.shift) / f.scale
    logits = network.predict(cut_windows(log_mel.T, card.window_frames), verbose=0).mean(axis=0)
    rows.append(card.calibration.posteriors(logits))
np.save(sys.argv[2], rows)
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the measurement."""
    add = parser.add_argument
    add("--clips", type=Path, default=ROOT / "cache" / "benchmark", help="folder of the mp3s")
    add("--count", type=int, default=256, help="links to the clips, for each case")
    add("--rounds", type=int, default=5)
    add("--lengths", type=int, nargs="*", default=[100, 1000, 10_000], help="clips of long runs")


def measure(args: argparse.Namespace) -> Report:
    """Measure the cases, the stages, batch sizes, and runs of growing length."""
    clips = make_clips(args.clips)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        links = make_links(clips, args.count, folder)
        costs = compare(links, args.rounds, folder)
        difference = largest_difference(write_list(links, args.count, folder), folder)
        lengths = _lengths(clips, args.lengths, folder) + _start(args.clips)
        lengths += gpu.section(clips, folder)
    head = f"""# What a clip costs

Made by `python -m benchmarks pipeline`: {args.count} clips of 30 s (links to {len(clips)};
44.1 kHz, stereo, 128 to 320 kbit/s and variable), medians of {args.rounds} rounds in turns,
start-up subtracted. {machine()}.

"""
    ratios = {
        "CPU time, ours / decoding alone": costs["ours"].cpu / costs["decode"].cpu,
        "CPU time, naive / ours, one processor": costs["naive"].cpu / costs["ours"].cpu,
        "CPU time, naive / ours, two processors": costs["naive, 2 processors"].cpu
        / costs["ours, 2 processors"].cpu,
        "wall time, one processor / two": costs["ours"].wall / costs["ours, 2 processors"].wall,
        "CPU time, Keras / ONNX Runtime": costs["ours, Keras"].cpu / costs["ours"].cpu,
    }
    parts = [head + describe(costs, difference), _stages(args.clips), _batches(), lengths]
    return Report("\n".join(parts), ratios)


def compare(links: Path, rounds: int, folder: Path) -> dict[str, Cost]:
    """The median cost of a clip of the folder ``links`` for each case."""
    count = len(list(links.iterdir()))
    costs: dict[str, list[Cost]] = {}
    lists = [write_list(links, number, folder) for number in (count, FEW)]
    for _ in range(rounds):
        measured: dict[str, list[Cost]] = {}
        for clips in lists:
            for case, command in _cases(clips, folder).items():
                processors = 2 if case.endswith("2 processors") else 1
                measured.setdefault(case, []).append(run(command, processors=processors))
        for case, (whole, start) in measured.items():
            costs.setdefault(case, []).append(whole.per_clip(start, count - FEW))
    return {
        case: Cost(
            statistics.median(cost.cpu for cost in rounds_of_case),
            statistics.median(cost.wall for cost in rounds_of_case),
            max(cost.memory_mb for cost in rounds_of_case),
        )
        for case, rounds_of_case in costs.items()
    }


def ours(clips: Path, folder: Path, workers: int, runtime: str = "auto") -> list[object]:
    """Arguments of Python that run ``predict.py`` over a list of clips."""
    options = ("--no-resume", "--prior", "train", "--workers", workers, "--runtime", runtime)
    return predict(f"@{clips}", folder / "ours.csv", *options)


def _cases(clips: Path, folder: Path) -> dict[str, list[object]]:
    """Arguments of Python for each case over a list of clips."""
    return {
        "decode": ["-c", _DECODE, clips],
        "front end": ["-c", _FRONT_END, clips, 1],
        "front end, 2 processors": ["-c", _FRONT_END, clips, 2],
        "ours": ours(clips, folder, 1),
        "ours, 2 processors": ours(clips, folder, 2),
        "ours, Keras": ours(clips, folder, 1, "keras"),
        "naive": ["-c", _NAIVE, clips, folder / "naive.npy"],
        "naive, 2 processors": ["-c", _NAIVE, clips, folder / "naive.npy"],
    }


def largest_difference(clips: Path, folder: Path) -> float:
    """Largest difference of a probability between ``ours`` and ``naive`` over a list of clips."""
    import numpy as np

    from model.outputs import submission

    run(["-c", _NAIVE, clips, folder / "naive.npy"])
    run(ours(clips, folder, 1))
    table = {row.file_id: row.probabilities for row in submission.read(folder / "ours.csv")}
    rows = [table[Path(path).stem] for path in clips.read_text(encoding="utf-8").splitlines()]
    return float(np.abs(np.array(rows) - np.load(folder / "naive.npy")).max())


def describe(costs: dict[str, Cost], difference: float) -> str:
    """The costs of the cases in Markdown."""
    decode = costs["decode"].cpu
    rows = [
        (case, f"{1000 * cost.cpu:.0f}", f"{cost.cpu / decode:.2f}", f"{1000 * cost.wall:.0f}")
        for case, cost in costs.items()
    ]
    one, two = costs["ours"], costs["ours, 2 processors"]
    naive, naive_on_two = costs["naive"], costs["naive, 2 processors"]
    front_end = costs["front end"].wall / costs["front end, 2 processors"].wall
    columns = ("case", "CPU ms a clip", "against decode", "wall ms a clip")
    return f"""{markdown_table(columns, rows)}
- naive / ours, CPU: {naive.cpu / one.cpu:.2f} on one processor,
  {naive_on_two.cpu / two.cpu:.2f} on two, where TensorFlow's threads wait for each other
- wall, one processor / two: {one.wall / two.wall:.2f} (`front end` alone: {front_end:.2f})
- a million clips on five such processors: {1e6 * two.wall * 2 / 5 / 3600:.1f} hours, from the wall
  time on two
- largest difference of a probability between ours and naive: {difference:.1e}
"""


def _stages(folder: Path) -> str:
    costs = call_alone(stages.stages_ms, str(folder.absolute()))
    table = markdown_table(("stage", "CPU ms"), [(n, f"{ms:.1f}") for n, ms in costs.items()])
    return f"""## Stages

CPU milliseconds of a clip, median, each stage alone in one process and on one thread.

{table}"""


def _batches() -> str:
    rows = [
        (batch, f"{ms:.1f}", f"{memory_mb:.0f}", f"{difference:.1e}")
        for batch, ms, memory_mb, difference in call_alone(stages.batches)
    ]
    columns = ("windows of a call", "CPU ms a window", "memory so far, MB", "difference of a logit")
    return f"""## Windows of a call of TensorFlow

On one thread, `--runtime keras`; the difference is the largest from the logits of the first row.

{markdown_table(columns, rows)}"""


def _lengths(clips: list[Path], counts: list[int], folder: Path) -> str:
    """Start-up, the first row, and the cost of a clip in runs of growing length."""
    one = make_links(clips, 1, folder)
    commands = {
        "`--help`": [ROOT / "predict.py", "--help"],
        **{
            f"one clip, {name}": predict(one, folder / "one.csv", "--runtime", name, "--overwrite")
            for name in ("onnx", "keras")
        },
    }
    starts = []
    for name, command in commands.items():
        costs = [run(command) for _ in range(_START_ROUNDS)]
        cpu, wall = (statistics.median(getattr(c, name) for c in costs) for name in ("cpu", "wall"))
        memory_mb = max(cost.memory_mb for cost in costs)
        starts.append((name, f"{cpu:.2f}", f"{wall:.2f}", f"{memory_mb:.0f}"))
    rows = []
    for count in counts:
        cost = run(predict(make_links(clips, count, folder), folder / "length.csv"))
        cpu, wall = 1000 * cost.cpu / count, 1000 * cost.wall / count
        rows.append((f"{count:,}", f"{cpu:.0f}", f"{wall:.0f}", f"{cost.memory_mb:.0f}"))
    columns = ("clips", "CPU ms a clip", "wall ms a clip", "MB")
    return f"""## Start-up and length

From start to end, all processes together, median of {_START_ROUNDS}; memory of the largest process.

{markdown_table(("command", "CPU s", "wall s", "MB"), starts)}
Runs over links to the same clips, start-up included. The memory is the largest resident memory of
one process, which is the one that predicts.

{markdown_table(columns, rows)}"""


def _start(folder: Path) -> str:
    """A warm call of the Python API, and the imports of a run."""
    warm_ms = call_alone(stages.warm_call_ms, str(folder.absolute()))
    spent = {name: call_alone(stages.imports_ms, name) for name in stages.PROCESSES}
    rows = [("all", *(f"{sum(costs.values()):.0f}" for costs in spent.values()))]
    for package in dict.fromkeys(name for costs in spent.values() for name in costs):
        costs_ms = [costs.get(package, 0.0) for costs in spent.values()]
        if max(costs_ms) >= _LEAST_IMPORT_MS:
            rows.append((package, *(f"{ms:.0f}" for ms in costs_ms)))
    columns = ("package", *(f"{name}, ms" for name in spent))
    return f"""
A call of the Python API for one file takes {warm_ms:.0f} ms once it is warm.

Imports by package (`python -X importtime`, each without what it imports in turn):

{markdown_table(columns, rows)}"""
