"""The command line of runs on many machines: from arguments to an exit code."""

import argparse
import json
import logging
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from model import systems
from model.cli.console import (
    log_summary,
    log_to_stderr,
    make_streams_safe,
    print_error,
    print_lines,
)
from model.clips import ClipsError, Found
from model.errors import PackageError
from model.options import Options
from model.outputs import formats
from model.probabilities.priors import ESTIMATE

if TYPE_CHECKING:
    from model.distributed.blocks import Job
    from model.distributed.manifest import Manifest, Results

WRITTEN, FATAL, USAGE, INTERRUPTED = 0, 1, 2, 130
BLOCK = 1000
"""Clips of a block: half a minute's work on two processors."""

PROGRAM = "python -m model.distributed"
TABLE = "submission"
log = logging.getLogger("model")


@dataclass(frozen=True)
class Wanted:
    """What was asked for beyond the options of any run.

    Attributes:
        folder: to write to, a path or an address in a store.
        ray: address of the cluster.
        actors: how many at once, or None for as many as there is room for.
        cpus: processors of each.
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
    options, wanted = parse(arguments)
    log_to_stderr(options.verbosity)
    try:
        formats.require("parquet")
        return work(options, wanted)
    except PackageError as error:
        return print_error(error, FATAL, PROGRAM)
    except KeyboardInterrupt:
        return print_error("stopped; run the same command again to go on", INTERRUPTED, PROGRAM)


def work(options: Options, wanted: Wanted) -> int:
    """Classify the clips that are not finished, write the table, and say how it went."""
    import numpy as np

    from model.distributed import cluster, fetching, manifest, places, sources
    from model.distributed.blocks import BlockError, Job
    from model.files import OutputError
    from model.probabilities import priors
    from model.run import identity
    from model.systems import cards

    try:
        found = sources.find(options.sources, options.recursive, options.any_audio)
        card = identity.read_card(options)
        systems.load(card, options.weights_folder)
        prior = priors.named(options.prior, card.training_prior)
        fingerprint = json.loads(json.dumps(identity.fingerprint(card, options)))
        parts = manifest.blocks(found.clips, wanted.block)
        described = manifest.described(parts, fingerprint, wanted.block)
        book = manifest.Manifest(places.Folder(wanted.folder.rstrip("/")), parts, described)
        book.open(options.resume)
        _classify(Job(options, book.folder.address, fingerprint, wanted.cpus), wanted, book)
        results = manifest.Results(book, found.clips, np.array(card.training_prior), prior)
        _finish(options, book, found, results)
    except (ClipsError, priors.PriorError) as error:
        return print_error(error, USAGE, PROGRAM)
    except (
        cards.CardError,
        BlockError,
        cluster.ClusterError,
        fetching.FetchError,
        manifest.ManifestError,
        places.PlaceError,
        OutputError,
        PackageError,
    ) as error:
        return print_error(error, FATAL, PROGRAM)
    return WRITTEN


def _classify(job: "Job", wanted: Wanted, book: "Manifest") -> None:
    """Have the unfinished blocks done by the cluster."""
    from model.cli import progress
    from model.distributed import cluster

    left = book.unfinished()
    log.info(
        "%d blocks, %d of them finished already", len(book.blocks), len(book.blocks) - len(left)
    )
    if not left:
        return

    def noted() -> Iterator[None]:
        for receipt in cluster.receipts(job, left, wanted.actors):
            book.add(receipt)
            for _ in range(receipt.clips):
                yield

    with cluster.connected(wanted.ray):
        total = sum(len(block.clips) for block in left)
        for _ in progress.shown(noted(), total, job.options.verbosity < 0):
            pass


def _finish(options: Options, book: "Manifest", found: Found, results: "Results") -> None:
    """Write the table into the folder, by way of this disk where the folder is in a store."""
    from model.distributed.places import in_store
    from model.outputs import submission
    from model.run import tables

    folder = book.folder
    with tempfile.TemporaryDirectory(prefix="table") as nearby:
        place = Path(nearby if in_store(folder.name) else folder.path)
        options = replace(options, output=place / options.output)
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


def parse(arguments: Sequence[str]) -> tuple[Options, Wanted]:
    """Options from the arguments; exits with code 2 on a wrong one, 0 after ``--help``."""
    parser = _parser()
    given = parser.parse_args(arguments)
    known = systems.summaries(systems.WEIGHTS_FOLDER)
    if given.system not in known:
        parser.error(f"no system is called {given.system!r}; there are: {', '.join(known)}")
    if given.prior == ESTIMATE:
        parser.error("--prior estimate needs all answers at once; name another prior")
    options = Options(
        sources=tuple(given.clips),
        output=Path(f"{TABLE}.{given.format}"),
        system=given.system,
        weights_folder=systems.WEIGHTS_FOLDER,
        recursive=given.recursive,
        any_audio=given.any_audio,
        prior=given.prior,
        format=given.format,
        device="cpu",
        resume=given.resume,
        verbosity=-given.quiet,
    )
    return options, Wanted(given.output, given.ray, given.actors, given.cpus, given.block)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Genre probabilities of mp3 files, computed on a Ray cluster.",
        epilog="Exit codes: 0 a table was written, 1 it could not be, 2 wrong usage.",
    )
    add = parser.add_argument
    add("clips", nargs="+", metavar="CLIPS", help="folders, files, @list.txt; s3:// and gs://, too")
    add("-o", "--output", required=True, metavar="FOLDER", help="to write to; s3:// and gs://, too")
    add(
        "--ray",
        required=True,
        metavar="ADDRESS",
        help="HOST:PORT of a cluster, auto for the one that this machine is in, or local to use "
        "this machine alone",
    )
    add("-r", "--recursive", action="store_true", help="look into subfolders, too")
    add("--any-audio", action="store_true", help="take other formats than mp3 from folders, too")
    add("--system", default=systems.DEFAULT, metavar="NAME", help="default: %(default)s")
    add("--prior", default="fma", metavar="PRIOR", help="fma, uniform, train, or a json file")
    add("--format", choices=formats.FORMATS, default="csv", help="of the table (default: csv)")
    add("--actors", type=_positive, metavar="N", help="at once (default: as there is room for)")
    add("--cpus", type=_positive, default=2, metavar="N", help="of an actor (default: %(default)s)")
    add("--block", type=_positive, default=BLOCK, metavar="N", help="clips (default: %(default)s)")
    add(
        "--resume",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="go on from what is finished, or delete that and begin anew",
    )
    add("-q", "--quiet", action="store_true", help="no progress, no summary")
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
