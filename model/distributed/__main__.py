"""Command line of distributed runs, from arguments to an exit code."""

import argparse
import json
import logging
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from model import systems
from model.cli.arguments import add_option, options_from
from model.cli.console import (
    log_summary,
    log_to_stderr,
    make_streams_safe,
    print_error,
    print_lines,
)
from model.clips import Found
from model.errors import INTERRUPTED, SUCCESS, GenreError, UsageError
from model.options import Options
from model.outputs import formats
from model.probabilities.priors import ESTIMATE

if TYPE_CHECKING:
    from model.distributed.blocks import Job
    from model.distributed.run_folder import RunFolder
    from model.results import Result

PROGRAM = "python -m model.distributed"
TABLE = "submission"
log = logging.getLogger("model")


@dataclass(frozen=True)
class ClusterOptions:
    """Options that only a distributed run has.

    Attributes:
        folder: path or address of the folder to write to.
        ray: address of the cluster.
        actors: number of actors, or None for as many as the cluster has CPUs for.
        cpus: CPUs of each actor.
        block: clips of a block.
    """

    folder: str
    ray: str
    actors: int | None
    cpus: int
    block: int


def main(arguments: Sequence[str]) -> int:
    """Run the command line and return the exit code."""
    make_streams_safe()
    try:
        options, cluster_options = parse(arguments)
        log_to_stderr(options.verbosity)
        run_on_cluster(options, cluster_options)
    except GenreError as error:
        return print_error(PROGRAM, error, error.exit_code)
    except KeyboardInterrupt:
        return print_error(PROGRAM, "stopped; run the same command again to resume", INTERRUPTED)
    return SUCCESS


def run_on_cluster(options: Options, cluster_options: ClusterOptions) -> None:
    """Classify the unfinished blocks on the cluster, then write the table.

    Raises:
        GenreError: the table cannot be written.
    """
    import numpy as np

    from model.distributed import run_folder, sources, storage
    from model.distributed.blocks import Job
    from model.probabilities import priors
    from model.run import identity
    from model.run.results import make_result

    formats.require("parquet")  # pyarrow: it reads and writes the folder
    found = sources.find(options.sources, options.recursive, options.any_audio)
    card = identity.read_card(options)
    systems.load(card, systems.WEIGHTS_FOLDER)
    prior = priors.named(options.prior, card.training_prior)
    fingerprint = json.loads(json.dumps(identity.fingerprint(card, options)))
    blocks = run_folder.split_into_blocks(found.clips, cluster_options.block)
    description = run_folder.describe_run(blocks, fingerprint, cluster_options.block)
    storage_folder = storage.Folder(cluster_options.folder.rstrip("/"))
    folder = run_folder.RunFolder(storage_folder, blocks, description)
    folder.open(options.resume)
    job = Job(options, storage_folder.address, fingerprint, cluster_options.cpus)
    _classify(job, cluster_options, folder)
    training_prior = np.array(card.training_prior)
    results = (
        make_result(clip, prediction, training_prior, prior)
        for clip, prediction in zip(found.clips, folder.predictions(), strict=True)
    )
    _write_table(options, folder, found, results)


def _classify(job: "Job", cluster_options: ClusterOptions, folder: "RunFolder") -> None:
    """Classify the unfinished blocks and show the progress."""
    from model.cli import progress
    from model.distributed import cluster

    unfinished = folder.unfinished()
    total = len(folder.blocks)
    log.info("%d blocks, %d of them finished already", total, total - len(unfinished))
    if not unfinished:
        return

    def finished_clips() -> Iterator[None]:
        for clips in cluster.classify(job, unfinished, cluster_options.actors):
            yield from [None] * clips

    with cluster.connected(cluster_options.ray):
        clips = sum(len(block.clips) for block in folder.blocks)
        done = clips - sum(len(block.clips) for block in unfinished)
        quiet = job.options.verbosity < 0
        for _ in progress.shown(finished_clips(), clips, done, quiet=quiet):
            pass


def _write_table(
    options: Options, run_folder: "RunFolder", found: Found, results: "Iterable[Result]"
) -> None:
    """Write the table into the folder; for a store, upload it from a temporary folder."""
    from model.distributed.storage import in_store
    from model.outputs import submission
    from model.run import tables

    folder = run_folder.folder
    with tempfile.TemporaryDirectory(prefix="table") as temporary:
        local_folder = Path(temporary if in_store(folder.name) else folder.path)
        options = replace(options, output=local_folder / options.output)
        summary = tables.write_table(options, found, results)
        errors = submission.errors_path(options.output)
        if in_store(folder.name):
            folder.upload(str(options.output), options.output.name)
            if errors.exists():
                folder.upload(str(errors), errors.name)
            else:
                folder.remove(errors.name)
    log_summary(summary, f"{folder.name}/{errors.name}")
    print_lines([f"Output file written at {folder.name}/{options.output.name}"])


def parse(arguments: Sequence[str]) -> tuple[Options, ClusterOptions]:
    """Options from the arguments; exits with code 2 on unknown arguments, 0 after ``--help``.

    Raises:
        UsageError: the value of an argument cannot be used.
    """
    if "--whole" in arguments:
        raise UsageError(
            "a cluster classifies the middle 30 s of each file; use predict.py --whole, with "
            "--shard I/N on several machines"
        )
    args = _parser().parse_args(arguments)
    if args.prior == ESTIMATE:
        raise UsageError("--prior estimate needs the predictions of all clips; name another prior")
    options = options_from(
        args,
        output=Path(f"{TABLE}.{args.format}"),
        device="cpu",
    )
    return options, ClusterOptions(args.folder, args.ray, args.actors, args.cpus, args.block)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Genre probabilities of mp3 files, computed on a Ray cluster.",
        epilog="Exit codes: 0 the table was written, 1 it cannot be written, 2 wrong usage.",
    )
    add = parser.add_argument
    add("sources", nargs="+", metavar="CLIPS", help="folders, files, @list.txt, s3://, gs://")
    add(
        "-o",
        "--output",
        dest="folder",
        required=True,
        metavar="FOLDER",
        help="folder to write to, or s3://, gs://",
    )
    add(
        "--ray",
        required=True,
        metavar="ADDRESS",
        help="HOST:PORT of a cluster, auto for this machine's cluster, or local for this machine "
        "alone",
    )
    add("--actors", type=_positive, metavar="N", help="number of actors (default: as many as fit)")
    add("--cpus", type=_positive, default=2, metavar="N", help="CPUs of an actor (default: 2)")
    add(
        "--block",
        type=_positive,
        default=1000,
        metavar="N",
        help="clips of a block (default: 1000)",
    )
    defaults = {"system": systems.DEFAULT, "format": "csv"}
    for name in ("system", "recursive", "any_audio", "prior", "format", "resume"):
        add_option(parser, name, defaults.get(name))
    add(
        "-q",
        "--quiet",
        dest="verbosity",
        action="store_const",
        const=-1,
        default=0,
        help="print no progress and no summary",
    )
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
