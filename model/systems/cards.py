"""The card of a system: parameters, origin, scores and file of its trained weights.

A card is the file ``weights/NAME.json``. All parameters of the trained system that prediction needs
are in the card. ``training`` writes cards, and ``model.systems`` reads them.
"""

import hashlib
import json
import math
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from model.errors import GenreError
from model.frontends.parameters import AnyFrontEnd, from_parameters, parameters
from model.frontends.spectrogram import FrontEnd
from model.genres import GENRES
from model.options import CalibrationChoice
from model.probabilities.calibration import Calibration

_PRIOR_TOLERANCE: Final = 1e-3
_LFS_POINTER: Final = b"version https://git-lfs"


class CardError(GenreError):
    """A card or its weights cannot be used. The message names the file and what to do."""


@dataclass(frozen=True)
class CardFile:
    """A file that belongs to a card.

    Attributes:
        file: name of the file, in the folder of the card.
        size: length of the file in bytes.
        sha256: hash of the content, in hexadecimal.
    """

    file: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Card:
    """Description of a trained system.

    Attributes:
        name: name of the system; the card is ``NAME.json``.
        summary: one line for ``--list-systems``.
        architecture: module in a folder of ``model.systems`` that connects it.
        weights: the file of trained weights.
        front_end: parameters of the front end, which worker processes compute.
        window_frames: length of the network's input in frames.
        calibration: how logits become posteriors.
        training_prior: share of each genre in the training clips, smoothed, shape [16].
        genres: order of the outputs; always ``GENRES``.
        training: training data and configuration, for reproduction.
        validation: scores on held-out clips.
        parameters: keyword arguments with which the architecture builds its network.
        licence: licence of the weights.
        calibrated: whether the calibration is used if the user does not choose.
        graph: the network's layers for ONNX Runtime, which reads their values from ``weights``;
            None for systems that only Keras runs or that need neither.
    """

    name: str
    summary: str
    architecture: str
    weights: CardFile
    front_end: AnyFrontEnd
    window_frames: int
    calibration: Calibration
    training_prior: tuple[float, ...]
    genres: tuple[str, ...] = GENRES
    training: dict[str, Any] = field(default_factory=dict)
    validation: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    licence: str = "MIT"
    calibrated: bool = True
    graph: CardFile | None = None

    def choosing(self, calibration: CalibrationChoice) -> "Card":
        """The card with its calibration, or with the plain softmax in place of it.

        The attribute ``calibrated`` of the result says whether the calibration is used.
        """
        wanted = self.calibrated if calibration == "card" else calibration == "on"
        used = self.calibration if wanted else Calibration()
        return replace(self, calibration=used, calibrated=wanted)

    @property
    def spectrogram(self) -> FrontEnd:
        """The front end of a system whose input is a spectrogram.

        Raises:
            CardError: the front end computes other features.
        """
        if not isinstance(self.front_end, FrontEnd):
            raise CardError(f"{self.name}.json: {self.architecture} needs a spectrogram")
        return self.front_end


def read(name: str, folder: Path) -> Card:
    """Read a card.

    Raises:
        CardError: no card has that name, or the file is not a card for these sixteen genres.
    """
    path = folder / f"{name}.json"
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        fields["weights"] = CardFile(**fields["weights"])
        if (graph := fields.get("graph")) is not None:
            fields["graph"] = CardFile(**graph)
        fields["front_end"] = from_parameters(fields["front_end"])
        fields["calibration"] = Calibration(**fields["calibration"])
        for key in ("training_prior", "genres"):
            fields[key] = tuple(fields.get(key, ()))
        card = Card(**fields)
        if problem := _problem(card):
            raise CardError(f"{path}: {problem}")
    except FileNotFoundError:
        raise CardError(f"{path}: there is no such card; `--list-systems` names all") from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise CardError(f"{path}: not a card of a system: {reason:.200}") from None
    return card


def _problem(card: Card) -> str:
    """What is wrong with the values of a card, in words; empty for a valid card."""
    prior = card.training_prior
    if card.genres != GENRES or len(prior) != len(GENRES):
        return "made for other genres than the challenge's sixteen"
    if not (all(0 < share < 1 for share in prior) and abs(sum(prior) - 1) <= _PRIOR_TOLERANCE):
        return "training_prior must be positive and sum to 1"
    if len(card.calibration.bias) not in (0, len(GENRES)):
        return "calibration: bias must have sixteen values or none"
    if not all(map(math.isfinite, (card.calibration.temperature, card.calibration.floor))):
        return "calibration: temperature must be finite"
    texts = {name: getattr(card, name) for name in ("name", "summary", "architecture", "licence")}
    objects = {name: getattr(card, name) for name in ("training", "validation", "parameters")}
    files = {"weights": card.weights} | ({"graph": card.graph} if card.graph else {})
    for name, file in files.items():
        texts |= {f"{name}: file": file.file, f"{name}: sha256": file.sha256}
    whole = {"window_frames": card.window_frames}
    whole |= {f"{name}: size": file.size for name, file in files.items()}
    for kind, values in ((int, whole), (str, texts), (dict, objects)):
        for name, value in values.items():
            if not isinstance(value, kind) or isinstance(value, bool):
                return f"{name} must be of type {kind.__name__}, and is {value!r:.100}"
    if card.window_frames < 1 or any(Path(file.file).name != file.file for file in files.values()):
        return "window_frames must be at least 1, and a file a name without folders"
    return "" if isinstance(card.calibrated, bool) else "calibrated must be true or false"


def write(card: Card, folder: Path) -> Path:
    """Write a card as ``NAME.json`` and return its path."""
    path = folder / f"{card.name}.json"
    values = asdict(card) | {"front_end": parameters(card.front_end)}
    path.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def describe(path: Path) -> CardFile:
    """Name, size and hash of a file."""
    content = path.read_bytes()
    return CardFile(path.name, len(content), hashlib.sha256(content).hexdigest())


def checked(file: CardFile, name: str, folder: Path) -> Path:
    """Check size and hash of a file of a card, and return its path.

    Args:
        file: the file as the card describes it.
        name: name of the card.
        folder: folder of the card.

    Raises:
        CardError: the file is missing, a Git LFS pointer, truncated, or has another hash.
    """
    path = folder / file.file
    again = "fetch the repository again, or train it with `python -m training train`"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CardError(f"{path}: cannot be read ({error.strerror}); {again}") from None
    if content.startswith(_LFS_POINTER):
        raise CardError(f"{path}: a Git LFS pointer, not the file; run `git lfs pull`")
    if len(content) < file.size:
        raise CardError(f"{path}: truncated to {len(content)} of {file.size} bytes; {again}")
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise CardError(f"{path}: not the file that {name}.json describes; {again}")
    return path
