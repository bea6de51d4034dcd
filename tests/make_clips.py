"""Compose, render and encode the ten sample clips in `tests/clips`.

Run from the project's root as `python -m tests.make_clips tests/clips`. Besides the Python
packages of the tests this needs three Debian packages that the tests themselves do not need:
`fluidsynth`, `fluid-soundfont-gm` and `espeak-ng`. Every note, word and noise is written here;
nothing is taken from a recording.

Music is written in two small notations. A line of notes is `PITCH LENGTH` pairs, lengths in
quarter notes and possibly fractions (`2/3`), `r` for a rest, `+` between the notes of a chord:
`D4 1 F#4+A4 1/2 r 1/2`. A drum pattern is one string per drum, one character per equal step of
a bar: `x` is a stroke, `X` an accent, `o` a soft stroke and `.` nothing.
"""

import argparse
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import scipy.signal
import soundfile as sf
import soxr

Samples = npt.NDArray[np.float64]  # (samples, channels), full scale at 1

RATE = 44_100  # samples per second of every clip
PEAK = 0.7  # full scale is 1; room for the overshoot of the encoder
TICKS = 480  # MIDI ticks per quarter note
TAIL = 1.0  # seconds left after the last beat for the notes to die away
DRUM_CHANNEL = 9  # MIDI channel 10, counted from 0

SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
ACCIDENTALS = {"": 0, "#": 1, "b": -1}
STROKES = {"x": 92, "X": 118, "o": 58}  # MIDI velocities

# General MIDI drum keys.
KICK, STICK, SNARE, CLAP = 36, 37, 38, 39
CLOSED_HAT, PEDAL_HAT, OPEN_HAT, CRASH, RIDE, SHAKER = 42, 44, 46, 49, 51, 70

# General MIDI programs, counted from 0.
PIANO, RHODES, HARMONICA = 0, 4, 22
NYLON_GUITAR, STEEL_GUITAR, JAZZ_GUITAR, CLEAN_GUITAR, OVERDRIVE, DISTORTION = (
    24,
    25,
    26,
    27,
    29,
    30,
)
DOUBLE_BASS, FINGER_BASS, PICK_BASS, SYNTH_BASS = 32, 33, 34, 38
VIOLIN, VIOLA, CELLO, CONTRABASS, FLUTE = 40, 41, 42, 43, 73
SAW_LEAD, WARM_PAD, BANJO, FIDDLE = 81, 89, 105, 110


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


@dataclass(frozen=True)
class Encoding:
    """How a clip is stored: `level` is the encoder's compression level from 0 to 1."""

    channels: int
    mode: str
    level: float


@dataclass(frozen=True)
class Clip:
    """One clip: its file's stem, its maker, its encoding and a line for the read-me."""

    stem: str
    make: Callable[[Path], Samples]
    encoding: Encoding
    about: str


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


def variable_length(value: int) -> bytes:
    """Write a MIDI variable-length number."""
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.insert(0, (value & 0x7F) | 0x80)
    return bytes(digits)


def chunk(name: bytes, body: bytes) -> bytes:
    """Write a MIDI chunk with its length."""
    return name + len(body).to_bytes(4, "big") + body


def track(opening: bytes, notes: Sequence[Note], channel: int) -> bytes:
    """Write one MIDI track: `opening` events at time zero, then the notes."""
    events: list[tuple[int, int, bytes]] = []
    for note in notes:
        on = round(note.start * TICKS)
        off = max(on + 1, round((note.start + note.length) * TICKS))
        events.append((on, 1, bytes([0x90 | channel, note.key, note.velocity])))
        events.append((off, 0, bytes([0x80 | channel, note.key, 0])))
    body, now = opening, 0
    for tick, _, event in sorted(events):
        body += variable_length(tick - now) + event
        now = tick
    return chunk(b"MTrk", body + b"\x00\xff\x2f\x00")


