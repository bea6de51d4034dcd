"""The arguments of the command line, as options of a run."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from model import __version__, cpus, systems
from model.cli import settings
from model.errors import UsageError
from model.options import CalibrationChoice, Options
from model.outputs import formats
from model.outputs.submission import errors_path

_SWITCH = argparse.BooleanOptionalAction
_TAGS = ("dry-run", "apply")


def parse(arguments: Sequence[str]) -> Options:
    """Options from the arguments; exits with code 2 on a wrong one, 0 after ``--help``.

    Raises:
        UsageError: an argument is well-formed but cannot be used.
        SettingsError: the file of ``--settings`` cannot be used.
    """
    parser = _parser()
    # Alone it means a dry run. argparse would take the next argument, a folder, for its value.
    words = ["--write-tags=dry-run" if word == "--write-tags" else word for word in arguments]
    given = parser.parse_args(words)
    known = systems.summaries(systems.WEIGHTS_FOLDER)
    if given.list_systems:
        for name, summary in known.items():
            print(f"{name:12} {summary}{' (default)' if name == systems.DEFAULT else ''}")
        raise SystemExit(0)
    if given.settings:
        replayed = settings.read(given.settings)
        given = parser.parse_args([*replayed.arguments, *words])
        given.clips = given.clips or replayed.clips
    if not given.clips:
        raise UsageError("no clips were named; give a folder of mp3 files, files, or @list.txt")
    if given.system not in known:
        raise UsageError(
            f"no system is called {given.system!r}; there are: {', '.join(known) or 'none'}"
        )
    return _checked(_options(given))


def _options(given: argparse.Namespace) -> Options:
    return Options(
        sources=tuple(given.clips),
        output=given.output,
        system=given.system,
        weights_folder=systems.WEIGHTS_FOLDER,
        recursive=given.recursive,
        any_audio=given.any_audio,
        shard=given.shard,
        calibration=given.calibration,
        prior=given.prior,
        format=given.format,
        min_confidence=given.min_confidence,
        per_window=given.per_window,
        embeddings=given.embeddings,
        report=given.report,
        embed_audio=given.embed_audio,
        write_tags=given.write_tags,
        save_settings=given.save_settings or given.shard is not None,
        batch=given.batch_size,
        workers=given.workers or cpus.usable(),
        device=given.device,
        top=given.top,
        time_limit=given.time_limit,
        partial=given.partial,
        resume=given.resume,
        keep_journal=given.keep_journal,
        strict=given.strict,
        verbosity=given.verbose - given.quiet,
    )


def _checked(options: Options) -> Options:
    """The options, if they fit together.

    Raises:
        UsageError: they do not.
    """
    if options.embeddings and options.embeddings.suffix.lower() not in formats.EMBEDDING_SUFFIXES:
        raise UsageError(f"--embeddings {options.embeddings}: name a file .npz or .parquet")
    if options.shard and options.prior == "estimate":
        raise UsageError(
            "--prior estimate needs all clips, and a shard has only some; name another prior"
        )
    written = [options.output, errors_path(options.output)]
    written += [path for path in (options.per_window, options.embeddings, options.report) if path]
    written += [settings.beside(options.output)] if options.save_settings else []
    twice = {path for path in written if sum(path.absolute() == p.absolute() for p in written) > 1}
    if twice:
        raise UsageError(f"{min(twice)}: two outputs would have this name")
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="predict.py",
        description="Genre probabilities of mp3 files: a table with a row for every file.",
        epilog="Exit codes: 0 a submission was written, 1 it could not be, 2 wrong usage, "
        "3 with --strict when a clip got the prior instead of a prediction.",
    )
    parser.add_argument("clips", nargs="*", metavar="CLIPS", help="a folder, files, or @list.txt")
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    parser.add_argument("--list-systems", action="store_true", help="print the systems and stop")
    _add_answers(parser.add_argument_group("which clips, and what about them"))
    _add_outputs(parser.add_argument_group("what to write"))
    _add_course(parser.add_argument_group("how to run"))
    loudness = parser.add_mutually_exclusive_group()
    loudness.add_argument("-q", "--quiet", action="store_true", help="no progress, no summary")
    loudness.add_argument("-v", "--verbose", action="store_true", help="say more")
    return parser


def _add_answers(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "-r",
        "--recursive",
        action=_SWITCH,
        default=False,
        help="look into the subfolders of folders, too",
    )
    group.add_argument(
        "--any-audio",
        action=_SWITCH,
        default=False,
        help="take wav, flac, ogg, opus, m4a, aac, aiff and wma from folders, too",
    )
    group.add_argument(
        "--shard", type=_part, metavar="I/N", help="do the I-th of N parts of the clips only"
    )
    group.add_argument(
        "--system", default=systems.DEFAULT, metavar="NAME", help="default: %(default)s"
    )
    group.add_argument(
        "--calibration",
        choices=get_args(CalibrationChoice),
        default="card",
        help="correct over- and underconfidence: as the system's card has it (the default; off for "
        "the systems of 2018, on for all others), on, or off",
    )
    group.add_argument(
        "--prior",
        default="fma",
        metavar="PRIOR",
        help="class mix to expect: fma (fma_medium, the default), uniform, train (the training "
        "clips'), estimate (from all clips of the run), or a json file of genre: weight",
    )


def _add_outputs(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "-o",
        "--output",
        type=Path,
        default=Path("submission.csv"),
        metavar="TABLE",
        help="table to write (default: %(default)s)",
    )
    group.add_argument(
        "--format",
        choices=formats.FORMATS,
        default="",
        help="of the table (default: by its name, else csv)",
    )
    group.add_argument(
        "--min-confidence",
        type=_share,
        metavar="P",
        help="add a column genre: the likeliest one, or 'unsure' where it has less than P",
    )
    group.add_argument(
        "--top", type=_count, default=0, metavar="K", help="print the K likeliest genres of clips"
    )
    group.add_argument(
        "--per-window", type=Path, metavar="FILE", help="probabilities of each ten seconds"
    )
    group.add_argument(
        "--embeddings", type=Path, metavar="FILE", help="features of the clips, npz or parquet"
    )
    group.add_argument("--report", type=Path, metavar="HTML", help="a page to look at")
    group.add_argument(
        "--embed-audio", action=_SWITCH, default=False, help="put the audio into the report"
    )
    group.add_argument(
        "--write-tags",
        choices=_TAGS,
        default="",
        metavar="{dry-run,apply}",
        help="write genres to the mp3s' ID3 tags; alone or with =dry-run only print them",
    )
    group.add_argument(
        "--save-settings",
        action=_SWITCH,
        default=False,
        help="write NAME.settings.json beside the table (--shard always does)",
    )
    group.add_argument(
        "--settings", type=Path, metavar="JSON", help="take settings from there; others here win"
    )


def _add_course(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--device", choices=("auto", "cpu", "gpu"), default="auto", help="default: %(default)s"
    )
    group.add_argument(
        "--workers", type=_positive, metavar="N", help="decoding processes (default: one a CPU)"
    )
    group.add_argument(
        "--batch-size", type=_positive, metavar="N", help="windows of ten seconds a network call"
    )
    group.add_argument(
        "--strict", action=_SWITCH, default=False, help="exit with 3 when a clip has no prediction"
    )
    group.add_argument(
        "--time-limit",
        type=_seconds,
        metavar="TIME",
        help="when it nears, give the clips not reached the prior and write the table: 9.5h, 30m",
    )
    group.add_argument(
        "--partial",
        action=_SWITCH,
        default=False,
        help="do the same when the run is told to stop",
    )
    group.add_argument(
        "--resume",
        action=_SWITCH,
        default=True,
        help="go on from the journal of an interrupted run, or begin anew",
    )
    group.add_argument(
        "--keep-journal",
        action=_SWITCH,
        default=False,
        help="leave TABLE.journal when all is done",
    )


def _positive(text: str) -> int:
    number = _count(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
    if number < 0:
        raise argparse.ArgumentTypeError("must not be negative")
    return number


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError("must be from 0 to 1")
    return share


def _part(text: str) -> tuple[int, int]:
    part, slash, parts = text.partition("/")
    if not (slash and part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a part like 1/8 or 8/8")
    return int(part), int(parts)


def _seconds(text: str) -> float:
    units = {"s": 1.0, "m": 60.0, "h": 3600.0}
    number = text[:-1] if text[-1:] in units else text
    try:
        seconds = float(number) * units.get(text[-1:], 1.0)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time like 9.5h, 30m or 90") from None
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError("must be more than nothing")
    return seconds
