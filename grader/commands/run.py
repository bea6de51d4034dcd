"""``run IMAGE CLIPS``: one image under the challenge's limits."""

import argparse
import json
from pathlib import Path

from grader.commands.options import (
    REPORT,
    Progress,
    add_run_arguments,
    describe,
    empty_folder,
    prepare,
    with_image,
)
from grader.judging.runs import execute
from grader.judging.table import expected_ids
from grader.judging.verdict import Verdict


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command line."""
    parser.add_argument(
        "image", metavar="IMAGE", help="image that `build` made (a repository with --engine local)"
    )
    parser.add_argument("clips", metavar="CLIPS", type=Path, help="folder of mp3 files")
    add_run_arguments(parser)


def command(arguments: argparse.Namespace) -> int:
    """Run it and print the verdict; 1 when it is not ``passed``."""
    expected = expected_ids(arguments.clips)
    folder = empty_folder(arguments.output)
    prepared = prepare(arguments, folder)
    # Marks the folder as ours from the start, so that a next run may replace a broken-off one.
    (folder / REPORT).write_text("{}\n", encoding="utf-8")
    watch = Progress()
    run = execute(prepared.engine, with_image(prepared, arguments.image), expected, watch)
    watch.done()
    print(describe(run))
    result = {"name": arguments.image, "verdict": run.ruling.verdict, "scores": None}
    (folder / REPORT).write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return int(run.ruling.verdict is not Verdict.PASSED)
