"""The systems that ``python -m training train`` knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from model.systems.ours.fusion import ARTIST, MOBILENET, MUSICNN

FUSION: Final = "fusion"
"""Architecture on our own spectrogram, which can start from published weights."""


@dataclass(frozen=True)
class SystemSpec:
    """What a system is made of.

    Attributes:
        summary: one line for ``--list-systems``.
        architecture: module in a folder of ``model.systems`` that builds its network.
        parameters: keyword arguments of the architecture's ``network``, as json values.
        halved: whether its weights are shipped in half precision
            (``training.trainers.half_precision``).
    """

    summary: str
    architecture: str = FUSION
    parameters: Mapping[str, Any] = field(default_factory=dict)
    halved: bool = False

    @property
    def branches(self) -> Sequence[str]:
        """Names of the branches of a ``fusion`` network; empty for other architectures."""
        branches: Sequence[str] = self.parameters.get("branches", ())
        return branches


SYSTEMS: Final = {
    "best": SystemSpec(
        "MobileNetV3 beside two small networks made for music",
        parameters={"branches": [MOBILENET, ARTIST, MUSICNN]},
    ),
    "mobilenet": SystemSpec(
        "MobileNetV3 beside a small network made for artists: quick on a CPU",
        parameters={"branches": [MOBILENET, ARTIST]},
    ),
    "agf": SystemSpec(
        "2018, rank 1: CNNs that learned artist group factors and genre, and a layer on them",
        architecture="agf",
        halved=True,
    ),
    "shortterm": SystemSpec(
        "2018, rank 2, after its title alone: one CNN on 1, 2, 3 and 5 seconds, averaged",
        architecture="shortterm",
    ),
    "xgboost": SystemSpec(
        "2018, rank 3, after its abstract: gradient-boosted trees on the 518 features of FMA",
        architecture="xgboost",
    ),
    "stft": SystemSpec(
        "2018, rank 4: ConvNet with a shortcut on linear STFT spectrograms",
        architecture="stft",
        halved=True,
    ),
    "xception": SystemSpec(
        "2018, rank 5: Xception without its middle on mel spectrograms",
        architecture="xception",
        parameters={"size": "full"},
    ),
    "xception_narrow": SystemSpec(
        "2018, rank 5, but narrower: Xception without its middle, a quarter of the channels",
        architecture="xception",
        parameters={"size": "narrow"},
    ),
    "dpn": SystemSpec(
        "2018, rank 6: Dual Path Network 92 on 192 mel bands",
        architecture="dpn",
        parameters={"size": "dpn92"},
    ),
    "dpn_narrow": SystemSpec(
        "2018, rank 6, but narrower: a Dual Path Network of 0.9 M parameters on 192 mel bands",
        architecture="dpn",
        parameters={"size": "narrow"},
    ),
    "svm": SystemSpec(
        "2018, the starter kit's baseline: a support vector machine on the 518 features of FMA",
        architecture="svm",
    ),
}
"""Weights are shipped of those that have a card."""
