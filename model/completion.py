"""Completion of the commands that pip installs, in bash.

bash needs no package for it and starts no Python: the printed script holds the words.
"""

import argparse
from collections.abc import Iterable, Sequence
from typing import Any

_SCRIPT = """\
{function}() {{
    local options commands=
    case ${{COMP_WORDS[1]}} in
{cases}
    esac
    [ -n "$2" ] || options=
    COMPREPLY=($(compgen -W "$options $commands" -- "$2"))
}}
complete -o default -F {function} {program}"""


class PrintCompletion(argparse.Action):
    """An option that prints its parser's script and exits. ``const`` is the command's name."""

    def __init__(self, option_strings: Sequence[str], dest: str, const: str) -> None:
        super().__init__(
            option_strings,
            argparse.SUPPRESS,
            nargs=0,
            const=const,
            help=f'complete options in bash: eval "$({const} --print-completion)" in ~/.bashrc',
        )

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        """Print the script and exit."""
        print(script(parser, str(self.const)))
        parser.exit()


def script(parser: argparse.ArgumentParser, program: str) -> str:
    """A bash script that completes options, subcommands and file names of a command."""
    commands: dict[str, argparse.ArgumentParser] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            commands.update(action.choices)
    cases = [_case(name, _options(command)) for name, command in commands.items()]
    cases.append(_case("*", _options(parser), commands))
    function = "_" + program.replace("-", "_")
    return _SCRIPT.format(function=function, cases="\n".join(cases), program=program)


def _case(pattern: str, options: Iterable[str], commands: Iterable[str] = ()) -> str:
    return f"        {pattern}) options='{' '.join(options)}' commands='{' '.join(commands)}' ;;"


def _options(parser: argparse.ArgumentParser) -> list[str]:
    return [option for action in parser._actions for option in action.option_strings]
