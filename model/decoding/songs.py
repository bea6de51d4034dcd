"""A recording in parts: first its length, then each part, so that no process holds all of it.

Runs in the worker processes. A part begins at a second of the file, and decoders look for it each
time, so parts may be decoded in any order and by several processes.
"""

import math
from pathlib import Path

from model.clips import LONGEST_SECONDS, Notice
from model.decoding import audio
from model.decoding.audio import NEARLY_ALL, PADDING_SECONDS, UndecodableError, Waveform
from model.decoding.decoders import DECODERS
from model.decoding.decoders.isolation import why
from model.decoding.decoders.miniaudio import mp3_seconds
from model.decoding.decoders.reading import Reading
from model.decoding.pool import Part, Song

_PROBE_SECONDS = 1.0


def measure(path: Path) -> Song:
    """Length of a recording, and the first decoder that finds its way in it.

    A decoder whose length is not that of the mp3's index or frames would seek to wrong places; so
    would one that decodes nothing in the middle. Where all are like that, the longest is taken.

    Args:
        path: any path.

    Returns:
        The song, of length 0 where the recording is not longer than 30 s or cannot be decoded.
    """
    try:
        audio.check(path)
    except UndecodableError:
        return Song()
    expected = mp3_seconds(path, math.inf)
    outcomes: list[str] = []
    best, best_place = None, 0
    for place, decoder in enumerate(DECODERS):
        try:
            reading = decoder.read(path, _PROBE_SECONDS)
        except Exception as error:  # whatever one decoder makes of a file, another may read it
            outcomes.append(f"{decoder.name}: {why(error)}")
            continue
        outcomes.append(f"{decoder.name}: {reading.length:.0f} s long")
        if best is None or _rank(reading) > _rank(best):
            best, best_place = reading, place
        if _is_reliable(reading, expected):
            break
    if best is None:
        return Song()
    is_known = expected is not None and _is_close(best.length, expected)
    length = expected if is_known and expected is not None else best.length
    if length <= LONGEST_SECONDS + PADDING_SECONDS:
        return Song()
    notices = audio.form_notices(best, DECODERS[best_place].name, outcomes)
    notices += audio.rate_notices(best.rate)
    if expected is not None and expected > length:
        detail = f"{length:.2f} s of {expected:.2f} s could be found"
        notices.append(Notice("incomplete", detail))
    return Song(length, best_place, tuple(notices))


def load_part(part: Part, rate: int) -> Waveform:
    """Decode a part of a recording as mono at ``rate`` Hz.

    Args:
        part: the part, of a song that ``measure`` described.
        rate: the wanted sample rate in Hz.

    Returns:
        The waveform, with the notice ``incomplete`` where less than the part could be decoded.

    Raises:
        UndecodableError: the part cannot be decoded, or is silent.
    """
    path = Path(part.path)
    audio.check(path)
    best: Reading | None = None
    outcomes: list[str] = []
    for decoder in DECODERS[part.decoder :]:
        try:
            reading = decoder.read(path, part.seconds, part.start)
        except Exception as error:  # as in ``measure``
            outcomes.append(f"{decoder.name}: {why(error)}")
            continue
        outcomes.append(f"{decoder.name}: {reading.seconds:.2f} s")
        if best is None or reading.seconds > best.seconds:
            best = reading
        if _is_complete(reading, part.seconds):
            break
    if best is None or not len(best.samples):
        raise UndecodableError("undecodable", "; ".join(outcomes))
    waveform = audio.normalized(best.samples, best.rate, rate)
    notices = waveform.notices
    if not _is_complete(best, part.seconds):
        detail = f"{best.seconds:.2f} s of {part.seconds:.2f} s could be decoded"
        notices = (*notices, Notice("incomplete", f"{detail} ({'; '.join(outcomes)})"))
    return Waveform(waveform.samples, rate, notices, part.start)


def _is_reliable(reading: Reading, expected: float | None) -> bool:
    if not _is_complete(reading, min(_PROBE_SECONDS, reading.length)):
        return False
    if expected is None:  # no mp3, or a broken one
        return reading.length > LONGEST_SECONDS
    return reading.rates > 1 or _is_close(reading.length, expected)


def _is_complete(reading: Reading, seconds: float) -> bool:
    return reading.seconds >= NEARLY_ALL * seconds - PADDING_SECONDS


def _is_close(length: float, expected: float) -> bool:
    return abs(length - expected) <= 1 + (1 - NEARLY_ALL) * expected


def _rank(reading: Reading) -> tuple[bool, float]:
    complete = _is_complete(reading, min(_PROBE_SECONDS, reading.length))
    return bool(len(reading.samples)) and complete, reading.length
