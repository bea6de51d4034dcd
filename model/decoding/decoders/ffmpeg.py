"""ffmpeg's libraries, packet by packet: nearly every format, and past damage.

PyAV is imported late: ordinary files never get here.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, groupby
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import soxr
from numpy.typing import NDArray

from model.decoding.decoders.reading import MP3, Reading, check_size, mono

if TYPE_CHECKING:
    from av import AudioFrame, AudioStream, Packet
    from av.container import InputContainer

    AudioPacket: TypeAlias = Packet[AudioStream]

CONTAINERS = (
    "mp3,mov,aac,asf,matroska,ogg,flac,wav,w64,aiff,caf,au,ac3,eac3,dts,mpeg,mpegts,avi,flv,ape,wv"
)
"""What a file may be taken for. Playlists are not among them: they open other files and hosts."""

_PREROLL_SECONDS = 1.0
"""An mp3 frame may lean on bits of the frames before it, so that decoding starts earlier."""

_MOST_PLANES = 7
"""PyAV 18 reads past the list of planes of a frame that has eight or more."""

_INDEXED = ("mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm")
"""Containers whose index says truly where a second is; elsewhere packets are counted."""

_NEARLY_ALL = 0.99
_ID3_HEADER_BYTES = 10


def read(path: Path, seconds: float, start: float | None = None) -> Reading:
    """Decode at most ``seconds`` of a file.

    Packets that are damaged are passed over. Where the sample rate changes, all is brought to the
    rate of the longest stretch. No more than ``seconds`` are held, however long the file is.

    Args:
        path: the file.
        seconds: most seconds to decode.
        start: second at which to begin, or None for the middle of the file.

    Raises:
        av.FFmpegError: the format is not known.
        ValueError: its samples are too many.
        IndexError: the file has no audio.
    """
    import av

    try:
        return _read(path, seconds, start, skip=0)
    except av.FFmpegError:
        with path.open("rb") as file:
            if file.read(3) != b"ID3":
                raise
        # The tag may claim to be larger than the file.
        return _read(path, seconds, start, skip=_ID3_HEADER_BYTES)


def _read(path: Path, seconds: float, start: float | None, skip: int) -> Reading:
    length = _length(path, skip) if start is None else 0.0
    first = max(0.0, (length - seconds) / 2) if start is None else start
    decoded = _decode(path, skip, first, seconds, by_index=start is not None)
    is_short = decoded.seconds < _NEARLY_ALL * seconds
    if start is None and first and is_short:  # the packets lied about their durations
        decoded = max(decoded, _decode(path, skip, 0.0, seconds), key=lambda one: one.seconds)
    samples, rate = _join(decoded)
    return Reading(
        samples=samples[: round(seconds * rate)],
        rate=rate,
        length=max(length, decoded.seconds),
        channels=max((stretch.shape[1] for _, stretch in decoded.stretches), default=1),
        form=decoded.form,
        failure=decoded.failure,
        rates=len({rate for rate, _ in decoded.stretches}),
    )


@dataclass
class _Stretches:
    """Decoded audio: pairs of a sample rate and samples of shape [frames, channels]."""

    form: str
    stretches: list[tuple[int, NDArray[np.float32]]] = field(default_factory=list)
    seconds: float = 0.0
    damaged: int = 0
    ending: str = ""

    @property
    def failure(self) -> str:
        passed = f"damaged packets passed over: {self.damaged}" if self.damaged else ""
        return "; ".join(filter(None, (passed, self.ending)))


def _open(path: Path, skip: int) -> "InputContainer":
    import av

    options = {"format_whitelist": CONTAINERS, "skip_initial_bytes": str(skip)}
    # Without the prefix a name such as "concat:a|b.mp3" would be taken for a protocol.
    name = f"file:{os.fspath(path)}"
    return av.open(name, container_options=options, metadata_errors="replace")


def _length(path: Path, skip: int) -> float:
    """Seconds of all packets together; nothing is decoded: 5 s of CPU for ten hours."""
    import av

    total = 0.0
    with _open(path, skip) as container:
        try:
            for packet in container.demux(container.streams.audio[0]):
                total += _duration(packet)
        except av.FFmpegError:
            pass  # what could be had so far is the length
    return total


def _decode(
    path: Path, skip: int, start: float, seconds: float, by_index: bool = False
) -> _Stretches:
    """Decode from about ``start`` until ``seconds`` are full or the file ends.

    ``by_index`` allows to look for ``start`` in the container's index, where that can be trusted.
    """
    import av

    with _open(path, skip) as container:
        stream = container.streams.audio[0]
        stream.codec_context.thread_count = 1
        codec = stream.codec_context.codec.canonical_name
        decoded = _Stretches(MP3 if codec == "mp3" else f"{container.format.name} {codec}")
        position = 0.0
        try:
            packets = container.demux(stream)
            if by_index and container.format.name in _INDEXED:
                packets, position = _sought(container, stream, start - _PREROLL_SECONDS)
            for packet in packets:
                here, position = position, position + _duration(packet)
                if here < start - _PREROLL_SECONDS:
                    continue
                _decode_packet(packet, decoded, wanted=here >= start)
                if decoded.seconds >= seconds:
                    break
        except av.FFmpegError as error:
            decoded.ending = f"reading stopped after {decoded.seconds:.2f} s: {error.strerror}"
    return decoded


def _sought(
    container: "InputContainer", stream: "AudioStream", start: float
) -> tuple[Iterator["AudioPacket"], float]:
    """Packets from about ``start`` on, and the second at which the first of them begins."""
    unit = float(stream.time_base or 1)
    begin = stream.start_time or 0
    container.seek(begin + max(0, round(start / unit)), stream=stream)
    packets = container.demux(stream)
    first = next(packets)
    return chain([first], packets), ((first.pts or begin) - begin) * unit


def _decode_packet(packet: "AudioPacket", decoded: _Stretches, wanted: bool) -> None:
    import av

    try:
        frames = packet.decode()
        for frame in frames if wanted else ():
            if frame.sample_rate > 0 and frame.samples > 0:
                decoded.stretches.append((frame.sample_rate, _floats(frame)))
                decoded.seconds += frame.samples / frame.sample_rate
                check_size(decoded.seconds, frame.sample_rate, frame.layout.nb_channels)
    except av.FFmpegError:
        decoded.damaged += 1


def _duration(packet: "AudioPacket") -> float:
    return float((packet.duration or 0) * (packet.time_base or 0))


def _floats(frame: "AudioFrame") -> NDArray[np.float32]:
    """Samples of a frame at full scale 1, shape [frames, channels]."""
    import av

    if frame.format.is_planar and frame.layout.nb_channels > _MOST_PLANES:
        resampler = av.AudioResampler("flt", frame.layout, frame.sample_rate)
        return np.concatenate([_floats(packed) for packed in resampler.resample(frame)])
    values = frame.to_ndarray()
    values = values.T if frame.format.is_planar else values.reshape(-1, frame.layout.nb_channels)
    if values.dtype == np.uint8:
        return (values.astype(np.float32) - 128.0) / np.float32(128.0)
    scale = 1.0 if values.dtype.kind == "f" else 2.0 ** (8 * values.itemsize - 1)
    return values.astype(np.float32) / np.float32(scale)


def _join(decoded: _Stretches) -> tuple[NDArray[np.float32], int]:
    """All stretches as mono, one behind the other, at the rate of most of them."""
    spent: dict[int, float] = {}
    for rate, stretch in decoded.stretches:
        spent[rate] = spent.get(rate, 0.0) + len(stretch) / rate
    if not spent:
        return np.zeros(0, np.float32), 1
    main = max(spent, key=lambda rate: spent[rate])
    parts = []
    for (rate, _), same in groupby(decoded.stretches, key=lambda one: (one[0], one[1].shape[1])):
        part = mono(np.concatenate([stretch for _, stretch in same]))
        parts.append(part if rate == main else soxr.resample(part, rate, main, quality="HQ"))
    return np.concatenate(parts), main
