"""``python -m benchmarks.peers``: what a clip costs with another tool that tags music.

The one that can be installed with its weights is musicnn (Pons and Serra, musicnn: pre-trained
convolutional neural networks for music audio tagging, 2019): file by file through its own
``extractor``, in an environment of its own that the first run makes below ``cache``. Runs take
turns; those over few clips go off those over all, so that start-up does not count. Writes
``benchmarks/PEERS.md``.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import clips, scale
from benchmarks.pipeline import ROOT, Cost, difference, machine, ours, run

RESULTS = Path(__file__).with_name("PEERS.md")
FEW, COUNT, ROUNDS = 4, 36, 3

# Its own pins name a numpy that no current Python has; these versions are known to work with it.
_MUSICNN = ["tensorflow-cpu==2.15.1", "librosa==0.10.2", "setuptools<81"]

_EXTRACT = """
import os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
from musicnn.extractor import extractor
for path in open(sys.argv[1]).read().splitlines():
    extractor(path, model="MSD_musicnn", input_overlap=False, extract_features=False)
"""


def main() -> int:
    """Measure, print, and write the results; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--clips", type=Path, default=ROOT / "cache" / "benchmark")
    given = parser.parse_args()
    python = _environment(ROOT / "cache" / "peers" / "musicnn")
    paths = [str(path.absolute()) for path in clips.make(given.clips)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = _described(_measured(python, scale.links(paths, COUNT, folder), folder))
    print(text)
    RESULTS.write_text(text, encoding="utf-8")
    return 0


def _environment(place: Path) -> Path:
    """A Python with musicnn, installed when it is not there yet."""
    python = place / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet"]
        subprocess.run([*install, *_MUSICNN], check=True)
        subprocess.run([*install, "--no-deps", "musicnn==0.1.0"], check=True)
    return python


def _measured(python: Path, place: Path, folder: Path) -> dict[str, float]:
    """CPU seconds of a clip by tool."""
    links = [str(path) for path in sorted(place.iterdir())]
    listed = {}
    for count in (FEW, COUNT):
        listed[count] = folder / f"{count}.txt"
        listed[count].write_text("".join(f"{path}\n" for path in links[:count]))
    spent: dict[str, list[Cost]] = {"ours": [], "musicnn": []}
    for _ in range(ROUNDS):
        for name in spent:
            few, more = (
                run(ours(path, folder, 1))
                if name == "ours"
                else run(["-c", _EXTRACT, str(path)], python)
                for path in listed.values()
            )
            spent[name].append(difference(more, few, COUNT - FEW))
    return {name: statistics.median(cost.cpu for cost in costs) for name, costs in spent.items()}


def _described(costs: dict[str, float]) -> str:
    rows = "\n".join(
        f"| {name} | {1000 * cpu:.0f} | {cpu / costs['ours']:.1f} |" for name, cpu in costs.items()
    )
    return f"""# Ours and other tools

Made by `python -m benchmarks.peers`: {COUNT} clips of 30 s (links to fewer; 44.1 kHz, stereo mp3s),
medians of {ROUNDS} rounds in turns, start-up taken away; one decoding process. {machine()}.

| tool | CPU ms a clip | against ours |
|---|---|---|
{rows}

- **musicnn** 0.1.0 on TensorFlow 2.15: `MSD_musicnn`, patches of 3 s without overlap, tags only. It
  gives fifty tags, not genre probabilities.
- **Essentia's** pipelines are not in the table: its genre models are published under a licence that
  rules out commercial use, and could not be fetched as a package.
"""


if __name__ == "__main__":
    sys.exit(main())
