"""The base exception of the grader."""

from grader.text import visible


class GraderError(Exception):
    """A command cannot go on; the message says what happened, to which file, and what to do.

    The message is one line, with the control characters of names in it as escapes.
    """

    def __str__(self) -> str:
        return visible(super().__str__())
