"""Clips of the Python API that are arrays instead of files: waveforms and spectrograms."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from model.clips import LONGEST_SECONDS
from model.decoding import audio
from model.decoding.audio import PADDING_SECONDS, UndecodableError
from model.decoding.pool import Decoded
from model.frontends.parameters import AnyFrontEnd
from model.frontends.spectrogram import FrontEnd
from model.run.parts import spans, window_seconds
from model.systems.base import System

Sound: TypeAlias = tuple[NDArray[Any], int]
"""Waveform and sample rate in Hz: an array, shape [samples] or [samples, channels], and an int."""

LogMel: TypeAlias = NDArray[np.floating[Any]]
"""Result of ``Classifier.log_mel``: shape [frames, bands], or [1, 518] for FMA features."""


def parts(array: Sound | LogMel, system: System, whole: bool) -> list[Callable[[], Decoded]]:
    """For each part of a clip, a function that gives what the network takes of it.

    Args:
        array: the clip.
        system: front end, and length of the windows.
        whole: whether all of a long sound is used, in several parts, instead of its middle 30 s.
    """
    front_end = system.front_end
    if not isinstance(array, tuple):
        return [partial(_checked_frames, array, front_end)]
    samples, rate = array
    seconds = len(samples) / rate if np.ndim(samples) and rate > 0 else 0.0
    if not whole or seconds <= LONGEST_SECONDS + PADDING_SECONDS:
        return [partial(_computed, array, front_end)]
    return [
        partial(_computed, array, front_end, span)
        for span in spans(seconds, window_seconds(system))
    ]


def _computed(
    sound: Sound, front_end: AnyFrontEnd, span: tuple[float, float] | None = None
) -> Decoded:
    try:
        waveform = audio.from_array(*sound, front_end.sample_rate, span)
    except UndecodableError as error:
        return Decoded(None, (error.notice,))
    return Decoded(front_end.compute(waveform.samples), (), waveform.start)


def _checked_frames(array: LogMel, front_end: AnyFrontEnd) -> Decoded:
    """The frames of a spectrogram.

    Raises:
        ValueError: the array is no spectrogram of the front end.
    """
    values = np.asarray(array)
    if values.ndim != 2 or values.shape[1] != front_end.width or not len(values):
        what = "spectrogram" if isinstance(front_end, FrontEnd) else "frame"
        raise ValueError(
            f"an array of shape {values.shape} is no {what} of {front_end.width} values; give "
            "samples as (samples, rate), or what log_mel gives"
        )
    with np.errstate(over="ignore"):  # what it makes of them is refused below
        frames = values.astype(front_end.dtype)
    if not np.isfinite(frames).all():
        raise ValueError(
            f"an array of shape {values.shape} has values that are not finite as "
            f"{frames.dtype}; give what log_mel gives"
        )
    return Decoded(frames)
