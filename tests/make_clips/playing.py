"""A piece, played on the soundfont by fluidsynth."""

from pathlib import Path

import soundfile as sf

from tests.make_clips.debian import run, soundfont
from tests.make_clips.midi import midi_file
from tests.make_clips.samples import RATE, Samples, shaped
from tests.make_clips.score import Piece

TAIL = 1.0  # seconds left after the last beat for the notes to die away


def render(piece: Piece, folder: Path) -> Samples:
    """Play a piece on the soundfont, in stereo."""
    score, sound = folder / "piece.mid", folder / "piece.wav"
    score.write_bytes(midi_file(piece))
    options = ["-n", "-i", "-q", "-g", "0.5", "-r", str(RATE), "-T", "wav", "-F", str(sound)]
    run("fluidsynth", *options, str(soundfont()), str(score))
    samples, _ = sf.read(sound, always_2d=True)
    return shaped(samples, piece.beats * 60 / piece.tempo + TAIL)