def midi_file(piece: Piece) -> bytes:
    """Write a piece as the bytes of a MIDI file of format 1."""
    tempo = b"\x00\xff\x51\x03" + round(60e6 / piece.tempo).to_bytes(3, "big")
    tracks = [track(tempo, (), 0)]
    for channel, part in enumerate(piece.parts):
        if channel >= DRUM_CHANNEL:
            raise ValueError("at most nine parts besides the drums")
        opening = bytes([0, 0xC0 | channel, part.program, 0, 0xB0 | channel, 7, part.volume])
        tracks.append(
            track(opening + bytes([0, 0xB0 | channel, 10, part.pan]), part.notes, channel)
        )
    if piece.drums:
        tracks.append(track(b"", piece.drums, DRUM_CHANNEL))
    header = b"".join(number.to_bytes(2, "big") for number in (1, len(tracks), TICKS))
    return chunk(b"MThd", header) + b"".join(tracks)


def run(*words: str) -> str:
    """Run a command and return what it prints."""
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def soundfont() -> Path:
    """Find the General MIDI soundfont of its Debian package."""
    files = [Path(name) for name in run("dpkg", "-L", "fluid-soundfont-gm").splitlines()]
    return next(path for path in files if path.suffix == ".sf2")


def shaped(samples: Samples, seconds: float) -> Samples:
    """Cut or pad to a length in seconds and fade the end."""
    length = round(seconds * RATE)
    cut = np.zeros((length, samples.shape[1]))
    cut[: len(samples)] = samples[:length]
    fade = round(0.6 * RATE)
    cut[-fade:] *= np.cos(np.linspace(0, np.pi / 2, fade))[:, None] ** 2
    return cut


def render(piece: Piece, folder: Path) -> Samples:
    """Play a piece on the soundfont, in stereo."""
    score, sound = folder / "piece.mid", folder / "piece.wav"
    score.write_bytes(midi_file(piece))
    options = ["-n", "-i", "-q", "-g", "0.5", "-r", str(RATE), "-T", "wav", "-F", str(sound)]
    run("fluidsynth", *options, str(soundfont()), str(score))
    samples, _ = sf.read(sound, always_2d=True)
    return shaped(samples, piece.beats * 60 / piece.tempo + TAIL)


# The pieces.


def classical() -> Piece:
    """Compose a slow chorale in D major for string quintet: I vi IV ii V7 I, with suspensions."""
    first = "F#5 1 G5 1/2 F#5 1/2 E5 1 D5 1  B4 1 C#5 1/2 D5 1/2 E5 1 F#5 1  "
    first += "G5 3/2 F#5 1/2 E5 1 C#5 1  D5 4"
    second = "A4 2 B4 1 A4 1  G4 2 G4 1 A4 1  B4 2 A4 1 G4 1  F#4 4"
    viola = "D4 2 F#4 2  D4 2 E4 2  E4 2 E4 2  A3 4"
    cello = "A3 2 B3 2  B3 2 B3 2  B3 1 G3 1 C#4 2  F#3 4"
    bass = "D3 2 B2 2  G2 2 E2 2  E2 2 A2 2  D2 4"
    held = Fraction(1)
    return Piece(
        tempo=88,
        beats=16,
        parts=(
            Part(VIOLIN, line(first, 96, held), 105, 40),
            Part(VIOLIN, line(second, 80, held), 90, 54),
            Part(VIOLA, line(viola, 80, held), 90, 74),
            Part(CELLO, line(cello, 84, held), 95, 88),
            Part(CONTRABASS, line(bass, 84, held), 95, 96),
        ),
    )


