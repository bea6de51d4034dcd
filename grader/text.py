"""Makes text of strangers safe to print; used for everything that the grader shows of it."""

from typing import Final

LONGEST: Final = 1000
"""Characters of a stranger's text that are shown, and of a word or line that patterns search."""


def visible(text: str) -> str:
    r"""Text that moves no cursor and reorders no line, in at most a few thousand characters.

    Control characters, line ends, directional marks and bytes that are no UTF-8 become escapes such
    as ``\x1b``; only tabs stay. What follows the first 1,000 characters is left out.
    """
    shown = "".join(
        character if character.isprintable() or character == "\t"
        else character.encode("unicode_escape").decode("ascii")
        for character in text[:LONGEST]
    )  # fmt: skip
    return shown if len(text) <= LONGEST else shown + "..."
