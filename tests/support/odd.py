"""Bytes of odd files: what tests/support/zoo.py and tests/support/encodings.py make them from."""

import io
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import soundfile as sf

Samples = npt.NDArray[np.float64]  # (samples,) or (samples, channels), full scale at 1
Expectation = Literal["prior", "model"]

SEED = 20_240  # any fixed number


@dataclass(frozen=True)
class Odd:
    """The bytes of an odd regular file with what is expected of it, as in ``zoo.Specimen``."""

    name: str
    content: bytes
    expectation: Expectation
    reasons: tuple[str, ...] = ()


def tone(seconds: float, rate: int, channels: int = 1) -> Samples:
    """Return a chord of three partials with a slow tremolo; `rate` in samples per second."""
    time = np.arange(max(1, round(seconds * rate))) / rate
    partials = [np.sin(2 * np.pi * 220 * ratio * time) / ratio for ratio in (1, 1.5, 3)]
    mono = 0.25 * np.sum(partials, axis=0) * (1 + 0.3 * np.sin(2 * np.pi * 3 * time))
    if channels == 1:
        return np.asarray(mono)
    return np.stack([mono * (1 - 0.1 * channel) for channel in range(channels)], axis=1)


def encoded(samples: Samples, rate: int, form: str, subtype: str, level: float = 0.7) -> bytes:
    """Encode samples; `level` is the compression level of an mp3, from 0 to 1."""
    buffer = io.BytesIO()
    if form == "MP3":
        sf.write(buffer, samples, rate, subtype, format=form, compression_level=level)
    else:
        sf.write(buffer, samples, rate, subtype, format=form)
    return buffer.getvalue()


def mp3(samples: Samples, rate: int, level: float = 0.7) -> bytes:
    """Encode samples as an mp3."""
    return encoded(samples, rate, "MP3", "MPEG_LAYER_III", level)


def wav(samples: Samples, rate: int, subtype: str = "PCM_16") -> bytes:
    """Encode samples as a wav."""
    return encoded(samples, rate, "WAV", subtype)


def id3(size: int, claimed: int | None = None) -> bytes:
    """Return an ID3v2.3 tag with `size` bytes of padding after its header of 10 bytes."""
    number = size if claimed is None else claimed
    syncsafe = bytes((number >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\x00\x00" + syncsafe + bytes(size)


def noise_bytes(size: int, seed: int = SEED) -> bytes:
    """Return random bytes, the same for the same seed."""
    return np.random.default_rng(seed).bytes(size)


def plain_bytes(size: int) -> bytes:
    """Return random bytes below 0x80, in which no decoder can see the start of an mp3 frame."""
    return bytes(byte & 0x7F for byte in noise_bytes(size))
