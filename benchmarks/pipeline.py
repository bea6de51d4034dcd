"""``python -m benchmarks.pipeline``: what a clip costs, against simpler ways to do the same.

Every case is a process of its own over the same clips (``benchmarks.clips``), in turns; CPU time
(user and system, with the time of its children) and wall time of a run over few clips go off those
of one over all of them, so that start-up does not count. Writes ``benchmarks/RESULTS.md``, with
what ``benchmarks.stages`` and ``benchmarks.scale`` find.

- ``decode``: soundfile alone, one file after the other: the floor.
- ``front end``: decoding and log-mel in one worker process, no network.
- ``ours``: ``predict.py`` with one worker; ``ours, 2 workers`` with two.
- ``naive``: ``librosa.load``, librosa's mel, ``model.predict`` a file, with the same network.
"""

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import clips, scale
from model import cpus
from model.clips import find

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).with_name("RESULTS.md")
FEW = 16

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
    assert all(decoded.frames is not None for decoded in pool.decode(paths, 8))
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
network = fusion.network(f, card.window_frames, card.branches)
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


@dataclass(frozen=True)
class Cost:
    """CPU and wall seconds of a process."""

    cpu: float
    wall: float


def main() -> int:
    """Measure, print, and write the results; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pipeline", description=__doc__)
    parser.add_argument("--clips", type=Path, default=ROOT / "cache" / "benchmark")
    parser.add_argument("--count", type=int, default=256, help="links to the clips, for each case")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=int, nargs="*", default=[100, 1000, 10_000])
    given = parser.parse_args()
    paths = [str(path.absolute()) for path in clips.make(given.clips)]
    with tempfile.TemporaryDirectory() as folder:
        parts = [
            measured(scale.links(paths, given.count, Path(folder)), given.rounds, Path(folder)),
            _stages(given.clips),
            scale.measured(paths, given.scale, Path(folder)),
        ]
    text = "\n".join(parts)
    print(text)
    RESULTS.write_text(text, encoding="utf-8")
    return 0


def measured(place: Path, rounds: int, folder: Path) -> str:
    """Run all cases in turns over a folder of clips and describe what they cost."""
    paths = [str(path) for path in sorted(place.iterdir())]
    all_clips, few_clips = folder / "all.txt", folder / "few.txt"
    all_clips.write_text("".join(f"{path}\n" for path in paths))
    few_clips.write_text("".join(f"{path}\n" for path in paths[:FEW]))
    cases: dict[str, Callable[[Path], list[str]]] = {
        "decode": lambda listed: ["-c", _DECODE, str(listed)],
        "front end": lambda listed: ["-c", _FRONT_END, str(listed), "1"],
        "front end, 2 workers": lambda listed: ["-c", _FRONT_END, str(listed), "2"],
        "ours": lambda listed: ours(listed, folder, 1),
        "ours, 2 workers": lambda listed: ours(listed, folder, 2),
        "naive": lambda listed: ["-c", _NAIVE, str(listed), str(folder / "naive.npy")],
    }
    costs: dict[str, list[Cost]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, command in cases.items():
            whole, start = run(command(all_clips)), run(command(few_clips))
            more = len(paths) - FEW
            costs[name].append(difference(whole, start, more))
    apart = _largest_difference(folder, all_clips)
    return _described(costs, len(paths), rounds, apart)


def difference(whole: Cost, start: Cost, clips: int) -> Cost:
    """The cost of each of the clips that one run has more than another."""
    return Cost((whole.cpu - start.cpu) / clips, (whole.wall - start.wall) / clips)


def ours(listed: Path, folder: Path, workers: int) -> list[str]:
    """Arguments of Python that run ``predict.py`` over a list of clips."""
    table = str(folder / "ours.csv")
    predict = [str(ROOT / "predict.py"), f"@{listed}", "-o", table, "--quiet", "--device", "cpu"]
    return [*predict, "--no-resume", "--prior", "train", "--workers", str(workers)]


def _stages(folder: Path) -> str:
    command = [sys.executable, "-m", "benchmarks.stages", str(folder.absolute())]
    done = subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    return done.stdout.removesuffix("\n")  # print's


def run(arguments: list[str], python: str | Path = sys.executable) -> Cost:
    """What a Python process and those that it starts cost."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(
        [str(python), *arguments],
        check=True,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(cpu, time.monotonic() - begun)


def _largest_difference(folder: Path, listed: Path) -> float:
    """Between our probabilities and those of the naive way, over all clips."""
    import numpy as np

    from model.outputs import submission

    run(["-c", _NAIVE, str(listed), str(folder / "naive.npy")])
    run(ours(listed, folder, 1))
    rows = {row.file_id: row.probabilities for row in submission.read(folder / "ours.csv")}
    ids = [clip.file_id for clip in find([f"@{listed}"]).clips]
    order = [Path(path).name for path in listed.read_text().splitlines()]
    theirs = dict(
        zip(
            (name.removesuffix(".mp3") for name in order),
            np.load(folder / "naive.npy"),
            strict=True,
        )
    )
    return max(float(np.abs(np.array(rows[i]) - theirs[i]).max()) for i in ids)


def _described(costs: dict[str, list[Cost]], count: int, rounds: int, apart: float) -> str:
    medians = {
        name: Cost(statistics.median(c.cpu for c in cs), statistics.median(c.wall for c in cs))
        for name, cs in costs.items()
    }
    floor = medians["decode"].cpu
    rows = "\n".join(
        f"| {name} | {1000 * cost.cpu:.0f} | {cost.cpu / floor:.2f} | {1000 * cost.wall:.0f} |"
        for name, cost in medians.items()
    )
    one, two, naive = (medians[n] for n in ("ours", "ours, 2 workers", "naive"))
    alone = medians["front end"].wall / medians["front end, 2 workers"].wall
    return f"""# What a clip costs

Made by `python -m benchmarks.pipeline`: {count} clips of 30 s (links to fewer; 44.1 kHz, stereo,
128 to 320 kbit/s and variable), medians of {rounds} rounds in turns, start-up taken away.
{machine()}, {cpus.usable()} processors, Python {platform.python_version()}, no GPU.

| case | CPU ms a clip | against decode | wall ms a clip |
|---|---|---|---|
{rows}

- naive / ours, CPU: {naive.cpu / one.cpu:.2f}
- wall, one worker / two workers: {one.wall / two.wall:.2f} (the network shares the processors with
  the workers; `front end` alone: {alone:.2f})
- a million clips on five such processors: {1e6 * two.cpu / 5 / 3600:.1f} hours of CPU time each
- largest difference of a probability between ours and naive: {apart:.1e}
"""


def machine() -> str:
    """The processor's name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = [line.split(": ", 1)[1] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    sys.exit(main())
