"""The kinds of front ends, and their parameters as json values in cards.

The json of a log-mel spectrogram has no ``kind``; the json of another front end has one.
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
    """A front end as json values, its kind first, without fields at their default.

    Therefore a new field with a default changes no card, key of a file, or hash.
    """
    kind = {"kind": front_end.kind} if front_end.kind else {}
    defaults = {field.name: field.default for field in fields(front_end)}
    values = asdict(front_end)
    return kind | {name: value for name, value in values.items() if value != defaults[name]}


def from_parameters(values: Mapping[str, Any]) -> AnyFrontEnd:
    """The front end of json values, as ``parameters`` made them.

    Raises:
        ValueError: the kind is unknown, or a value is out of range.
        TypeError: a field is missing or unknown.
    """
    fields_of_kind = dict(values)
    kind = fields_of_kind.pop("kind", None)
    if kind not in _KINDS:
        raise ValueError(f"no front end of the kind {kind!r}")
    return _KINDS[kind](**fields_of_kind)
