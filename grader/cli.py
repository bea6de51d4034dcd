"""The grader's command line: one subcommand, one module.

Exit codes: 0 all is well, 1 the submission has a fault, 2 the command could not do its work.
"""

import argparse
import io
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from grader.errors import GraderError
from model.completion import PrintCompletion

COMMANDS: Final[dict[str, str]] = {
    "check": "rules that need no engine, in seconds",
    "build": "build a repository with repo2docker, as the challenge did",
    "run": "run an image on clips under the challenge's limits",
    "grade": "check, build, run, validate and score; writes a report",
    "validate": "check a table against the clips it is for",
    "score": "log loss and F1 of a table",
    "leaderboard": "results as a table in rank order",
}
CANNOT = 2
COMPLETION: Final = "--print-completion"


def genres_grade() -> int:
    """Entry point of the command ``genres-grade``, which an installation with pip brings."""
    return main(sys.argv[1:], "genres-grade")


def main(argv: Sequence[str], program: str = "python -m grader") -> int:
    """Run one command and give its exit code.

    Args:
        argv: the command and its arguments.
        program: name under which the grader was called, for usage and messages.
    """
    parser = argparse.ArgumentParser(
        prog=program, description="Grades submissions as the 2018 challenge did."
    )
    parser.add_argument(COMPLETION, action=PrintCompletion, const="genres-grade")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    # Only the module of the command that was asked for is loaded; completion needs all.
    chosen = next((word for word in argv if not word.startswith("-")), "")
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary.capitalize() + ".")
        if name == chosen or COMPLETION in argv:
            module = import_module(f"grader.commands.{name}")
            module.add_arguments(command)
            command.set_defaults(run=module.command)
    arguments = parser.parse_args(argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    _exit_at_signals(program)
    try:
        return int(arguments.run(arguments))
    except GraderError as error:
        print(f"{program} {arguments.command}: {error}", file=sys.stderr)
        return CANNOT
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone, e.g. `| head`
        return CANNOT


def _exit_at_signals(program: str) -> None:
    """Exit at SIGINT, SIGTERM and SIGHUP after containers, processes and folders are removed."""
    signals = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
    handled = [each for each in signals if signal.getsignal(each) is not signal.SIG_IGN]  # nohup

    def leave(number: int, _: object) -> None:
        for each in handled:
            signal.signal(each, signal.SIG_IGN)  # the removal is not interrupted
        print(f"{program}: stopped by {signal.Signals(number).name}", file=sys.stderr)
        sys.exit(128 + number)

    for each in handled:
        signal.signal(each, leave)
