"""The registry of systems.

A system is a card ``weights/NAME.json`` and the module that the card calls its architecture, in one
of the folders of this package. The module has a function ``connect(card, weights, execution)``
that returns a ``model.systems.base.Network``. Modules are imported when a system is loaded.
"""

import json
import sys
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from model.systems.base import System
    from model.systems.cards import Card

DEFAULT: Final = "mobilenet"
_FOLDERS: Final = ("ours", "challenge2018", "baselines")
WEIGHTS_FOLDER: Final = Path(__file__).resolve().parents[2] / "weights"
"""The folder beside the package, in a clone and where pip has installed it."""


def summaries(folder: Path = WEIGHTS_FOLDER) -> dict[str, str]:
    """The summary of each card in a folder by name; for an unreadable card, a line that says so."""
    lines = {}
    for path in sorted(folder.glob("*.json")):
        try:
            lines[path.stem] = str(json.loads(path.read_bytes())["summary"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            lines[path.stem] = f"(the card {path} cannot be read)"
    return lines


def locate(system: str, weights: Path | None = None) -> tuple[str, Path]:
    """Name and folder of a card.

    Args:
        system: name of a shipped system.
        weights: card of another system, which is used instead.
    """
    return (weights.stem, weights.parent) if weights else (system, WEIGHTS_FOLDER)


def load(card: "Card", folder: Path = WEIGHTS_FOLDER) -> "System":
    """The system that a card describes. Weights are checked here, and read by ``connect``.

    Raises:
        CardError: the weights are not the card's, or no module has the name of its architecture.
    """
    from model.systems.base import System
    from model.systems.cards import CardError, checked

    weights = checked(card.weights, card.name, folder)
    try:
        module = import_architecture(card.architecture)
    except ModuleNotFoundError as error:
        raise CardError(f"{card.name}: its architecture cannot be built: {error}") from None
    return System(card.front_end, card.window_frames, partial(module.connect, card, weights))


def import_architecture(name: str) -> ModuleType:
    """Import the module that builds an architecture.

    Raises:
        ModuleNotFoundError: no folder of systems has a module of that name.
    """
    for folder in _FOLDERS:
        module = f"{__name__}.{folder}.{name}"
        if module in sys.modules or find_spec(module):
            return import_module(module)
    raise ModuleNotFoundError(f"no architecture is called {name!r}")
