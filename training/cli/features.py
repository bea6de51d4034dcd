"""``features``: the 518 features of FMA's ``features.csv``.

Reads a folder of mp3s, or with --fma-root the clips of FMA, and writes a table with FMA's three
header rows: statistics over each clip of eleven features of librosa. Clips without features have an
empty row and are named, with the reason, in NAME.errors.jsonl. An interrupted run leaves finished
clips in NAME.frames and NAME.frames.journal; the same command continues from them. docs/fma.md
lists the features and their peculiarities.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path

from model import cpus
from model.cli import progress
from model.clips import Clip, Notice, find, printable
from model.errors import UsageError
from model.files import atomic_file
from model.workers.pool import Limits
from training.cli.values import whole_number

RECIPE = "1"
"""Changes when a value of the table changes."""

_LONGEST_SECONDS = 3600.0
"""Time limit for one file; whole albums in one file are read, too."""

_PACKAGES = ("numpy", "scipy", "soundfile", "soxr")


def command(args: argparse.Namespace) -> int:
    """Write the table and return the exit code."""
    if (args.clips is None) == (args.fma_root is None):
        raise UsageError("name either a folder of mp3s or --fma-root DIR")
    clips = _clips(args)
    failures = extract(clips, args)
    print(f"{len(clips) - failures} of {len(clips)} clips have features: {args.output}")
    return 0


def extract(clips: Sequence[Clip], args: argparse.Namespace) -> int:
    """Compute what is not there yet and write the table; returns how many clips failed.

    Args:
        clips: clips of the table, in order.
        args: the arguments of the command line.

    Raises:
        GenreError: finished clips cannot be stored.
        OutputError: the table or the errors file cannot be written.
    """
    from training.architectures.front_ends import CLIP_FEATURES
    from training.data import features_table, store

    path = args.output.with_name(f"{args.output.name}.frames")
    stored = store.compute(
        [Path(clip.path) for clip in clips],
        CLIP_FEATURES,
        path,
        lambda message: None if args.quiet else print(message, file=sys.stderr),
        workers=args.workers,
        decoder="training.data.features_worker",
        limits=Limits(_LONGEST_SECONDS, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")),
        made_with={"recipe": RECIPE} | {name: version(name) for name in _PACKAGES},
        resume=args.resume,
        show=partial(progress.shown, quiet=args.quiet),
    )
    rows = (None if index in stored.failures else stored[index] for index in range(len(clips)))
    features_table.write(args.output, [clip.file_id for clip in clips], rows)
    store.remove(path)
    _write_errors(
        args.output, [(clips[index], notice) for index, notice in stored.failures.items()]
    )
    return len(stored.failures)


def _write_errors(table: Path, failures: Sequence[tuple[Clip, Notice]]) -> None:
    """Name the clips without features beside the table, and the first of them on the console."""
    path = table.with_suffix(".errors.jsonl")
    if not failures:
        path.unlink(missing_ok=True)
        return
    with atomic_file(path) as file:
        for clip, notice in failures:
            entry = {"file_id": clip.file_id, "file": printable(clip.path)}
            file.write(json.dumps(entry | {"reason": notice.detail}) + "\n")
    for clip, notice in failures[:5]:
        print(f"{printable(clip.path)}: {notice.detail}", file=sys.stderr)
    print(f"{len(failures)} clips have an empty row; all reasons: {path}", file=sys.stderr)


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
        "--workers", type=whole_number(1), default=cpus.usable(), metavar="N", help="processes"
    )
    parser.add_argument("--no-resume", dest="resume", action="store_false", help="begin anew")
    parser.add_argument("--quiet", action="store_true", help="no progress")
