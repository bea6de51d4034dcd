"""Start-up, the first row, and what a clip costs in runs of growing length."""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_HELP_ROUNDS = 5


def measured(paths: list[str], counts: list[int], folder: Path) -> str:
    """Run ``predict.py`` over links to the clips and describe it.

    Args:
        paths: clips.
        counts: lengths of the runs.
        folder: an empty place for links and tables.
    """
    helps = [_run(["--help"]) for _ in range(_HELP_ROUNDS)]
    first = _run([*_arguments(links(paths, 1, folder), folder)])
    rows = []
    for count in counts:
        spent = _run(_arguments(links(paths, count, folder), folder))
        rows.append(
            f"| {count:,} | {1000 * spent.cpu / count:.0f} | {1000 * spent.wall / count:.0f} "
            f"| {spent.megabytes:.0f} |"
        )
    table = "\n".join(rows)
    return f"""## Start-up and length

- `--help`: {sorted(spent.cpu for spent in helps)[_HELP_ROUNDS // 2]:.2f} s CPU
- one clip, from start to end: {first.cpu:.1f} s CPU, {first.wall:.1f} s

Runs over links to the same clips, start-up counted in; the memory is the largest resident set of
one process, the one that predicts.

| clips | CPU ms a clip | wall ms a clip | MB |
|---|---|---|---|
{table}
"""


class _Spent:
    """What a process took, with the processes that it started."""

    def __init__(self, usage: resource.struct_rusage, wall: float) -> None:
        self.cpu = usage.ru_utime + usage.ru_stime
        self.wall = wall
        self.megabytes = usage.ru_maxrss / 1024


def _run(arguments: list[str]) -> _Spent:
    begun = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "predict.py"), *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, arguments)
    return _Spent(usage, time.monotonic() - begun)


def _arguments(clips: Path, folder: Path) -> list[str]:
    return [str(clips), "-o", str(folder / "scale.csv"), "--quiet", "--device", "cpu"]


def links(paths: list[str], count: int, folder: Path) -> Path:
    """Make a folder of so many links to the clips, and return it."""
    place = folder / f"links{count}"
    place.mkdir()
    for number in range(count):
        (place / f"{number:07}.mp3").symlink_to(paths[number % len(paths)])
    return place
