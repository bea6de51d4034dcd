"""The base exception of the grader."""


class GraderError(Exception):
    """A command cannot go on; the message says what happened, to which file, and what to do."""