def country() -> Piece:
    """Compose a two-step in G (G C G D7 G C D7 G): boom-chick guitar, banjo rolls, fiddle tune."""
    chords = {
        "G": ("G2", "D2", "G3+B3+D4", "G3 B3 D4 G4 B3 D4 G4 D4"),
        "C": ("C3", "G2", "G3+C4+E4", "G3 C4 E4 G4 C4 E4 G4 E4"),
        "D7": ("D3", "A2", "F#3+C4+D4", "A3 C4 D4 F#4 C4 D4 F#4 D4"),
    }
    order = ["G", "C", "G", "D7", "G", "C", "D7"]
    bass = " ".join(f"{chords[c][0]} 1 r 1 {chords[c][1]} 1 r 1" for c in order) + " G2 2"
    guitar = " ".join(f"r 1 {chords[c][2]} 1 r 1 {chords[c][2]} 1" for c in order) + " G3+B3+D4 2"
    rolls = [f"{pitch} 1/2" for c in order for pitch in chords[c][3].split()]
    tune = (
        "B4 1/2 D5 1/2 D5 1 E5 1/2 D5 1/2 B4 1  C5 1/2 E5 1/2 G5 1 E5 1 C5 1  "
        "B4 1/2 A4 1/2 G4 1 B4 1/2 C5 1/2 D5 1  A4 2 F#4 1 A4 1  "
        "B4 1/2 D5 1/2 D5 1 G5 1/2 D5 1/2 B4 1  C5 1/2 D5 1/2 E5 1 G5 1/2 E5 1/2 C5 1  "
        "A4 1/2 B4 1/2 C5 1/2 A4 1/2 F#4 1 A4 1  G4+B4 2"
    )
    train = {KICK: "x...x...", SNARE: "ooXoooXo", PEDAL_HAT: "..x...x."}
    return Piece(
        tempo=164,
        beats=30,
        parts=(
            Part(FINGER_BASS, line(bass, 96), 110),
            Part(STEEL_GUITAR, line(guitar, 92, Fraction(1, 2)), 100, 40),
            Part(BANJO, line(" ".join(rolls), 74), 80, 92),
            Part(FIDDLE, line(tune, 96), 100, 70),
        ),
        drums=drums([train] * 7 + [{KICK: "X.......", SNARE: "X......."}]),
    )


def electronic() -> Piece:
    """Compose a house loop in A minor (Am F C G): off-beat bass, saw arpeggio."""
    roots = ["A1", "F1", "C2", "G1"]
    arpeggios = ["A4 C5 E5 A5", "F4 A4 C5 F5", "G4 C5 E5 G5", "G4 B4 D5 G5"]
    pads = ["A3+C4+E4+G4", "A3+C4+F4", "G3+C4+E4", "G3+B3+D4"]
    bass = " ".join(f"r 1/2 {root} 1/2" for root in roots for _ in range(4))
    steps = [0, 2, 1, 3, 2, 1, 3, 0, 2, 1, 3, 2, 0, 3, 1, 2]
    lead = " ".join(f"{bar.split()[step]} 1/4" for bar in arpeggios for step in steps)
    pad = " ".join(f"{chord} 4" for chord in pads)
    beat = {KICK: "X...X...X...X...", CLAP: "....x.......x...", OPEN_HAT: "..x...x...x...x."}
    beat[CLOSED_HAT] = "xo.oxo.oxo.oxo.o"
    return Piece(
        tempo=126,
        beats=16,
        parts=(
            Part(SYNTH_BASS, line(bass, 110), 115),
            Part(SAW_LEAD, line(lead, 84, Fraction(1, 2)), 72, 80),
            Part(WARM_PAD, line(pad, 80, Fraction(1)), 90, 48),
        ),
        drums=drums([beat] * 4),
    )


def folk() -> Piece:
    """Compose a slow waltz in D dorian (Dm C Dm G Am G Dm): picked guitar under a flute tune."""
    picked = {
        "Dm": "D3 A3 D4 F4 D4 A3",
        "C": "C3 G3 C4 E4 C4 G3",
        "G": "G2 D3 G3 B3 G3 D3",
        "Am": "A2 E3 A3 C4 A3 E3",
    }
    order = ["Dm", "C", "Dm", "G", "Am", "G"]
    guitar = " ".join(f"{pitch} 1/2" for chord in order for pitch in picked[chord].split())
    tune = (
        "A4 3/2 B4 1/2 A4 1/2 G4 1/2  E4 3/2 F4 1/2 G4 1  F4 1/2 G4 1/2 A4 1 D5 1  "
        "B4 2 G4 1  C5 1 B4 1/2 A4 1/2 E4 1  D5 1/2 C5 1/2 B4 1/2 A4 1/2 G4 1/2 E4 1/2  D4 3"
    )
    return Piece(
        tempo=114,
        beats=21,
        parts=(
            Part(NYLON_GUITAR, line(guitar + " D3+A3+D4+F4 3", 88, Fraction(2)), 110, 50),
            Part(FLUTE, line(tune, 88), 96, 78),
        ),
    )


