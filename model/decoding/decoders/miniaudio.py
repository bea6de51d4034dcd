"""miniaudio: mp3s of free format, the ends of cut oggs, and any mp3's length at almost no cost."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import miniaudio
import numpy as np

from model.decoding.decoders.reading import MP3, Reading, check_size, mono

_CHUNK_FRAMES = 16 * 1152
_FURTHEST_SECONDS = 3600.0
"""Finding a place takes decoding all before it: not further than an hour, some seconds of CPU."""

_COUNTED_BYTES = 16 << 20
_SEARCHED_BYTES = 2 << 30
"""Ten hours at 320 kbit/s are less; looking for a first frame takes seconds of CPU a gigabyte."""

_PADDING_FRAMES = 4 * 1152
"""At most so many samples of an encoder's delay and padding does an index leave out."""

_FORMATS = (  # mp3 last: the others are known by their first bytes, an mp3 has to be searched for
    miniaudio.vorbis_get_file_info,
    miniaudio.flac_get_file_info,
    miniaudio.wav_get_file_info,
    miniaudio.mp3_get_file_info,
)


def read(path: Path, seconds: float, start: float | None = None) -> Reading:
    """Decode at most ``seconds`` of an mp3, ogg, flac or wav.

    Args:
        path: the file.
        seconds: most seconds to decode.
        start: second at which to begin, at most an hour, or None for the middle of the file.

    Raises:
        miniaudio.DecodeError: it is none of these.
        ValueError: its samples are too many, or the start is behind the first hour.
    """
    if start is not None and start > _FURTHEST_SECONDS:
        raise ValueError("the decoder looks for no place behind the first hour")
    content = bytearray()
    with _name(path) as name:
        about = _about(name)
        rate, channels = about.sample_rate, about.nchannels
        check_size(min(seconds, about.duration), rate, channels)
        wanted = round(seconds * rate)
        middle = max(0, about.num_frames - wanted) // 2
        first = middle if start is None else round(start * rate)
        chunks = miniaudio.stream_file(
            name,
            output_format=miniaudio.SampleFormat.FLOAT32,
            nchannels=channels,
            sample_rate=rate,
            frames_to_read=_CHUNK_FRAMES,
            seek_frame=min(first, round(_FURTHEST_SECONDS * rate)),
        )
        for chunk in chunks:
            content += chunk.tobytes()
            if len(content) >= wanted * channels * chunk.itemsize:
                break
    samples = np.frombuffer(content, np.float32).reshape(-1, channels)[:wanted]
    is_mp3 = about.file_format == miniaudio.FileFormat.MP3
    return Reading(
        samples=mono(samples),
        rate=rate,
        length=max(about.duration, len(samples) / rate),
        channels=channels,
        form=MP3 if is_mp3 else about.file_format.name,
    )


def mp3_seconds(path: Path, enough: float) -> float | None:
    """Length of an mp3 without decoding it, or None where miniaudio finds none.

    It comes from the index that the encoder left in the first frame, or else from counting frames.
    An index that leaves out a good part of the frames, as in two mp3s put together, is not
    believed; to find that out takes longer and is only done below ``enough`` seconds.
    """
    try:
        size = path.stat().st_size
        if size > _SEARCHED_BYTES:
            return None
        with _name(path) as name:
            about = miniaudio.mp3_get_file_info(name)
        if about.duration >= enough or size > _COUNTED_BYTES:
            return float(about.duration)
        content = path.read_bytes().replace(b"Xing", bytes(4)).replace(b"Info", bytes(4))
        counted = miniaudio.mp3_get_info(content).duration
    except (miniaudio.DecodeError, OSError):
        return None
    left_out = counted > about.duration + _PADDING_FRAMES / about.sample_rate
    return float(counted if left_out else about.duration)


def _about(name: str) -> miniaudio.SoundFileInfo:
    for get_info in _FORMATS[:-1]:
        try:
            return get_info(name)
        except miniaudio.DecodeError:
            continue
    return _FORMATS[-1](name)


@contextmanager
def _name(path: Path) -> Iterator[str]:
    """A name of the file that miniaudio can take: valid Unicode, no ``~`` in front."""
    try:
        path.absolute().as_posix().encode()
    except UnicodeEncodeError:
        with path.open("rb") as file:
            yield f"/dev/fd/{file.fileno()}"
    else:
        yield os.fspath(path.absolute())
