"""``build REPO``: build images with repo2docker, as the challenge did."""

import argparse
from pathlib import Path

from grader.commands.arguments import add_build_arguments, builder_from
from grader.engines.docker import DockerEngine
from grader.repository.sources import sources


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments to its parser."""
    add_build_arguments(parser)
    parser.add_argument(
        "--log", metavar="FILE", type=Path, default=Path("build.log"),
        help="file for repo2docker's output (default: %(default)s)",
    )  # fmt: skip


def command(args: argparse.Namespace) -> int:
    """Build every ref; 1 when a build fails."""
    builder = builder_from(args)
    DockerEngine().machine()  # refuses to go on without an engine
    failed = False
    with sources(args.repository, args.ref, args.tags) as folders:
        for source in folders:
            build = builder.build(source, args.log, args.image_name)
            print(build)
            failed |= bool(build.fault)
    return int(failed)