def hip_hop() -> Piece:
    """Compose a slow beat in C minor (Cm9 Ab maj7): syncopated kick, electric piano, deep bass."""
    keys = "r 1/2 Eb4+G4+Bb4+D5 5/4 r 1/4 Eb4+G4+Bb4+D5 1/2 r 3/2  "
    keys += "r 1/2 C4+Eb4+G4+Bb4 5/4 r 1/4 C4+Eb4+G4+Bb4 1/2 r 1/2 D5 1/2 C5 1/2  "
    bass = "C2 3/4 r 1/4 r 1/2 C2 1/2 r 1 Bb1 1/2 G1 1/2  "
    bass += "Ab1 3/4 r 1/4 r 1/2 Ab1 1/2 r 1 G1 1/2 Bb1 1/2  "
    beat = {
        KICK: "X.....x...x.....",
        SNARE: "....X.......X..o",
        CLOSED_HAT: "x.o.x.oox.o.x.o.",
        SHAKER: "..o...o...o...o.",
    }
    turn = beat | {KICK: "X.....x...xx...x", OPEN_HAT: "..............x."}
    return Piece(
        tempo=92,
        beats=16,
        parts=(
            Part(RHODES, line(keys * 2, 84), 100, 76),
            Part(SYNTH_BASS, line(bass * 2, 112), 120),
        ),
        drums=drums([beat, turn, beat, turn]),
    )


def jazz() -> Piece:
    """Compose a swing chorus in F for piano trio: Gm7 C7 Fmaj7 D7 Gm7 C7 F6."""
    walk = (
        "G2 1 Bb2 1 D3 1 Db3 1  C3 1 E3 1 G2 1 Bb2 1  A2 1 C3 1 F2 1 E2 1  D2 1 F#2 1 A2 1 Ab2 1  "
        "G2 1 A2 1 Bb2 1 B2 1  C3 1 Bb2 1 G2 1 E2 1  F2 4"
    )
    comping = (
        "r 2/3 F3+Bb3+D4 1/3 r 2 F3+Bb3+D4 1  r 2/3 E3+Bb3+D4 1/3 r 3  "
        "E3+A3+C4 1 r 5/3 E3+A3+C4 1/3 r 1  r 2/3 F#3+C4+E4 1/3 r 2 F#3+B3+Eb4 1  "
        "r 1 F3+Bb3+D4 2/3 r 7/3  r 2/3 E3+Bb3+Db4 1/3 r 2 E3+Ab3+Db4 1  r 2/3 D3+A3+C4 10/3"
    )
    tune = (
        "r 1 D5 2/3 F5 1/3 A5 2/3 G5 1/3 F5 2/3 D5 1/3  E5 1 Bb4 2/3 C5 1/3 D5 2/3 Bb4 1/3 G4 1  "
        "A4 2/3 C5 1/3 E5 1 r 2/3 G5 1/3 F5 2/3 E5 1/3  "
        "F#5 2/3 Eb5 1/3 C5 2/3 A4 1/3 F#4 2/3 A4 1/3 C5 1  "
        "Bb4 2/3 D5 1/3 F5 2/3 D5 1/3 G5 1 r 1  "
        "E5 2/3 Db5 1/3 Bb4 2/3 G4 1/3 Ab4 2/3 Bb4 1/3 C5 1 "
        " A4+D5 4"
    )
    ride = {RIDE: "x..x.ox..x.o", PEDAL_HAT: "...x.....x..", KICK: "o..o..o..o.."}
    ride_with_snare = ride | {SNARE: "..o.....o..."}
    ending = {RIDE: "X...........", KICK: "x..........."}
    return Piece(
        tempo=160,
        beats=28,
        parts=(
            Part(DOUBLE_BASS, line(walk, 100), 115, 54),
            Part(PIANO, line(comping, 66), 90, 72),
            Part(PIANO, line(tune, 92), 105, 80),
        ),
        drums=drums([ride, ride_with_snare] * 3 + [ending]),
    )


