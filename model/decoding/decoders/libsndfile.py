"""libsndfile: quick, strict, and blind behind the frame that it guessed to be the last."""

import os
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from model.decoding.decoders.reading import MP3, Reading, check_size, mono

_NO_FORMAT = 7
"""What libsndfile 1.2 answers when it finds no audio in a file with the suffix of an mp3."""


_PREROLL_SECONDS = 1.0
"""An mp3 decoder gives noise for up to a quarter of a second after a seek: that is cut off."""


def read(path: Path, seconds: float, start: float | None = None) -> Reading:
    """Decode at most ``seconds`` of a file, in a single call.

    Args:
        path: the file.
        seconds: most seconds to decode.
        start: second at which to begin, or None for the middle of the file.

    Raises:
        ValueError: libsndfile does not know the format, or the samples are too many.
        soundfile.LibsndfileError: it knows it, and cannot open the file.
    """
    with _open(path) as sound:
        length = sound.frames / sound.samplerate
        check_size(min(seconds, length), sound.samplerate, sound.channels)
        wanted = round(seconds * sound.samplerate)
        # A tenth of a second more is the padding of an encoder, and the middle no better than it.
        preroll = 0
        if start is not None:
            first = min(round(start * sound.samplerate), sound.frames)
            preroll = min(first, round(_PREROLL_SECONDS * sound.samplerate))
            sound.seek(first - preroll)
        elif sound.frames > wanted + sound.samplerate // 10 and sound.seekable():
            sound.seek((sound.frames - wanted) // 2)
        samples, failure = _read_frames(sound, min(preroll + wanted, sound.frames))
        return Reading(
            samples=mono(samples[preroll:]),
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
