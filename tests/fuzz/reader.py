"""A function that reads a stranger's file, and random files for it.

A reader may raise nothing, says a bounded number of things of bounded length, and prints no control
characters. Time is not measured: pieces are repeated thousands of times, so that a reader of
quadratic time ends the test at its timeout.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

MOST_BYTES: Final = 200_000
"""Bytes of a random file."""

_MOST_SAID: Final = 100_000
"""Characters of what a reader says at once."""


@dataclass(frozen=True)
class Reader:
    """A reader, and what its files are made of.

    Attributes:
        read: reads a file and returns what the program would print.
        pieces: parts of files, beside random bytes.
        seeds: whole files that are always tried.
    """

    read: Callable[[bytes], Iterable[object]]
    pieces: tuple[bytes, ...]
    seeds: tuple[bytes, ...] = ()


def check_reader(reader: Reader, count: int, derandomize: bool = False) -> None:
    """Feed seeds and random files to a reader.

    Args:
        reader: the reader.
        count: number of random files.
        derandomize: whether to make the same files each time.

    Raises:
        AssertionError: the reader says too much, or something that cannot be printed.
        Exception: whatever else the reader should not raise.
    """
    piece = st.sampled_from(reader.pieces) | st.binary(max_size=4)
    repeated = st.tuples(piece, st.sampled_from((1, 1, 1, 1, 2, 9, 70, 5000)))
    contents = st.lists(repeated, max_size=40).map(
        lambda parts: b"".join(part * times for part, times in parts)[:MOST_BYTES]
    )

    def test(content: bytes) -> None:
        for said in map(str, reader.read(content)):
            assert said.replace("\n", "").replace("\t", "").isprintable()
            assert len(said) <= _MOST_SAID

    checked = given(contents)(test)
    for seed in reader.seeds:
        checked = example(seed)(checked)
    settings(
        max_examples=count, derandomize=derandomize, database=None, deadline=None,
        suppress_health_check=list(HealthCheck),
    )(checked)()  # fmt: skip
