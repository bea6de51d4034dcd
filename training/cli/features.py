"""``python -m training.cli.features``: the 518 features of FMA's ``features.csv``.

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
from model.clips import Clip, ClipsError, find, printable
from model.files import AtomicFile, OutputError

RECIPE = "1"
"""Changes when a value of the table changes."""

_PACKAGES = ("numpy", "scipy", "soundfile", "soxr")


def main() -> int:
    """Parse the arguments and write the table; returns the exit code."""
    parser = _parser()
    given = parser.parse_args()
    if (given.clips is None) == (given.fma_root is None):
        parser.error("name either a folder of mp3s or --fma-root DIR")
    os.environ.update(cpus.ONE_THREAD)  # the worker processes inherit it
    from training.data.dataset import DatasetError
    from training.data.features_table import TableError

    try:
        clips = _clips(given)
        failures = extract(clips, given)
    except (ClipsError, DatasetError, OutputError, TableError) as error:
        print(f"features: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            f"features: stopped; the same command goes on from {given.output}.part", file=sys.stderr
        )
        return 130
    print(f"{len(clips) - failures} of {len(clips)} clips have features: {given.output}")
    return 0


def extract(clips: Sequence[Clip], given: argparse.Namespace) -> int:
    """Compute what is not there yet and write the table; returns how many clips failed.

    Args:
        clips: rows of the table, in order.
        given: the arguments of the command line.

    Raises:
        TableError: rows cannot be kept.
        OutputError: the table or the errors file cannot be written.
    """
    from training.data.features_extraction import outcomes
    from training.data.features_table import Rows

    made_with = {"recipe": RECIPE, "clips": _place(given)}
    made_with |= {name: version(name) for name in _PACKAGES}
    reasons: dict[str, str] = {}
    with Rows(given.output, made_with, given.resume) as rows:
        left = [clip for clip in clips if clip.file_id not in rows]
        if len(left) < len(clips) and not given.quiet:
            print(f"{len(clips) - len(left)} clips are finished already", file=sys.stderr)
        steps = outcomes(left, given.workers)
        for outcome in progress.shown(steps, len(left), given.quiet):
            if outcome.features is not None:
                rows.add(outcome.clip.file_id, outcome.features)
            else:
                reasons[outcome.clip.file_id] = outcome.reason
        rows.write([clip.file_id for clip in clips])
    _write_errors(given.output, clips, reasons)
    return len(reasons)


def _place(given: argparse.Namespace) -> str:
    """Where the clips lie: rows of another folder may have the same names."""
    if given.clips is None:
        return f"{given.fma_root.resolve()} {given.subset}"
    return str(Path(given.clips.removeprefix("@")).resolve())


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


def _clips(given: argparse.Namespace) -> tuple[Clip, ...]:
    if given.clips is not None:
        return find([given.clips], given.recursive).clips
    from training.data.fma import FmaError, audio_path, track_ids

    ids = track_ids(given.fma_root, given.subset)
    folder = given.fma_root / f"fma_{given.subset}"
    if not folder.is_dir():
        raise FmaError(f"{folder}: no such folder; unpack fma_{given.subset}.zip there")
    return tuple(Clip(str(i), str(audio_path(given.fma_root, i, given.subset))) for i in ids)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.cli.features", description=__doc__)
    parser.add_argument("clips", nargs="?", help="folder of mp3s, one mp3, or @list.txt")
    parser.add_argument("--fma-root", type=Path, metavar="DIR", help="folder of FMA instead")
    parser.add_argument(
        "--subset", choices=("small", "medium", "large", "full"), default="medium", help="of FMA"
    )
    parser.add_argument("-o", "--output", type=Path, default=Path("features.csv"))
    parser.add_argument("--recursive", action="store_true", help="look into subfolders as well")
    parser.add_argument("--workers", type=_workers, default=cpus.usable(), metavar="N")
    parser.add_argument("--no-resume", dest="resume", action="store_false", help="begin anew")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    return parser


def _workers(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
