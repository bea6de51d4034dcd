"""The base of all errors that a user or a file can cause, with the exit codes of the programs."""

from importlib.util import find_spec
from typing import Final

SUCCESS: Final = 0
FAILURE: Final = 1
USAGE: Final = 2
INCOMPLETE: Final = 3
INTERRUPTED: Final = 130
"""Exit codes: INCOMPLETE only with ``--strict``, when a clip has no prediction."""


class GenreError(Exception):
    """Something that a user or a file caused; the message says what, where, and what to do.

    Attributes:
        exit_code: exit code of a program that ends because of the error.
    """

    exit_code: int = FAILURE


class UsageError(GenreError):
    """The options or inputs that were asked for cannot be used."""

    exit_code = USAGE


def require_package(name: str, reason: str) -> None:
    """Check that an optional package is installed.

    Args:
        name: name of the package.
        reason: what needs the package, for the message.

    Raises:
        GenreError: the package is not installed.
    """
    if find_spec(name) is None:
        raise GenreError(
            f"the package {name} is not installed ({reason}): run `pip install {name}` in this "
            "environment, or `make dev`, which has all"
        )
