"""What a run depends on: the card of its system, and the fingerprint of its predictions."""

from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from model import __version__, systems
from model.options import Options
from model.systems import cards
from model.systems.cards import Card

_PACKAGES = (
    "tensorflow",
    "tensorflow-cpu",
    "onnxruntime",
    "numpy",
    "scipy",
    "soundfile",
    "soxr",
    "av",
    "miniaudio",
)
"""Libraries whose versions may change a result."""


def read_card(options: Options) -> Card:
    """The card of the system that the options name, with the calibration that they choose.

    Raises:
        CardError: there is no such system.
    """
    card = cards.read(*systems.locate(options.system, options.weights))
    return card.choosing(options.calibration)


def fingerprint(card: Card, options: Options) -> dict[str, Any]:
    """Everything that changes a prediction, as json values; the prior does not change any."""
    return {
        "journal": 5,
        "program": __version__,
        "packages": {name: _version(name) for name in _PACKAGES},
        "card": {**asdict(card), "training": None, "validation": None},
        "device": options.device,
        "runtime": options.runtime,
        "batch_size": options.batch_size,
        "whole": options.whole,
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
