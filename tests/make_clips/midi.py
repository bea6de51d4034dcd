"""Pieces as the bytes of MIDI files."""

from collections.abc import Sequence

from tests.make_clips.score import Note, Piece

TICKS = 480  # MIDI ticks per quarter note
DRUM_CHANNEL = 9  # MIDI channel 10, counted from 0


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
