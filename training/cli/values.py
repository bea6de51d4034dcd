"""Values of the command line that several subcommands have."""

import argparse
from collections.abc import Callable


def whole_number(least: int) -> Callable[[str], int]:
    """A parser of whole numbers, for ``argparse``.

    Args:
        least: smallest valid number.
    """

    def parse(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {least}")
        return int(text)

    return parse
