"""Samples that somebody has already, made into what the front end takes.

The same steps as for a decoded file, so that both give the same numbers.
"""

from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from model.clips import LONGEST_SECONDS
from model.decoding.audio import UndecodableError, Waveform
from model.decoding.decoders import reading


def prepared(samples: NDArray[Any], rate: int, wanted: int) -> Waveform:
    """At most the middle 30 s as mono at the wanted rate.

    Args:
        samples: shape [samples] or [samples, channels]; integers at their full scale, or floats
            nominally in [-1, 1].
        rate: samples per second.
        wanted: samples per second of the result.

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
    longest = round(LONGEST_SECONDS * rate)
    first = max(0, (len(values) - longest) // 2)
    part = _floats(values[first : first + longest])
    mono = part if part.ndim == 1 else reading.mono(part)
    if not np.isfinite(mono).all():
        mono = np.nan_to_num(mono, nan=0.0, posinf=0.0, neginf=0.0)
    if not len(mono) or float(np.ptp(mono)) == 0.0:
        raise UndecodableError("silent", f"no signal: {len(mono)} samples are all the same")
    if rate != wanted:
        mono = soxr.resample(mono, rate, wanted, quality="HQ")
    return Waveform(mono, wanted)


def _floats(values: NDArray[Any]) -> NDArray[np.float32]:
    if values.dtype.kind == "f":
        return np.asarray(values, np.float32)
    bits = 8 * values.dtype.itemsize
    middle = 2 ** (bits - 1) if values.dtype.kind == "u" else 0
    return np.asarray((values.astype(np.float64) - middle) / 2 ** (bits - 1), np.float32)
