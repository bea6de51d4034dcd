"""A file to a mono float32 waveform at a given rate, or the reason why it cannot be decoded.

Runs in the worker processes, since decoders take untrusted bytes. ``load`` tries one decoder after
the other until one decodes the expected length; soxr resamples.
"""

import math
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from model.clips import LONGEST_SECONDS, Notice
from model.decoding.decoders import DECODERS
from model.decoding.decoders.isolation import why
from model.decoding.decoders.miniaudio import mp3_seconds
from model.decoding.decoders.reading import MP3, Reading, mono
from model.errors import GenreError

SHORT_SECONDS = 1.0
LOW_RATE = 16_000

_WHOLE_SECONDS = 29.5
NEARLY_ALL = 0.99
_WORTHWHILE = 1.005
PADDING_SECONDS = 0.1
"""What an encoder adds in front and behind; some decoders cut it off."""

_CHANCE_SECONDS = 0.5
"""Any bytes may hold what looks like a few mp3 frames; so little is audio only if two decoders
find it."""


class UndecodableError(GenreError):
    """A file has no usable audio; ``notice`` says why."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.notice = Notice(reason, detail)


@dataclass(frozen=True)
class Waveform:
    """Decoded audio.

    Attributes:
        samples: mono, float32, nominally in [-1, 1], shape [samples], at least one.
        rate: samples per second.
        notices: problems and peculiarities of the file; empty for an ordinary mp3.
        start: second of the recording at which ``samples`` begin.
    """

    samples: NDArray[np.float32]
    rate: int
    notices: tuple[Notice, ...] = ()
    start: float = 0.0


def load(path: Path, rate: int) -> Waveform:
    """Decode at most the middle 30 s of ``path`` as mono at ``rate`` Hz.

    Args:
        path: a regular file; its content decides how it is read, not its name.
        rate: the wanted sample rate in Hz.

    Returns:
        The waveform at ``rate``, with a notice for each thing that makes it less than a full clip.

    Raises:
        UndecodableError: the file is missing, empty, unreadable, not audio, or silent.
    """
    check(path)
    reading, notices = _best_reading(path)
    waveform = normalized(reading.samples, reading.rate, rate)
    notices += waveform.notices
    seconds = reading.seconds
    if seconds < SHORT_SECONDS:
        notices.append(Notice("short", f"only {seconds:.3f} s of audio"))
    notices += rate_notices(reading.rate)
    is_middle = any(notice.reason == "long" for notice in notices)
    start = (reading.length - seconds) / 2 if is_middle else 0.0
    return Waveform(waveform.samples, rate, tuple(notices), start)


def from_array(
    samples: NDArray[Any], rate: int, wanted: int, span: tuple[float, float] | None = None
) -> Waveform:
    """A part of samples as mono at another rate, as ``load`` has it of a file.

    Args:
        samples: shape [samples] or [samples, channels]; integers at their full scale, or floats
            nominally in [-1, 1].
        rate: samples per second.
        wanted: samples per second of the result.
        span: start and length of the part in seconds, or None for at most the middle 30 s.

    Raises:
        ValueError: the shape, the type or the rate is not that of a sound.
        UndecodableError: there is no sample, or all of them are the same.
    """
    values = np.asarray(samples)
    if values.ndim not in (1, 2) or values.dtype.kind not in "fiu":
        raise ValueError(
            f"samples of shape {values.shape} and type {values.dtype} are no sound; give shape "
            "[samples] or [samples, channels]"
        )
    if values.ndim == 2 and values.shape[1] > values.shape[0]:
        raise ValueError(f"samples of shape {values.shape}: channels come last; transpose them")
    if rate <= 0:
        raise ValueError(f"a rate of {rate} samples per second")
    longest = round((span[1] if span else LONGEST_SECONDS) * rate)
    first = round(span[0] * rate) if span else max(0, (len(values) - longest) // 2)
    part = _floats(values[first : first + longest])
    waveform = normalized(part if part.ndim == 1 else mono(part), rate, wanted)
    return replace(waveform, start=first / rate)


def normalized(samples: NDArray[np.float32], rate: int, wanted: int) -> Waveform:
    """Mono samples at another rate, with zeros, and a notice, for those that are not finite.

    Raises:
        UndecodableError: there is no sample, or all of them are the same.
    """
    notices: tuple[Notice, ...] = ()
    span = float(np.ptp(samples)) if len(samples) else 0.0
    if not math.isfinite(span):  # as it is where any sample is not finite
        notices = (Notice("non_finite", "samples that are not numbers were replaced by zero"),)
        samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
        span = float(np.ptp(samples))
    if span == 0.0:
        raise UndecodableError(
            "silent", f"no signal: {len(samples)} decoded samples are all the same"
        )
    if rate != wanted:
        samples = soxr.resample(samples, rate, wanted, quality="HQ")
    return Waveform(samples, wanted, notices)


def _floats(values: NDArray[Any]) -> NDArray[np.float32]:
    if values.dtype.kind == "f":
        return np.asarray(values, np.float32)
    bits = 8 * values.dtype.itemsize
    middle = 2 ** (bits - 1) if values.dtype.kind == "u" else 0
    return np.asarray((values.astype(np.float64) - middle) / 2 ** (bits - 1), np.float32)


def check(path: Path) -> None:
    """Refuse what must not be opened: opening a FIFO would wait for ever.

    Raises:
        UndecodableError: the path is no file that this user may read, or the file is empty.
    """
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


@dataclass
class _Attempts:
    """Results of the decoders that were tried so far."""

    expected: float | None
    best: Reading | None = None
    server: str = ""
    outcomes: list[str] = field(default_factory=list)
    refusals: list[Exception] = field(default_factory=list)

    def add(self, name: str, reading: Reading) -> None:
        """Keep the longer reading, or the one that has the true middle of a long file."""
        best = self.best
        if (
            best is None
            or reading.seconds > _WORTHWHILE * best.seconds
            or (self._whole(reading) and reading.seconds * _WORTHWHILE >= best.seconds)
        ):
            self.best, self.server = reading, name

    @property
    def done(self) -> bool:
        """Whether there can be hardly more than this."""
        return self.best is not None and self._whole(self.best)

    def _whole(self, reading: Reading) -> bool:
        if reading.rates > 1:  # the expectation is that of one rate
            return True
        if self.expected is None:  # no mp3, or a broken one: libsndfile may not see all of it
            return reading.seconds >= _WHOLE_SECONDS
        if self.expected <= LONGEST_SECONDS:
            return reading.seconds >= NEARLY_ALL * self.expected
        doubt = abs(reading.length - self.expected)
        return reading.seconds >= _WHOLE_SECONDS and doubt <= 1 + (1 - NEARLY_ALL) * self.expected


def _best_reading(path: Path) -> tuple[Reading, list[Notice]]:
    """Try one decoder after the other; returns the best reading and its notices."""
    attempts = _Attempts(mp3_seconds(path, _WHOLE_SECONDS))
    for decoder in DECODERS:
        try:
            reading = decoder.read(path, LONGEST_SECONDS)
            if not len(reading.samples):
                raise UndecodableError("no_audio", reading.failure or "the decoder found no sample")
        except Exception as error:  # whatever one decoder makes of a file, another may read it
            attempts.refusals.append(error)
            refusal = error.notice.detail if isinstance(error, UndecodableError) else why(error)
            attempts.outcomes.append(f"{decoder.name}: {refusal}")
        else:
            attempts.add(decoder.name, reading)
            attempts.outcomes.append(f"{decoder.name}: {reading.seconds:.2f} s")
        if attempts.done:
            break
    return _choose_best(attempts)


def _choose_best(attempts: _Attempts) -> tuple[Reading, list[Notice]]:
    """The best reading with its notices; raises when there is none."""
    best, expected = attempts.best, attempts.expected
    if best is None:
        first = attempts.refusals[0]
        if isinstance(first, MemoryError):
            raise first
        reason = first.notice.reason if isinstance(first, UndecodableError) else "undecodable"
        raise UndecodableError(reason, "; ".join(attempts.outcomes))
    if "MPEG" in best.form and expected is None and best.seconds < _CHANCE_SECONDS:
        detail = "; ".join(attempts.outcomes)
        raise UndecodableError("undecodable", f"what looks like audio is chance ({detail})")
    return best, _notices(best, attempts)


def form_notices(reading: Reading, decoder: str, outcomes: Sequence[str]) -> list[Notice]:
    """Notices of a file's form: another decoder, another format, more than two channels.

    Args:
        reading: what a decoder made of the file.
        decoder: name of this decoder.
        outcomes: for each decoder that was tried, its name and what came of it.
    """
    notices = []
    if decoder != DECODERS[0].name:
        rates = f", at {reading.rates} sample rates" if reading.rates > 1 else ""
        detail = f"{decoder} was used{rates} ({'; '.join(outcomes)})"
        notices.append(Notice("second_decoder", detail))
    if reading.form != MP3:
        notices.append(Notice("not_mp3", f"the content is {reading.form}"))
    if reading.channels > 2:
        notices.append(Notice("downmixed", f"{reading.channels} channels averaged to one"))
    return notices


def rate_notices(rate: int) -> list[Notice]:
    """A notice where the sample rate of a file in Hz is low."""
    low = Notice("low_rate", f"sampled at {rate} Hz: no treble to judge by")
    return [low] if rate < LOW_RATE else []


def _notices(best: Reading, attempts: _Attempts) -> list[Notice]:
    notices = form_notices(best, attempts.server, attempts.outcomes)
    if best.length > LONGEST_SECONDS + PADDING_SECONDS and best.seconds >= _WHOLE_SECONDS:
        notices.append(Notice("long", f"the middle 30 s of {best.length:.0f} s were used"))
    known = attempts.expected if best.rates == 1 else None
    length = best.length if known is None else known
    missing = min(length, LONGEST_SECONDS) * NEARLY_ALL - PADDING_SECONDS > best.seconds
    if missing or (best.failure and known is None):
        detail = f"{best.seconds:.2f} s of {length:.2f} s could be decoded"
        notices.append(Notice("incomplete", "; ".join(filter(None, (detail, best.failure)))))
    return notices
