"""The decoders, and the order in which they are asked.

Each is one function from a path and a number of seconds to a ``Reading``. They take untrusted
bytes and may raise anything, so that only ``model.decoding.audio`` calls them, in a process that
may die.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from model.decoding.decoders import ffmpeg, libsndfile, miniaudio
from model.decoding.decoders.isolation import apart
from model.decoding.decoders.reading import Reading

Read: TypeAlias = Callable[[Path, float], Reading]


@dataclass(frozen=True)
class Decoder:
    """One rung of the ladder.

    Attributes:
        name: for people.
        read: decodes at most so many seconds from the middle of a file.
    """

    name: str
    read: Read


# libsndfile is the quickest by far and right for nearly every file. ffmpeg knows the most formats,
# passes over damage and follows a change of sample rate, which miniaudio plays at a wrong speed and
# so would seem to have more of. miniaudio decodes the mp3s of free format that ffmpeg cannot.
LADDER = (
    Decoder("libsndfile", libsndfile.read),
    Decoder("ffmpeg", apart(ffmpeg.read, "av")),
    Decoder("miniaudio", apart(miniaudio.read, "miniaudio")),
)
