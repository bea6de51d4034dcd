"""``run IMAGE CLIPS``: run one image under the challenge's limits."""

import argparse
from dataclasses import replace

from grader.commands.arguments import add_run_arguments, engine_and_job
from grader.commands.progress import Progress
from grader.judging.runs import execute
from grader.judging.table import expected_ids
from grader.judging.verdict import Verdict
from grader.report.page import empty_folder, write_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments to its parser."""
    parser.add_argument(
        "image", metavar="IMAGE", help="image that `build` made (a repository with --engine local)"
    )
    add_run_arguments(parser)


def command(args: argparse.Namespace) -> int:
    """Run the image and print the verdict; 1 when it is not ``passed``."""
    expected = expected_ids(args.clips)
    engine, job, _ = engine_and_job(args)
    report = empty_folder(args.output)
    with Progress() as progress:
        run = execute(engine, replace(job, image=args.image), expected, progress)
    print(run)
    verdict = run.assessment.verdict
    write_json(report, {"name": args.image, "verdict": verdict, "scores": None})
    return int(verdict is not Verdict.PASSED)
