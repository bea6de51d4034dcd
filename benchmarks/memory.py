"""``python -m benchmarks.memory``: how memory grows with the number of clips.

Runs the command line, with a system that costs next to nothing, over links to a few short clips,
and reads the highest resident memory of the predicting process when it is done. What clips in
flight take is the same whatever their number; what is kept for each clip of a run shows as the
difference. Writes ``benchmarks/MEMORY.md``. Exit code 1 when the difference is too large.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import soundfile

from tests.support import cheap_system
from tests.support.odd import tone

ROOT = Path(__file__).resolve().parents[1]
TABLE = Path(__file__).with_name("MEMORY.md")
MOST_MEGABYTES = 50.0
_CLIPS = 5
_RATE = 22_050
_SECONDS = 0.3

# VmHWM, not ru_maxrss: that one remembers the process that this one was started from.
_RUN = """
import sys
from pathlib import Path
from model import cli, systems
from tests.model import cheap
systems.WEIGHTS_FOLDER, systems.DEFAULT = Path(sys.argv[1]), cheap.NAME
sys.modules[f"model.systems.ours.{cheap.NAME}"] = cheap
code = cli.main(sys.argv[2:])
fields = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines())
print(code, fields["VmHWM"].split()[0])
"""


CASES = {
    "the table alone": (),
    "windows and genres, too": ("--min-confidence", "0.5", "--per-window", "windows.csv"),
    "an estimated prior": ("--prior", "estimate"),
}
"""What is written, and the options for it. An estimate needs all posteriors at once, in the end."""

_UNJUDGED = "an estimated prior"


@dataclass(frozen=True)
class Peak:
    """What a run took.

    Attributes:
        clips: how many.
        case: one of ``CASES``.
        megabytes: highest resident memory of the predicting process, in 2^20 bytes.
    """

    clips: int
    case: str
    megabytes: float


def measured(folder: Path, counts: Sequence[int]) -> list[Peak]:
    """Run each case over so many links each."""
    weights = folder / "weights"
    weights.mkdir()
    cheap_system.write_card(weights)
    clips = _clips(folder)
    for count in counts:
        links = folder / str(count)
        links.mkdir()
        for number in range(count):
            (links / f"{number:06}.mp3").symlink_to(clips[number % _CLIPS])
    return [_run(weights, folder, count, case) for case in CASES for count in counts]


def _clips(folder: Path) -> list[Path]:
    paths = [folder / f"clip{number}.mp3" for number in range(_CLIPS)]
    for number, path in enumerate(paths):
        samples = tone(_SECONDS * (1 + number / _CLIPS), _RATE)
        soundfile.write(path, samples, _RATE, "MPEG_LAYER_III", format="MP3")
    return paths


def _run(weights: Path, folder: Path, count: int, case: str) -> Peak:
    done = subprocess.run(
        [sys.executable, "-c", _RUN, weights, folder / str(count), "--quiet", *CASES[case]],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    code, kilobytes = done.stdout.splitlines()[-1].split()
    if code != "0":
        raise RuntimeError(f"the run ended with {code}: {done.stderr}")
    return Peak(count, case, int(kilobytes) / 1024)


def table(peaks: Sequence[Peak]) -> str:
    """The peaks as a document."""
    rows = [f"| {peak.case} | {peak.clips:,} | {peak.megabytes:.0f} |" for peak in peaks]
    return "\n".join(
        [
            "# Memory",
            "",
            "Written by `python -m benchmarks.memory`; do not edit. Highest resident memory of the",
            "predicting process, without a network, over links to a few clips of less than a",
            "second: what a run keeps for each of its clips. An estimated prior holds all",
            "posteriors at once, in the end.",
            "",
            f"Python {platform.python_version()}, {platform.system()} on {platform.machine()}.",
            "",
            "| written | clips | MB |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def growth(peaks: Sequence[Peak]) -> float:
    """Megabytes between the smallest and the largest run of a case, of the worst case."""
    sizes = {case: [p.megabytes for p in peaks if p.case == case] for case in CASES}
    return max(max(s) - min(s) for case, s in sizes.items() if case != _UNJUDGED)


def main(arguments: Sequence[str]) -> int:
    """Measure, write the table, and judge it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--counts", type=int, nargs="+", default=[1_000, 100_000])
    parser.add_argument("-o", "--output", type=Path, default=TABLE)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        peaks = measured(Path(folder), given.counts)
    given.output.write_text(table(peaks), encoding="utf-8")
    print(table(peaks))
    grown = growth(peaks)
    print(f"{grown:.0f} MB more for more clips; at most {MOST_MEGABYTES:.0f} are allowed")
    return int(grown > MOST_MEGABYTES)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
