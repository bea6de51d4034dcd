"""The kinds of front ends, and front ends as json values.

Log-mel spectrograms are the ordinary kind. They came first and have no name in a card; every other
kind has one, under ``kind``.
"""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, Final, TypeAlias

from model.frontends.fma_features.front_end import ClipFeatures
from model.frontends.spectrogram import FrontEnd

AnyFrontEnd: TypeAlias = FrontEnd | ClipFeatures
"""A waveform to frames of numbers, in the decoding processes.

``compute`` gives ``width`` numbers of type ``dtype`` for each ``hop_length`` samples at
``sample_rate``.
"""

_KINDS: Final[dict[str | None, type[AnyFrontEnd]]] = {
    each.kind: each for each in (FrontEnd, ClipFeatures)
}


def parameters(front_end: AnyFrontEnd) -> dict[str, Any]:
    """A front end as json values, its kind first, without the fields that are at their defaults.

    So a card, a file's key or a hash stays what it was when the class learns something new.
    """
    kind = {"kind": front_end.kind} if front_end.kind else {}
    defaults = {field.name: field.default for field in fields(front_end)}
    values = asdict(front_end)
    return kind | {name: value for name, value in values.items() if value != defaults[name]}


def from_parameters(values: Mapping[str, Any]) -> AnyFrontEnd:
    """The front end of json values, as ``parameters`` made them.

    Raises:
        ValueError: there is no such kind, or a value makes no sense.
        TypeError: a value is missing, or one is unknown.
    """
    known = dict(values)
    kind = known.pop("kind", None)
    if kind not in _KINDS:
        raise ValueError(f"no front end of the kind {kind!r}")
    return _KINDS[kind](**known)
