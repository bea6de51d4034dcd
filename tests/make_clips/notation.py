"""Two small notations in which music is written.

A line of notes is `PITCH LENGTH` pairs, lengths in quarter notes and possibly fractions (`2/3`),
`r` for a rest, `+` between the notes of a chord: `D4 1 F#4+A4 1/2 r 1/2`. A drum pattern is one
string per drum, one character per equal step of a bar: `x` is a stroke, `X` an accent, `o` a soft
stroke and `.` nothing.
"""

import re
from collections.abc import Sequence
from fractions import Fraction

from tests.make_clips.score import Note

SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
ACCIDENTALS = {"": 0, "#": 1, "b": -1}
STROKES = {"x": 92, "X": 118, "o": 58}  # MIDI velocities


def key_of(pitch: str) -> int:
    """Return the MIDI key of a pitch such as `C4` (60), `F#3` or `Bb5`."""
    match = re.fullmatch(r"([A-G])([#b]?)(\d)", pitch)
    if match is None:
        raise ValueError(f"not a pitch: {pitch}")
    letter, accidental, octave = match.groups()
    return 12 * (int(octave) + 1) + SEMITONES[letter] + ACCIDENTALS[accidental]


def line(text: str, velocity: int = 90, held: Fraction = Fraction(9, 10)) -> tuple[Note, ...]:
    """Read a line of notes; `held` is the share of its length that a note sounds."""
    words = text.split()
    start = Fraction(0)
    notes: list[Note] = []
    for pitches, length_text in zip(words[::2], words[1::2], strict=True):
        length = Fraction(length_text)
        keys = [] if pitches == "r" else [key_of(pitch) for pitch in pitches.split("+")]
        notes += [Note(start, length * held, key, velocity) for key in keys]
        start += length
    return tuple(notes)


def bar_of_drums(strokes: dict[int, str], bar: int, beats: int) -> list[Note]:
    """Read one bar of drums; each drum divides the bar into as many steps as it has characters."""
    notes: list[Note] = []
    for key, steps in strokes.items():
        step = Fraction(beats, len(steps))
        for index, stroke in enumerate(steps):
            if stroke in STROKES:
                notes.append(Note(bar * beats + index * step, Fraction(1, 8), key, STROKES[stroke]))
    return notes


def drums(bars: Sequence[dict[int, str]], beats: int = 4) -> tuple[Note, ...]:
    """Read one pattern per bar of `beats` quarter notes."""
    return tuple(
        note for bar, strokes in enumerate(bars) for note in bar_of_drums(strokes, bar, beats)
    )
