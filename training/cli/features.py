"""``features``: the 518 features of FMA's ``features.csv``.

Reads a folder of mp3s, or with --fma-root the clips of FMA, and writes a table with FMA's three
header rows: statistics over each clip of eleven features of librosa. Clips without features keep an
empty row and are named, with the reason, in NAME.errors.jsonl. An interrupted run leaves NAME.part;
the same command goes on from it. docs/fma.md lists the recipe and its quirks.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from model import cpus
from model.cli import progress
from model.clips import Clip, find, printable
from model.errors import UsageError
from model.files import AtomicFile

RECIPE = "1"
"""Changes when a value of the table changes."""

_PACKAGES = ("numpy", "scipy", "soundfile", "soxr")


def command(args: argparse.Namespace) -> int:
    """Write the table and return the exit code."""
    if (args.clips is None) == (args.fma_root is None):
        raise UsageError("name either a folder of mp3s or --fma-root DIR")
    os.environ.update(cpus.ONE_THREAD)  # the worker processes inherit it
    clips = _clips(args)
    failures = extract(clips, args)
    print(f"{len(clips) - failures} of {len(clips)} clips have features: {args.output}")
    return 0


def extract(clips: Sequence[Clip], args: argparse.Namespace) -> int:
    """Compute what is not there yet and write the table; returns how many clips failed.

    Args:
        clips: rows of the table, in order.
        args: the arguments of the command line.

    Raises:
        TableError: rows cannot be kept.
        OutputError: the table or the errors file cannot be written.
    """
    from training.data.features_extraction import outcomes
    from training.data.features_table import Rows

    made_with = {"recipe": RECIPE, "clips": _place(args)}
    made_with |= {name: version(name) for name in _PACKAGES}
    reasons: dict[str, str] = {}
    with Rows(args.output, made_with, args.resume) as rows:
        left = [clip for clip in clips if clip.file_id not in rows]
        if len(left) < len(clips) and not args.quiet:
            print(f"{len(clips) - len(left)} clips are finished already", file=sys.stderr)
        steps = outcomes(left, args.workers)
        for outcome in progress.shown(steps, len(left), args.quiet):
            if outcome.features is not None:
                rows.add(outcome.clip.file_id, outcome.features)
            else:
                reasons[outcome.clip.file_id] = outcome.reason
        rows.write([clip.file_id for clip in clips])
    _write_errors(args.output, clips, reasons)
    return len(reasons)


def _place(args: argparse.Namespace) -> str:
    """Where the clips lie: rows of another folder may have the same names."""
    if args.clips is None:
        return f"{args.fma_root.resolve()} {args.subset}"
    return str(Path(args.clips.removeprefix("@")).resolve())


def _write_errors(table: Path, clips: Sequence[Clip], reasons: dict[str, str]) -> None:
    """Name the clips without features beside the table, and the first of them on the console."""
    path = table.with_suffix(".errors.jsonl")
    if not reasons:
        path.unlink(missing_ok=True)
        return
    failed = [clip for clip in clips if clip.file_id in reasons]
    with AtomicFile(path) as file:
        for clip in failed:
            entry = {"file_id": clip.file_id, "file": printable(clip.path)}
            file.write(json.dumps(entry | {"reason": reasons[clip.file_id]}) + "\n")
    for clip in failed[:5]:
        print(f"{printable(clip.path)}: {reasons[clip.file_id]}", file=sys.stderr)
    print(f"{len(failed)} clips have an empty row; all reasons: {path}", file=sys.stderr)


def _clips(args: argparse.Namespace) -> tuple[Clip, ...]:
    if args.clips is not None:
        return find([args.clips], args.recursive).clips
    from training.data.fma import FmaError, audio_path, track_ids

    ids = track_ids(args.fma_root, args.subset)
    folder = args.fma_root / f"fma_{args.subset}"
    if not folder.is_dir():
        raise FmaError(f"{folder}: no such folder; unpack fma_{args.subset}.zip there")
    return tuple(Clip(str(i), str(audio_path(args.fma_root, i, args.subset))) for i in ids)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``features``."""
    parser.add_argument("clips", nargs="?", help="folder of mp3s, one mp3, or @list.txt")
    parser.add_argument("--fma-root", type=Path, metavar="DIR", help="folder of FMA instead")
    parser.add_argument(
        "--subset", choices=("small", "medium", "large", "full"), default="medium", help="of FMA"
    )
    parser.add_argument("-o", "--output", type=Path, default=Path("features.csv"), help="table")
    parser.add_argument("--recursive", action="store_true", help="look into subfolders as well")
    parser.add_argument(
        "--workers", type=_workers, default=cpus.usable(), metavar="N", help="processes"
    )
    parser.add_argument("--no-resume", dest="resume", action="store_false", help="begin anew")
    parser.add_argument("--quiet", action="store_true", help="no progress")


def _workers(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1")
    return int(text)
