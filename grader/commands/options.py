"""Arguments that ``run`` and ``grade`` share, and what they print while a submission runs."""

import argparse
import re
import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from grader.engines.engine import AS_2018, ENTRIES, Engine, Job, Reading, Stage
from grader.engines.limits import CHALLENGE, GIB, Limits, fit
from grader.errors import GraderError

if TYPE_CHECKING:
    from grader.judging.runs import Run

_UNITS: Final = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
REPORT: Final = "report.json"
"""The file that marks a folder as ours to overwrite."""


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """Engine, entry point, limits and output folder."""
    parser.add_argument(
        "-o", "--output", metavar="FOLDER", type=Path, default=Path("graded"),
        help="gets log, table and report (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--engine", choices=("docker", "local"), default="docker",
        help="local: no container, run.sh as a plain process (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--entry", default=ENTRIES[0], help=f"command in the container, {' or '.join(ENTRIES)}"
    )
    parser.add_argument(
        "--as-entrypoint", action="store_true",
        help="replace the image's entry point instead of passing it a command",
    )  # fmt: skip
    parser.add_argument(
        "--env", metavar="NAME=VALUE", type=_variable, action="append", default=[],
        help="variable for the submission, e.g. SYSTEM=mobilenet; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--paths-of-2018", action="store_true",
        help=f"mount the clips at {AS_2018.payload} and ask for {AS_2018.table}",
    )  # fmt: skip
    limits = parser.add_argument_group("limits", "the challenge's, fitted to the machine")
    limits.add_argument("--cpus", type=float, default=CHALLENGE.cpus)
    limits.add_argument(
        "--memory", type=_bytes, default=CHALLENGE.memory, metavar="SIZE", help="e.g. 60g, 512m"
    )
    limits.add_argument("--seconds", type=float, default=CHALLENGE.seconds)
    limits.add_argument("--pids-limit", type=int, default=CHALLENGE.processes)
    limits.add_argument("--no-gpu", action="store_true", help="hide the graphics card")


@dataclass(frozen=True)
class Prepared:
    """An engine and a job for it, without the image."""

    engine: Engine
    job: Job
    notes: tuple[str, ...]


def prepare(arguments: argparse.Namespace, folder: Path) -> Prepared:
    """The engine and the job that the arguments ask for.

    Raises:
        GraderError: there is no engine, or the limits make no sense.
    """
    limits = Limits(
        arguments.cpus, arguments.memory, arguments.seconds, arguments.pids_limit,
        gpu=not arguments.no_gpu,
    )  # fmt: skip
    if min(limits.cpus, limits.memory, limits.seconds, limits.processes) <= 0:
        raise GraderError("limits must be above zero")
    engine = _engine(arguments.engine)
    fitted, notes = fit(limits, engine.machine())
    if engine.covers:
        notes = (f"engine {engine.name}: {engine.covers}", *notes)
    job = Job(
        "", arguments.clips, folder, fitted, arguments.entry, arguments.as_entrypoint,
        dict(arguments.env), AS_2018 if arguments.paths_of_2018 else Stage(),
    )  # fmt: skip
    for sentence in notes:
        print(f"note: {sentence}")
    return Prepared(engine, job, notes)


def empty_folder(folder: Path) -> Path:
    """A folder for results: made, or emptied where an earlier report lies in it.

    Raises:
        GraderError: it holds something else, or cannot be made.
    """
    try:
        if folder.is_dir() and any(folder.iterdir()):
            if not (folder / REPORT).is_file():
                raise GraderError(f"{folder}: is not empty, and no earlier report; name another")
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GraderError(f"{folder}: cannot be used for results: {error.strerror}") from None
    return folder


def with_image(prepared: Prepared, image: str) -> Job:
    """The job for an image, or for a repository's folder on the local engine."""
    return replace(prepared.job, image=image)


class Progress:
    """Says on stderr how long a run takes and how much memory: live, or once a minute in a log."""

    def __init__(self) -> None:
        self.live = sys.stderr.isatty()
        self.said = 0.0

    def __call__(self, reading: Reading) -> None:
        """Say it, unless it was said a moment ago."""
        if reading.seconds < self.said:
            self.said = 0.0  # the next run has begun
        if reading.seconds - self.said < (0.5 if self.live else 60.0):
            return
        self.said = reading.seconds
        now, peak = ((size or 0) / GIB for size in (reading.memory, reading.peak_memory))
        text = f"running {reading.seconds:.0f} s, {now:.2f} GiB, at most {peak:.2f}"
        print(f"\r\x1b[K{text}" if self.live else text, end="" if self.live else "\n",
              file=sys.stderr, flush=True)  # fmt: skip

    def done(self) -> None:
        """Take the live line away."""
        if self.live:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def describe(run: "Run") -> str:
    """A run as text: verdict, grounds and figures."""
    ruling, outcome = run.ruling, run.outcome
    lines = [f"verdict   {ruling.verdict}"]
    lines += [f"because   {reason}" for reason in ruling.reasons]
    lines += [f"defect    {defect}" for defect in ruling.defects]
    lines.append(f"time      {outcome.seconds:.1f} s")
    if outcome.peak_memory is not None:
        lines.append(f"memory    {outcome.peak_memory / GIB:.2f} GiB at most")
    lines.append(f"log       {outcome.log}")
    if outcome.table:
        lines.append(f"table     {outcome.table}")
    return "\n".join(lines)


def _engine(name: str) -> Engine:
    if name == "local":
        from grader.engines.local import LocalEngine

        return LocalEngine()
    from grader.engines.docker import DockerEngine

    return DockerEngine()


def _variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not re.fullmatch(r"[A-Za-z_]\w*", name):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _bytes(text: str) -> int:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([kmg]?)(?:i?b)?", text.lower())
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write e.g. 512m or 60g")
    return int(float(found[1]) * _UNITS[found[2]])
