"""The base of all errors that a user or a file can cause, with the exit codes of the programs."""

from typing import ClassVar, Final

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

    exit_code: ClassVar[int] = FAILURE


class UsageError(GenreError):
    """The options or inputs that were asked for cannot be used."""

    exit_code = USAGE
