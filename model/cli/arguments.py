"""Command-line arguments of ``predict.py`` and ``genres``, read into ``Options``."""

import argparse
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from model import __version__, cpus, systems
from model.cli.parser import Parser
from model.completion import PrintCompletion
from model.errors import UsageError
from model.options import DECLARED, Options, field_name, flag
from model.options import parse as parse_value
from model.outputs import paths, settings

_EPILOG: Final = """\
examples:
  %(prog)s music                                   submission.csv for the mp3 files of a folder
  %(prog)s music -r --report music.html --top 3    its subfolders, too; a page; genres printed
  %(prog)s @list.m3u -o a.parquet --columns genre  the clips of a list; their genres

Exit codes: 0 a table was written, 1 it could not be, 2 wrong usage, 3 with --strict when a clip
has the prior instead of a prediction.
"""


def parse(arguments: Sequence[str], program: str) -> Options:
    """Options from the arguments; exits with code 2 on unknown arguments, 0 after ``--help``.

    Args:
        arguments: options and clips.
        program: name of the program in usage and messages.

    Raises:
        UsageError: the value of an argument, or the file of ``--settings``, cannot be used.
    """
    parser = _parser(program)
    # --write-tags alone means a dry run; argparse would take the next argument, a folder, as value.
    words = ["--write-tags=dry-run" if word == "--write-tags" else word for word in arguments]
    args = parser.parse_args(words)
    if args.list_systems:
        for name, summary in systems.summaries(systems.WEIGHTS_FOLDER).items():
            print(f"{name:12} {summary}{' (default)' if name == systems.DEFAULT else ''}")
        raise SystemExit(0)
    if args.settings:
        sources, saved = _replayed(args.settings)
        args = parser.parse_args([*saved, *words])
        args.sources = args.sources or sources
    if not args.sources:
        raise UsageError("no clips were named; give a folder of mp3 files, files, or @list.txt")
    args.save_settings = args.save_settings or args.shard is not None
    options = options_from(args)
    if args.settings:
        paths.check_files(paths.output_files(options), [args.settings], overwrite=True)
    return options


def options_from(args: argparse.Namespace, **more: Any) -> Options:
    """Options from parsed arguments and ``more`` fields of ``Options``.

    Raises:
        UsageError: a value is invalid, or there is no such system.
    """
    known = systems.summaries(systems.WEIGHTS_FOLDER)
    if args.system not in known and not getattr(args, "weights", None):
        raise UsageError(
            f"no system is called {args.system!r}; there are: {', '.join(known) or 'none'}"
        )
    names = [item.name for item in fields(Options) if hasattr(args, item.name)]
    values = {name: getattr(args, name) for name in names}
    return Options(**{**values, "sources": tuple(args.sources), **more})


def add_option(parser: argparse._ActionsContainer, name: str, default: object = None) -> None:
    """Add the argument for a field of ``Options``, with its default unless there is another."""
    option = DECLARED[name]
    default = getattr(Options, name, None) if default is None else default
    names = [*filter(None, [option.flag]), f"--{flag(name)}"]
    if isinstance(default, bool):
        parser.add_argument(
            *names, action=argparse.BooleanOptionalAction, default=default, help=option.help
        )
    else:
        parser.add_argument(
            *names,
            type=lambda text: parse_value(name, text),
            default=default,
            metavar=option.metavar,
            help=option.help + ("" if default is None else " (default: %(default)s)"),
        )


def _parser(program: str) -> Parser:
    parser = Parser(
        prog=program,
        description="Genre probabilities of mp3 files: a table with a row for each file.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("sources", nargs="*", metavar="CLIPS", help="a folder, files, or @list.txt")
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    parser.add_argument("--list-systems", action="store_true", help="print all systems and exit")
    parser.add_argument("--print-completion", action=PrintCompletion, const="genres")
    parser.add_argument(
        "--settings",
        type=Path,
        metavar="JSON",
        help="take options from a settings file; options on the command line override them",
    )
    volume = parser.add_mutually_exclusive_group()
    for names, level, text in (
        (("-q", "--quiet"), -1, "print no progress and no summary"),
        (("-v", "--verbose"), 1, "print details"),
    ):
        volume.add_argument(*names, dest="verbosity", action="store_const", const=level, help=text)
    parser.set_defaults(verbosity=0)
    defaults = {
        "output": Path("submission.csv"),
        "system": systems.DEFAULT,
        "workers": cpus.usable(),
    }
    groups = {option.group: parser.add_argument_group(option.group) for option in DECLARED.values()}
    for name, option in DECLARED.items():
        add_option(groups[option.group], name, defaults.get(name))
    return parser


def _replayed(path: Path) -> tuple[list[str], list[str]]:
    """The clips and the command-line arguments of a settings file."""
    values = settings.load(path)
    values.pop(settings.ABOUT, None)
    clips = values.pop(settings.CLIPS, [])
    if not isinstance(clips, list) or not all(isinstance(clip, str) for clip in clips):
        raise UsageError(f"{path}: clips must be a list of texts")
    known = [flag(name) for name, option in DECLARED.items() if option.saved]
    unknown = sorted(values.keys() - set(known))
    if unknown:
        raise UsageError(
            f"{path}: settings {', '.join(unknown)}: unknown, or for the command line only; known "
            f"are clips, {', '.join(known)}"
        )
    return clips, [_argument(path, *item) for item in values.items() if item[1] is not None]


def _argument(path: Path, name: str, value: object) -> str:
    if isinstance(getattr(Options, field_name(name), None), bool):
        if not isinstance(value, bool):
            raise UsageError(f"{path}: {name} must be true or false")
        return f"--{name}" if value else f"--no-{name}"
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise UsageError(f"{path}: {name} must be a text or a number")
    return f"--{name}={value}"
