"""Arguments that several commands share, and the objects made from them."""

import argparse
import re
from pathlib import Path
from typing import Final

from grader.engines.docker import DockerEngine
from grader.engines.engine import AS_2018, ENTRIES, ContainerPaths, Engine, Job
from grader.engines.limits import CHALLENGE, Limits, fit
from grader.engines.local import LocalEngine
from grader.errors import GraderError
from grader.repository.repo2docker import HOURS, PROGRAM, Builder, find_repo2docker

_UNITS: Final = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def add_table(parser: argparse.ArgumentParser) -> None:
    """Add the table."""
    parser.add_argument("table", metavar="CSV", type=Path, help="table with the probabilities")


def add_truth(parser: argparse.ArgumentParser, required: bool) -> None:
    """Add the file with the true genres."""
    parser.add_argument(
        "--truth", metavar="LABELS", type=Path, required=required,
        help="CSV with the columns file_id (or track_id) and genre, to compute scores",
    )  # fmt: skip


def add_repo2docker(parser: argparse.ArgumentParser) -> None:
    """Add the path of repo2docker."""
    parser.add_argument("--repo2docker", metavar="PROGRAM", help="path of repo2docker")


def add_build_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the repository, its refs and the options of repo2docker."""
    parser.add_argument("repository", metavar="REPO", help="path or git address")
    parser.add_argument(
        "--ref", metavar="TAG", action="append", default=[],
        help="tag, branch or commit; may be repeated, the newest is taken first",
    )  # fmt: skip
    parser.add_argument(
        "--tags", metavar="N", type=int, default=0,
        help="take the N latest tags (the challenge took 10)",
    )  # fmt: skip
    parser.add_argument("--image-name", metavar="IMAGE", help="name for the image")
    add_repo2docker(parser)
    parser.add_argument("--config", metavar="FILE", help="configuration file for repo2docker")
    parser.add_argument(
        "--repo2docker-arg", metavar="ARG", action="append", default=[],
        help="pass on to repo2docker, e.g. --repo2docker-arg=--target-repo-dir=/home",
    )  # fmt: skip
    parser.add_argument("--build-hours", type=float, default=HOURS, metavar="H")


def builder_from(args: argparse.Namespace) -> Builder:
    """The builder with the options of ``add_build_arguments``.

    Raises:
        GraderError: repo2docker is not installed, or one image name is for several refs.
    """
    program = find_repo2docker(args.repo2docker)
    if program is None:
        raise GraderError(f"{PROGRAM} not found; pip install jupyter-repo2docker")
    if args.image_name and len(args.ref) + args.tags > 1:
        raise GraderError("--image-name is for one ref; leave it out to build several")
    config = ("--config", str(Path(args.config).resolve())) if args.config else ()
    return Builder(program, (*config, *args.repo2docker_arg), args.build_hours)


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the clips, output folder, engine, entry point and limits of a run."""
    parser.add_argument("clips", metavar="CLIPS", type=Path, help="folder of mp3 files")
    parser.add_argument(
        "-o", "--output", metavar="FOLDER", type=Path, default=Path("graded"),
        help="folder for log, table and report (default: %(default)s)",
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
    limits = parser.add_argument_group("limits", "the challenge's, reduced to the machine's size")
    limits.add_argument("--cpus", type=float, default=CHALLENGE.cpus)
    limits.add_argument(
        "--memory", type=_bytes, default=CHALLENGE.memory, metavar="SIZE", help="e.g. 60g, 512m"
    )
    limits.add_argument("--disk", type=_bytes, default=CHALLENGE.disk, metavar="SIZE")
    limits.add_argument("--seconds", type=float, default=CHALLENGE.seconds)
    limits.add_argument("--pids-limit", type=int, default=CHALLENGE.processes)
    limits.add_argument("--no-gpu", action="store_true", help="hide the GPU")


def engine_and_job(args: argparse.Namespace) -> tuple[Engine, Job, tuple[str, ...]]:
    """Engine, job without an image, and notes on reduced limits, which are printed, too.

    Raises:
        GraderError: there is no engine, or a limit is not above zero.
    """
    limits = Limits(
        args.cpus, args.memory, args.seconds, args.pids_limit, disk=args.disk, gpu=not args.no_gpu
    )
    if min(limits.cpus, limits.memory, limits.disk, limits.seconds, limits.processes) <= 0:
        raise GraderError("limits must be above zero")
    if args.paths_of_2018 and args.engine == "local":
        raise GraderError("--paths-of-2018 needs a container; leave it out with --engine local")
    engine: Engine = LocalEngine() if args.engine == "local" else DockerEngine()
    fitted, notes = fit(limits, engine.machine())
    if engine.limitations:
        notes = (f"engine {engine.name}: {engine.limitations}", *notes)
    for note in notes:
        print(f"note: {note}")
    paths = AS_2018 if args.paths_of_2018 else ContainerPaths()
    job = Job(
        "", args.clips, args.output, fitted, args.entry, args.as_entrypoint, dict(args.env), paths
    )
    return engine, job, notes


def _variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not re.fullmatch(r"[A-Za-z_]\w*", name):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _bytes(text: str) -> int:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([kmg]?)(?:i?b)?", text.lower())
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size; write e.g. 512m or 60g")
    return int(float(match[1]) * _UNITS[match[2]])