def rock() -> Piece:
    """Compose a riff in E (E5 G5 A5, then C5 D5 E5): two driven guitars, bass and loud drums."""
    riff = "{E} 1/2 {E} 1/2 {G} 1/2 {E} 1/2 r 1/2 {A} 1/2 {G} 1/2 {E} 1/2  "
    lift = "{C} 1/2 {C} 1/2 {C} 1/2 {C} 1/2 {D} 1/2 {D} 1/2 {D} 1/2 {D} 1/2  "
    form = riff + riff + lift + riff + lift + "{E} 4"
    fifths = {"E": "E2+B2+E3", "G": "G2+D3+G3", "A": "A2+E3+A3", "C": "C3+G3+C4", "D": "D3+A3+D4"}
    roots = {"E": "E1", "G": "G1", "A": "A1", "C": "C2", "D": "D2"}
    lead = "r 16 E5 1/2 D5 1/2 B4 1/2 A4 1/2 F#4 1/2 A4 1/2 B4 1/2 D5 1/2 E5 4"
    beat = {KICK: "X..x..X.x.X.....", SNARE: "....X.......X...", CLOSED_HAT: "x.x.x.x.x.x.x.x."}
    push = {KICK: "X...X...X...X...", SNARE: "....X.......X.XX", OPEN_HAT: "x...x...x...x..."}
    end = {KICK: "X...............", CRASH: "X..............."}
    return Piece(
        tempo=138,
        beats=24,
        parts=(
            Part(DISTORTION, line(form.format(**fifths), 100), 90, 24),
            Part(OVERDRIVE, line(form.format(**fifths), 96), 90, 104),
            Part(PICK_BASS, line(form.format(**roots), 104), 110),
            Part(DISTORTION, line(lead, 96), 80, 70),
        ),
        drums=drums([beat | {CRASH: "x..............."}, beat, push, beat, push, end]),
    )


def blues() -> Piece:
    """Compose an eight-bar shuffle in A (A7 E7 D7 D7 A7 E7 A7 E7) with boogie guitar and harp."""
    boogie = {
        "A": "A2+E3 2/3 A2+E3 1/3 A2+F#3 2/3 A2+F#3 1/3 A2+G3 2/3 A2+G3 1/3 A2+F#3 2/3 A2+F#3 1/3",
        "D": "D3+A3 2/3 D3+A3 1/3 D3+B3 2/3 D3+B3 1/3 D3+C4 2/3 D3+C4 1/3 D3+B3 2/3 D3+B3 1/3",
        "E": "E2+B2 2/3 E2+B2 1/3 E2+C#3 2/3 E2+C#3 1/3 E2+D3 2/3 E2+D3 1/3 E2+C#3 2/3 E2+C#3 1/3",
    }
    bass = {
        "A": "A1 1 C#2 1 E2 1 F#2 1",
        "D": "D2 1 F#2 1 A2 1 F#2 1",
        "E": "E2 1 G#2 1 B2 1 G#2 1",
    }
    order = "AEDDAEAE"
    harp = (
        "r 1 C5 2/3 D5 1/3 E5 1 G5 1  E5 2/3 D5 1/3 B4 2 r 1  "
        "r 1 A4 2/3 C5 1/3 D5 1 F#5 1  D5 2/3 C5 1/3 A4 2 r 1  "
        "C5 2/3 C#5 1/3 E5 1 G5 2/3 E5 1/3 C5 2/3 A4 1/3  B4 1 D5 2/3 B4 1/3 G4 1 E4 1  "
        "A4 2/3 C5 1/3 A4 2/3 G4 1/3 A4 2  r 2/3 E4 1/3 G#4 2/3 B4 1/3 E5 2"
    )
    shuffle = {
        KICK: "x.....x..x..",
        SNARE: "...X.....X..",
        RIDE: "x.ox.ox.ox.o",
        PEDAL_HAT: "...x.....x..",
    }
    turn = shuffle | {SNARE: "...X..xxxXxX"}
    return Piece(
        tempo=172,
        beats=32,
        parts=(
            Part(
                CLEAN_GUITAR, line(" ".join(boogie[c] for c in order), 88, Fraction(3, 5)), 95, 44
            ),
            Part(FINGER_BASS, line(" ".join(bass[c] for c in order), 100), 112),
            Part(HARMONICA, line(harp, 98), 96, 78),
        ),
        drums=drums([shuffle] * 7 + [turn]),
    )


