"""The eight composed pieces."""

from fractions import Fraction

from tests.make_clips.instruments import (
    BANJO,
    CELLO,
    CLAP,
    CLEAN_GUITAR,
    CLOSED_HAT,
    CONTRABASS,
    CRASH,
    DISTORTION,
    DOUBLE_BASS,
    FIDDLE,
    FINGER_BASS,
    FLUTE,
    HARMONICA,
    KICK,
    NYLON_GUITAR,
    OPEN_HAT,
    OVERDRIVE,
    PEDAL_HAT,
    PIANO,
    PICK_BASS,
    RHODES,
    RIDE,
    SAW_LEAD,
    SHAKER,
    SNARE,
    STEEL_GUITAR,
    SYNTH_BASS,
    VIOLA,
    VIOLIN,
    WARM_PAD,
)
from tests.make_clips.notation import drums, line
from tests.make_clips.score import Part, Piece


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
