"""``python -m benchmarks.features [CLIPS]``: our 518 features against the published recipe.

Both read the same mp3s in one process and one thread, clip by clip in turns; CPU time counts. The
recipe is that of ``tests.support.recipe``, which computes the spectrum and the constant-Q
transform once, as FMA's own program does. Without CLIPS the sample clips are repeated to 30 s in
stereo. Writes ``benchmarks/FEATURES.md``.
"""

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from model.cpus import ONE_THREAD

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RESULTS = Path(__file__).with_name("FEATURES.md")
SAMPLES = Path(__file__).resolve().parents[1] / "tests" / "clips"
SECONDS = 30.0

Program = Callable[[Path], "NDArray[np.float32]"]


@dataclass(frozen=True)
class Turn:
    """One clip by both programs.

    Attributes:
        recipe: CPU seconds of the recipe.
        ours: CPU seconds of ours.
        decoding: CPU seconds of decoding alone, which both contain.
        apart: largest difference of a feature, against the larger of its size and 0.01.
    """

    recipe: float
    ours: float
    decoding: float
    apart: float


def main() -> int:
    """Measure, print and write the results; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.features", description=__doc__)
    parser.add_argument("clips", nargs="?", type=Path, help="a folder of mp3s")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    os.environ.update(ONE_THREAD)  # before numpy is imported
    with tempfile.TemporaryDirectory() as folder:
        clips = sorted((given.clips or _long_clips(Path(folder))).glob("*.mp3"))
        if not clips:
            parser.error(f"{given.clips}: no mp3 in it")
        turns = _turns(clips, given.rounds)
    text = _described(turns, len(clips), given.rounds)
    print(text)
    RESULTS.write_text(text, encoding="utf-8")
    return 0


def _long_clips(folder: Path) -> Path:
    """The sample clips, repeated to what a clip of FMA usually is."""
    import numpy as np
    import soundfile

    for path in sorted(SAMPLES.glob("*.mp3")):
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        stereo = samples[:, [0, -1]]
        length = int(SECONDS * rate)
        stereo = np.tile(stereo, (-(-length // len(stereo)), 1))[:length]
        soundfile.write(folder / path.name, stereo, rate, format="MP3")
    return folder


def _turns(clips: list[Path], rounds: int) -> list[Turn]:
    from tests.support import recipe
    from training.data.features_of_file import features_of_file, read

    programs: tuple[Program, ...] = (recipe.features_of_file, features_of_file)
    for program in programs:  # compile and load what is loaded late
        program(clips[0])
    turns = []
    for turn in range(rounds):
        for path in clips:
            spent, features = {}, {}
            for program in programs if turn % 2 else reversed(programs):
                begun = time.process_time()
                features[program] = program(path)
                spent[program] = time.process_time() - begun
            begun = time.process_time()
            read(path)
            decoding = time.process_time() - begun
            apart = _apart(features[programs[0]], features[programs[1]])
            turns.append(Turn(spent[programs[0]], spent[programs[1]], decoding, apart))
    return turns


def _apart(reference: "NDArray[np.float32]", ours: "NDArray[np.float32]") -> float:
    """Largest relative difference; where the recipe has no number there is none."""
    import numpy as np

    difference = np.abs(ours - reference) / np.maximum(np.abs(reference), 0.01)
    return float(np.nanmax(difference))


def _described(turns: list[Turn], clips: int, rounds: int) -> str:
    def median(of: Callable[[Turn], float]) -> float:
        return statistics.median(of(turn) for turn in turns)

    apart = max(turn.apart for turn in turns)
    ratios = [turn.recipe / turn.ours for turn in turns]
    undecoded = median(lambda t: (t.recipe - t.decoding) / (t.ours - t.decoding))
    rows = "\n".join(
        f"| {name} | {1000 * seconds:.0f} |"
        for name, seconds in {
            "recipe, one librosa function a feature": median(lambda t: t.recipe),
            "`training.features`": median(lambda t: t.ours),
            "decoding, contained in both": median(lambda t: t.decoding),
        }.items()
    )
    return f"""# What the 518 features of a clip cost

Made by `python -m benchmarks.features`: {clips} clips, {rounds} rounds, both programs in turns, one
thread. {platform.machine()}, Python {platform.python_version()}, librosa {version("librosa")}.

| program | CPU ms a clip, median |
|---|---|
{rows}

- recipe / ours, CPU, median of the turns: {statistics.median(ratios):.2f} \
(from {min(ratios):.2f} to {max(ratios):.2f}); without decoding {undecoded:.2f}
- largest difference of a feature, relative to its size or to 0.01: {apart:.0e}
"""


if __name__ == "__main__":
    sys.exit(main())
