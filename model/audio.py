"""A file to a mono float32 waveform at a given rate, or the reason why not.

Runs in the worker processes. libsndfile decodes, soxr resamples; both take untrusted bytes, which
is why nothing else may be done in the process that calls this module.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from model.clips import Notice

LONGEST_SECONDS = 30.0
"""Longer recordings are represented by their middle 30 s, as the clips of FMA are."""

SHORT_SECONDS = 1.0
LOW_RATE = 16_000
_CANCELLED = 1e-3


class UndecodableError(Exception):
    """No usable audio could be had from a file; ``notice`` says why."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.notice = Notice(reason, detail)


@dataclass(frozen=True)
class Waveform:
    """Decoded audio.

    Attributes:
        samples: mono, float32, nominally in [-1, 1], shape [samples], at least one.
        rate: samples per second.
        notices: what was odd about the file; empty for an ordinary mp3.
    """

    samples: NDArray[np.float32]
    rate: int
    notices: tuple[Notice, ...] = ()


def load(path: Path, rate: int) -> Waveform:
    """Decode at most the middle 30 s of ``path`` as mono at ``rate`` Hz.

    Args:
        path: a regular file; its content decides how it is read, not its name.
        rate: the wanted sample rate in Hz.

    Returns:
        The waveform at ``rate``, with a notice for each thing that makes it less than a full clip.

    Raises:
        UndecodableError: the file is missing, empty, unreadable, not audio, or holds no signal.
    """
    decoded = _decode(path)
    samples = decoded.samples
    notices = list(decoded.notices)
    if not np.isfinite(samples).all():
        notices.append(Notice("non_finite", "samples that are not numbers were replaced by zero"))
        samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
    if float(np.ptp(samples)) == 0.0:
        raise UndecodableError(
            "silent", f"no signal: {len(samples)} decoded samples are all the same"
        )
    seconds = len(samples) / decoded.rate
    if seconds < SHORT_SECONDS:
        notices.append(Notice("short", f"only {seconds:.3f} s of audio"))
    if decoded.rate < LOW_RATE:
        notices.append(Notice("low_rate", f"sampled at {decoded.rate} Hz: no treble to judge by"))
    if decoded.rate != rate:
        samples = soxr.resample(samples, decoded.rate, rate, quality="HQ")
    return Waveform(samples, rate, tuple(notices))


def _check(path: Path) -> None:
    """Refuse what must not be opened: opening a FIFO would wait for ever."""
    try:
        status = path.stat()
    except FileNotFoundError:
        raise UndecodableError("missing", "the file, or what it links to, is not there") from None
    except OSError as error:
        raise UndecodableError("unreadable", error.strerror or str(error)) from None
    if not stat.S_ISREG(status.st_mode):
        raise UndecodableError("not_a_file", "a pipe, a socket, a device or a folder")
    if not os.access(path, os.R_OK):
        raise UndecodableError("permission", "this user may not read the file")
    if status.st_size == 0:
        raise UndecodableError("empty", "zero bytes")


def _decode(path: Path) -> Waveform:
    """Read the middle of a file as mono at the file's own rate."""
    _check(path)
    try:
        # The suffix helps libsndfile to find an mp3 behind leading garbage; any bytes may be in it.
        with soundfile.SoundFile(os.fsencode(path)) as sound:
            return _read(sound)
    except (soundfile.LibsndfileError, OSError, ValueError) as error:
        raise UndecodableError("undecodable", str(error)) from None


def _read(sound: soundfile.SoundFile) -> Waveform:
    notices = []
    if sound.subtype != "MPEG_LAYER_III":
        notices.append(Notice("not_mp3", f"the content is {sound.format} {sound.subtype}"))
    if sound.channels > 2:
        notices.append(Notice("downmixed", f"{sound.channels} channels averaged to one"))
    wanted = round(LONGEST_SECONDS * sound.samplerate)
    if sound.frames > wanted + sound.samplerate // 10 and sound.seekable():
        notices.append(
            Notice("long", f"the middle 30 s of {sound.frames / sound.samplerate:.0f} s were used")
        )
        sound.seek((sound.frames - wanted) // 2)
    samples, failure = _read_frames(sound, wanted)
    if failure:
        notices.append(Notice("incomplete", failure))
    if not len(samples):
        raise UndecodableError("no_audio", failure or "the decoder found no sample")
    return Waveform(_mono(samples), sound.samplerate, tuple(notices))


def _read_frames(sound: soundfile.SoundFile, wanted: int) -> tuple[NDArray[np.float32], str]:
    """Read up to ``wanted`` frames, shape [frames, channels]; keep what came before an error."""
    samples = np.zeros((wanted, sound.channels), np.float32)
    try:
        # In one call: after each, soundfile seeks, and an mp3 decoder stumbles where it lands.
        return sound.read(out=samples), ""
    except soundfile.LibsndfileError as error:
        # How much was decoded is not told, but what was not is still zero.
        heard = np.flatnonzero(samples.any(axis=1))
        done = int(heard[-1]) + 1 if len(heard) else 0
        return samples[:done], f"decoding stopped after {done / sound.samplerate:.2f} s: {error}"


def _mono(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean of the channels, or the widest of them where they cancel each other out."""
    channels = samples.shape[1]
    # A product with BLAS is thirty times quicker than mean(axis=1) over interleaved channels.
    mono = samples @ np.full(channels, 1.0 / channels, np.float32)
    if channels > 1 and np.ptp(mono) < _CANCELLED * np.ptp(samples):
        mono = samples[:, int(np.ptp(samples, axis=0).argmax())].copy()
    return mono
