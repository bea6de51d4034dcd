"""CPU time of a clip, compared with another tool that tags music.

The tool that can be installed with its weights is musicnn (Pons and Serra, musicnn: pre-trained
convolutional neural networks for music audio tagging, 2019). It runs file by file through its own
``extractor``, in an environment that the first run makes below ``cache``. Runs take turns; the cost
of a run over few clips is subtracted, so that start-up does not count.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measuring import (
    ROOT,
    Cost,
    Report,
    machine,
    make_clips,
    make_links,
    markdown_table,
    run,
    write_list,
)
from benchmarks.pipeline.costs import ours

FEW, COUNT, ROUNDS = 4, 36, 3

# musicnn pins a numpy that no current Python has; these versions work with it.
_MUSICNN = ["tensorflow-cpu==2.15.1", "librosa==0.10.2", "setuptools<81"]

_EXTRACT = """
import os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
from musicnn.extractor import extractor
for path in open(sys.argv[1]).read().splitlines():
    extractor(path, model="MSD_musicnn", input_overlap=False, extract_features=False)
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the measurement."""
    parser.add_argument("--clips", type=Path, default=ROOT / "cache" / "benchmark")


def measure(args: argparse.Namespace) -> Report:
    """Measure both tools."""
    python = _environment(ROOT / "cache" / "peers" / "musicnn")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cpu = _cpu_seconds(python, make_links(make_clips(args.clips), COUNT, folder), folder)
    ratio = cpu["musicnn"] / cpu["ours"]
    return Report(_page(cpu), {"CPU time, musicnn / ours": ratio})


def _environment(folder: Path) -> Path:
    """A Python with musicnn, which is installed first when it is missing."""
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet"]
        subprocess.run([*install, *_MUSICNN], check=True)
        subprocess.run([*install, "--no-deps", "musicnn==0.1.0"], check=True)
    return python


def _cpu_seconds(python: Path, links: Path, folder: Path) -> dict[str, float]:
    """CPU seconds of a clip by tool."""
    lists = [write_list(links, count, folder) for count in (COUNT, FEW)]
    costs: dict[str, list[Cost]] = {"ours": [], "musicnn": []}
    for _ in range(ROUNDS):
        whole, start = (run(ours(clips, folder, 1)) for clips in lists)
        costs["ours"].append(whole.per_clip(start, COUNT - FEW))
        whole, start = (run(["-c", _EXTRACT, clips], python) for clips in lists)
        costs["musicnn"].append(whole.per_clip(start, COUNT - FEW))
    return {name: statistics.median(cost.cpu for cost in costs[name]) for name in costs}


def _page(cpu: dict[str, float]) -> str:
    rows = [
        (name, f"{1000 * seconds:.0f}", f"{seconds / cpu['ours']:.1f}")
        for name, seconds in cpu.items()
    ]
    return f"""# Ours and other tools

Made by `python -m benchmarks peers`: {COUNT} clips of 30 s (links to fewer; 44.1 kHz, stereo mp3s),
medians of {ROUNDS} rounds in turns, start-up subtracted; one decoding process. {machine()}.

{markdown_table(("tool", "CPU ms a clip", "against ours"), rows)}
- **musicnn** 0.1.0 on TensorFlow 2.15: `MSD_musicnn`, patches of 3 s without overlap, tags only. It
  gives fifty tags, not genre probabilities.
- **Essentia's** pipelines are not in the table: its genre models are published under a licence that
  rules out commercial use, and could not be fetched as a package.
"""