def composed(compose: Callable[[], Piece]) -> Callable[[Path], Samples]:
    """Return the maker of a composed clip."""
    return lambda folder: render(compose(), folder)


def drone(_folder: Path) -> Samples:
    """Build a drone of slowly beating, slightly inharmonic partials under swelling noise."""
    seconds = 9.5
    time = np.arange(round(seconds * RATE)) / RATE
    generator = np.random.default_rng(20_24)
    sides: list[Samples] = []
    for _ in range(2):
        hum = np.zeros_like(time)
        for partial in range(1, 13):
            pitch = 55 * partial**1.013 * (1 + generator.normal(0, 0.002))
            swell = 0.6 + 0.4 * np.sin(
                2 * np.pi * (generator.uniform(0.05, 0.3) * time + generator.uniform())
            )
            hum += swell * np.sin(2 * np.pi * pitch * time) / partial
        noise = generator.normal(0, 1, time.size)
        low, high = (
            scipy.signal.sosfilt(
                scipy.signal.butter(2, band, "bandpass", fs=RATE, output="sos"), noise
            )
            for band in ((150, 500), (1800, 6000))
        )
        sweep = np.sin(np.pi * time / seconds) ** 2
        clicks = np.where(
            generator.random(time.size) < 4 / RATE, generator.normal(0, 0.5, time.size), 0
        )
        sides.append(hum / 3 + 1.2 * (1 - sweep) * low + 0.8 * sweep * high + clicks)
    samples = np.stack(sides, axis=1) * np.minimum(1, time / 1.5)[:, None]
    return shaped(samples, seconds)


SPEECH = (
    "The ferry left a little before seven, with nine passengers and a crate of lemons. "
    "Nobody spoke until the harbour lights were small. Then the man beside me said: "
    "I have never once seen the other side."
)


def spoken(folder: Path) -> Samples:
    """Read a text aloud with a British voice, at 170 words a minute."""
    sound = folder / "speech.wav"
    run("espeak-ng", "-v", "en-gb", "-s", "170", "-p", "38", "-w", str(sound), SPEECH)
    samples, rate = sf.read(sound, always_2d=True)
    resampled: Samples = soxr.resample(samples, rate, RATE)
    return shaped(resampled, len(resampled) / RATE + 0.3)


CLIPS = (
    Clip("blues-shuffle", composed(blues), Encoding(1, "CONSTANT", 0.889), "eight bars in A"),
    Clip("classical-strings", composed(classical), Encoding(2, "VARIABLE", 0.95), "string quintet"),
    Clip("country-band", composed(country), Encoding(2, "CONSTANT", 0.889), "two-step in G"),
    Clip("electronic-house", composed(electronic), Encoding(2, "CONSTANT", 0.778), "house loop"),
    Clip("experimental-drone", drone, Encoding(2, "VARIABLE", 0.9), "partials, noise and clicks"),
    Clip("folk-waltz", composed(folk), Encoding(1, "VARIABLE", 0.45), "guitar and flute, dorian"),
    Clip("hip-hop-beat", composed(hip_hop), Encoding(2, "AVERAGE", 0.889), "slow beat, C minor"),
    Clip("jazz-trio", composed(jazz), Encoding(2, "CONSTANT", 0.889), "swing trio in F"),
    Clip("rock-band", composed(rock), Encoding(2, "CONSTANT", 0.833), "driven guitars, riff in E"),
    Clip("spoken-word", spoken, Encoding(1, "CONSTANT", 0.889), "synthetic voice, own text"),
)


