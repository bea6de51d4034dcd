"""The systems that ``python -m training`` knows."""

from dataclasses import dataclass
from typing import Final

from model.systems.fusion import ARTIST, MOBILENET, MUSICNN


@dataclass(frozen=True)
class Ingredients:
    """What a system is made of.

    Attributes:
        summary: one line for ``--list-systems``.
        branches: of its network.
    """

    summary: str
    branches: tuple[str, ...]


SYSTEMS: Final = {
    "mobilenet": Ingredients(
        "MobileNetV3 on log-mel, from AudioSet weights: small, quick, the default", (MOBILENET,)
    ),
    "mobilenet_artist": Ingredients(
        "MobileNetV3 with a small network made for artists beside it", (MOBILENET, ARTIST)
    ),
    "mobilenet_artist_musicnn": Ingredients(
        "MobileNetV3 with two networks made for music beside it", (MOBILENET, ARTIST, MUSICNN)
    ),
}
"""The first is the default; the others are candidates, of which no weights are shipped yet."""
