"""What all front ends have in common, and the kinds of them as json values.

Log-mel spectrograms are the ordinary kind. They came first and have no name in a card; every other
kind has one, under ``kind``.
"""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

from model.features.frontend import ClipFeatures
from model.frontend import FrontEnd


class AnyFrontEnd(Protocol):
    """A waveform to frames of numbers, in the decoding processes; a frozen dataclass."""

    @property
    def sample_rate(self) -> int:
        """Samples per second of the waveform."""

    @property
    def hop_length(self) -> int:
        """Samples from one frame to the next."""

    @property
    def width(self) -> int:
        """Numbers of a frame."""

    @property
    def dtype(self) -> DTypeLike:
        """Of the frames on their way to the network."""

    @property
    def pictured(self) -> bool:
        """Whether the frames are a picture: time to one side, pitch to the other."""

    def compute(self, waveform: NDArray[np.float32]) -> NDArray[Any]:
        """Frames of type ``dtype``, shape [frames, width], of mono samples, at least one."""


def parameters(front_end: AnyFrontEnd) -> dict[str, Any]:
    """A front end as json values, its kind first, without the fields that are at their defaults.

    So a card, a file's key or a hash stays what it was when the class learns something new.
    """
    if not isinstance(front_end, FrontEnd | ClipFeatures):
        raise TypeError(f"not a front end of a known kind: {front_end!r}")
    kind = {"kind": front_end.kind} if isinstance(front_end, ClipFeatures) else {}
    defaults = {field.name: field.default for field in fields(front_end)}
    values = asdict(front_end)
    return kind | {name: value for name, value in values.items() if value != defaults[name]}


def from_parameters(values: Mapping[str, Any]) -> FrontEnd | ClipFeatures:
    """The front end of json values, as ``parameters`` made them.

    Raises:
        ValueError: there is no such kind, or a value makes no sense.
        TypeError: a value is missing, or one is unknown.
    """
    known = dict(values)
    kind = known.pop("kind", None)
    if kind is None:
        return FrontEnd(**known)
    if kind != ClipFeatures.kind:
        raise ValueError(f"no front end of the kind {kind!r}")
    return ClipFeatures(**known)