def in_channels(samples: Samples, channels: int) -> Samples:
    """Return the samples as mono (the mean) or stereo (mono doubled)."""
    if channels == 1:
        mean: Samples = samples.mean(axis=1, keepdims=True)
        return mean
    return np.repeat(samples, 2, axis=1) if samples.shape[1] == 1 else samples


def encode(samples: Samples, encoding: Encoding, path: Path) -> None:
    """Write samples as an mp3 with its peak at `PEAK`."""
    mixed = in_channels(samples, encoding.channels)
    sf.write(
        path,
        mixed * (PEAK / np.abs(mixed).max()),
        RATE,
        format="MP3",
        subtype="MPEG_LAYER_III",
        bitrate_mode=encoding.mode,
        compression_level=encoding.level,
    )


def check(path: Path) -> tuple[float, int]:
    """Decode a clip, raise when it breaks the limits, return its seconds and bytes."""
    samples, rate = sf.read(path, always_2d=True)
    seconds, size = len(samples) / rate, path.stat().st_size
    level = float(np.sqrt(np.mean(samples**2)))
    peak = float(np.abs(samples).max())
    if not (8 <= seconds <= 14 and size < 150_000 and level > 0.02 and peak < 0.99):
        raise ValueError(
            f"{path.name}: {seconds:.2f} s, {size} bytes, rms {level:.3f}, peak {peak:.3f}"
        )
    return seconds, size


def version_of(package: str) -> str:
    """Return the version of an installed Debian package."""
    return run("dpkg-query", "-W", "-f", "${Version}", package)


def read_me(rows: Sequence[str]) -> str:
    """Write the read-me of the clips' folder around one table row per clip."""
    debian = [f"{name} {version_of(name)}" for name in ("fluidsynth", "fluid-soundfont-gm")]
    debian.append(f"espeak-ng {version_of('espeak-ng')}")
    encoder = f"soundfile {sf.__version__} with libsndfile {sf.__libsndfile_version__}"
    return "\n".join(
        [
            "# Sample clips",
            "",
            "Ten short mp3s for trying the program and for the tests. All are synthetic: composed",
            "in `tests/make_clips.py`, which writes this folder again with",
            "",
            "    python -m tests.make_clips tests/clips",
            "",
            "The genre in a name is what the composer had in mind. It is not ground truth: these",
            "are imitations by a sampler and a speech synthesiser, and say nothing about accuracy.",
            "",
            "| file | seconds | channels | encoding | kbit/s | what it is |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
            "Made with",
            "",
            "- the Debian packages " + ", ".join(debian),
            f"- {encoder} (mp3 encoder), numpy {np.__version__}",
            "",
            "The soundfont is Fluid (R3) GM by Frank Wen, under the MIT licence. The same script",
            "and versions give the same notes; another version may give other bytes.",
            "",
        ]
    )


def table_row(clip: Clip, seconds: float, size: int) -> str:
    """Return a clip's row in the read-me."""
    mode = {"CONSTANT": "CBR", "AVERAGE": "ABR", "VARIABLE": "VBR"}[clip.encoding.mode]
    rate = round(size * 8 / seconds / 1000)
    cells = [f"`{clip.stem}.mp3`", f"{seconds:.1f}", str(clip.encoding.channels), mode, str(rate)]
    return "| " + " | ".join([*cells, clip.about]) + " |"


def make_clips(folder: Path) -> None:
    """Make all the clips and their read-me in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        for clip in CLIPS:
            path = folder / f"{clip.stem}.mp3"
            encode(clip.make(Path(scratch)), clip.encoding, path)
            rows.append(table_row(clip, *check(path)))
    (folder / "README.md").write_text(read_me(rows), encoding="utf-8")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Compose, render and encode the sample clips.")
    parser.add_argument("folder", type=Path, help="folder to write the clips and README.md to")
    folder: Path = parser.parse_args().folder
    missing = [name for name in ("fluidsynth", "espeak-ng") if shutil.which(name) is None]
    if missing:
        parser.error(f"not installed: {', '.join(missing)} (see this script's first lines)")
    make_clips(folder)


if __name__ == "__main__":
    main()
