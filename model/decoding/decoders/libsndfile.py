"""libsndfile: quick, strict, and blind behind the frame that it guessed to be the last."""

import os
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from model.decoding.decoders.reading import MP3, Reading, check_size, mono

_NO_FORMAT = 7
"""What libsndfile 1.2 answers when it finds no audio in a file with the suffix of an mp3."""


def read(path: Path, seconds: float) -> Reading:
    """Decode at most ``seconds`` from the middle of a file, in a single call.

    Raises:
        ValueError: libsndfile does not know the format, or the samples are too many.
        soundfile.LibsndfileError: it knows it, and cannot open the file.
    """
    with _open(path) as sound:
        length = sound.frames / sound.samplerate
        check_size(min(seconds, length), sound.samplerate, sound.channels)
        wanted = round(seconds * sound.samplerate)
        # A tenth of a second more is the padding of an encoder, and the middle no better than it.
        if sound.frames > wanted + sound.samplerate // 10 and sound.seekable():
            sound.seek((sound.frames - wanted) // 2)
        samples, failure = _read_frames(sound, min(wanted, sound.frames))
        return Reading(
            samples=mono(samples),
            rate=sound.samplerate,
            length=length,
            channels=sound.channels,
            form=MP3 if sound.subtype == MP3 else f"{sound.format} {sound.subtype}",
            failure=failure,
        )


def _open(path: Path) -> soundfile.SoundFile:
    try:
        # The suffix helps libsndfile to find an mp3 behind leading garbage; any bytes may be in it.
        return soundfile.SoundFile(os.fsencode(path))
    except soundfile.LibsndfileError as error:
        if error.code != _NO_FORMAT:
            raise
        # Its own words are that the file does not exist, or is a pipe.
        raise ValueError("format not recognised") from None


def _read_frames(sound: soundfile.SoundFile, wanted: int) -> tuple[NDArray[np.float32], str]:
    """Read up to ``wanted`` frames, shape [frames, channels]; keep what came before an error."""
    samples = np.zeros((wanted, sound.channels), np.float32)
    try:
        # In one call: after each, soundfile seeks, and an mp3 decoder stumbles where it lands.
        return sound.read(out=samples), ""
    except soundfile.LibsndfileError as error:
        # How much was decoded is not told, but what was not is still zero.
        nonzero = np.flatnonzero(samples.any(axis=1))
        done = int(nonzero[-1]) + 1 if len(nonzero) else 0
        return samples[:done], f"decoding stopped after {done / sound.samplerate:.2f} s: {error}"
