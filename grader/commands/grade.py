"""``grade REPO CLIPS``: check, build, run, validate and score a submission; write a report."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from grader.commands.arguments import (
    add_build_arguments,
    add_run_arguments,
    add_truth,
    builder_from,
    engine_and_job,
)
from grader.commands.progress import Progress
from grader.errors import GraderError
from grader.judging.grade import grade
from grader.judging.labels import read_labels
from grader.judging.table import expected_ids
from grader.report.page import empty_folder, write_report
from grader.repository.sources import sources


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments to its parser."""
    add_build_arguments(parser)
    add_truth(parser, required=False)
    parser.add_argument("--name", help="name on the leaderboard (default: the repository's)")
    parser.add_argument(
        "--no-probes", action="store_true", help="do not run it again to find out why it fails"
    )
    add_run_arguments(parser)


def command(args: argparse.Namespace) -> int:
    """Grade every ref; 1 when one has a fault."""
    expected = expected_ids(args.clips)
    labels = _labels(args.truth, expected) if args.truth else None
    builder = builder_from(args) if args.engine == "docker" else None
    engine, job, notes = engine_and_job(args)
    faultless = True
    with sources(args.repository, args.ref, args.tags) as folders:
        for source in folders:
            folder = args.output / source.tag if len(folders) > 1 else args.output
            empty_folder(folder)
            with Progress() as progress:
                result = grade(
                    source, engine, replace(job, folder=folder), expected, progress,
                    labels=labels, builder=builder, image=args.image_name,
                    experiment=not args.no_probes,
                )  # fmt: skip
            name = args.name or " ".join(filter(None, (source.name, source.ref)))
            print(result)
            print(f"report    {write_report(folder, result, name, engine.name, notes)}")
            faultless &= result.faultless
    return int(not faultless)


def _labels(path: Path, expected: Sequence[str]) -> dict[str, int]:
    """Labels of the clips that are there.

    Raises:
        GraderError: the file cannot be read, or none of its labels is for one of the clips.
    """
    labels = read_labels(path)
    labels = {file_id: labels[file_id] for file_id in expected if file_id in labels}
    if not labels:
        raise GraderError(f"{path}: none of its labels is for one of the clips")
    if len(labels) < len(expected):
        print(f"note: {len(expected) - len(labels)} clip(s) have no label and are not scored")
    return labels
