"""CPU time of the 518 FMA features, compared with one librosa function for each feature.

Both programs read the same mp3s in one process and on one thread, clip by clip in turns. The
librosa program computes the spectrum and the constant-Q transform once, as FMA's own program does.
"""

import argparse
import platform
import statistics
import tempfile
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

from benchmarks.measuring import Report, call_alone, cpu_seconds, make_clips, markdown_table


@dataclass(frozen=True)
class Turn:
    """CPU seconds of one clip by both programs.

    Attributes:
        librosa: CPU seconds of the librosa program.
        ours: CPU seconds of ours.
        decoding: CPU seconds of decoding alone, which both programs contain.
        difference: largest difference of a feature, relative to its size or to 0.01.
    """

    librosa: float
    ours: float
    decoding: float
    difference: float


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the measurement."""
    parser.add_argument("--clips", type=Path, help="folder of mp3s (default: the sample clips)")
    parser.add_argument("--rounds", type=int, default=3)


def measure(args: argparse.Namespace) -> Report:
    """Measure both programs."""
    with tempfile.TemporaryDirectory() as name:
        folder = args.clips or Path(name)
        if not args.clips:
            make_clips(folder, ("cbr128",))
        turns = [Turn(*t) for t in call_alone(measure_turns, str(folder), str(args.rounds))]
    ratios = [turn.librosa / turn.ours for turn in turns]
    undecoded = [(t.librosa - t.decoding) / (t.ours - t.decoding) for t in turns]
    medians = {
        "librosa, one function a feature": [turn.librosa for turn in turns],
        "`training.data.features_worker`": [turn.ours for turn in turns],
        "decoding, contained in both": [turn.decoding for turn in turns],
    }
    rows = [(name, f"{1000 * statistics.median(times):.0f}") for name, times in medians.items()]
    ratio = statistics.median(ratios)
    page = f"""# What the 518 features of a clip cost

Made by `python -m benchmarks features`: {len(turns) // args.rounds} clips, {args.rounds} rounds, \
both programs in turns, one
thread. {platform.machine()}, Python {platform.python_version()}, librosa {version("librosa")}.

{markdown_table(("program", "CPU ms a clip, median"), rows)}
- librosa / ours, CPU, median of the turns: {ratio:.2f} \
(from {min(ratios):.2f} to {max(ratios):.2f}); without decoding {statistics.median(undecoded):.2f}
- largest difference of a feature, relative to its size or to 0.01: \
{max(turn.difference for turn in turns):.0e}
"""
    return Report(page, {"CPU time of the 518 features, librosa / ours": ratio})


def measure_turns(folder: str, rounds: str) -> list[tuple[float, float, float, float]]:
    """The fields of a ``Turn`` for each clip and round."""
    import numpy as np
    from numpy.typing import NDArray

    from benchmarks import librosa_features
    from training.data import features_worker as ours

    clips = sorted(Path(folder).glob("*.mp3"))
    programs = (librosa_features.features_of_file, ours.features_of_file)
    for program in programs:  # compile and load what is loaded late
        program(clips[0])
    turns = []
    for turn in range(int(rounds)):
        for path in clips:
            seconds, features = {}, {}
            for program in programs if turn % 2 else reversed(programs):
                results: list[NDArray[np.float32]] = []
                seconds[program] = cpu_seconds(lambda: results.append(program(path)))  # noqa: B023
                features[program] = results[0]
            decoding = cpu_seconds(partial(ours.read, path))
            expected, actual = (features[program] for program in programs)
            difference = np.abs(actual - expected) / np.maximum(np.abs(expected), 0.01)
            largest = float(np.nanmax(difference))  # constant features have no number in librosa
            turns.append((seconds[programs[0]], seconds[programs[1]], decoding, largest))
    return turns
