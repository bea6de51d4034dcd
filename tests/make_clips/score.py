"""What is played: notes, the parts of players and whole pieces."""

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Note:
    """One note: start and length in quarter notes, MIDI key and velocity."""

    start: Fraction
    length: Fraction
    key: int
    velocity: int


@dataclass(frozen=True)
class Part:
    """The notes of one player; volume and pan are MIDI values from 0 to 127."""

    program: int
    notes: tuple[Note, ...]
    volume: int = 100
    pan: int = 64


@dataclass(frozen=True)
class Piece:
    """A composed piece: tempo in quarter notes per minute, length in quarter notes."""

    tempo: int
    beats: int
    parts: tuple[Part, ...]
    drums: tuple[Note, ...] = ()
