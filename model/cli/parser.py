"""A parser of arguments whose errors are one line, with the option that was probably meant."""

import argparse
import re
from difflib import get_close_matches
from typing import NoReturn

from model.errors import USAGE


class Parser(argparse.ArgumentParser):
    """Like its base, without the usage before an error, which hides the message."""

    def error(self, message: str) -> NoReturn:
        """Print the message and end the program with the exit code of wrong usage."""
        self.exit(USAGE, f"{self.prog}: {message}{self._suggestions(message)}\n")

    def _suggestions(self, message: str) -> str:
        """For each unknown option of a message the nearest known one, or else where to look."""
        if not message.startswith("unrecognized arguments"):
            return ""
        known = [option for action in self._actions for option in action.option_strings]
        near = [
            match
            for option in re.findall(r"(?<!\S)--?[^\s=]+", message)
            for match in get_close_matches(option, known, n=1)
        ]
        return f"; did you mean {' '.join(near)}?" if near else "; --help lists all options"
