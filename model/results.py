"""What a run knows of a clip after decoding, and of itself.

``Prediction`` is what the network says of a clip, ``Result`` what a person gets for it.
``model.run`` makes both; ``model.outputs`` writes results and the ``RunDescription``.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from model import __version__
from model.clips import Clip, Notice

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the network says of a clip, independent of the expected class mix.

    Attributes:
        posterior: probabilities of ``GENRES`` under the prior of the training clips, calibrated as
            the options ask, 16 values; None when the network did not see the clip.
        notices: problems and peculiarities of the clip.
        arrays: further arrays that the options ask for, by name: ``windows``, float64, shape
            [windows, 18], the seconds of the file at which each window starts and ends, and its
            posterior;
            ``embedding``, float32, shape [features], the mean over the windows; ``thumbnail``,
            uint8, shape [bands, columns], a small picture of the spectrogram; ``likeness``,
            float32, shape [size], a short vector that is alike for clips that sound alike.
    """

    posterior: tuple[float, ...] | None
    notices: tuple[Notice, ...] = ()
    arrays: "Mapping[str, NDArray[Any]]" = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Window:
    """Prediction for one window of a clip.

    Attributes:
        start: second of the file at which it begins.
        end: second of the file at which it ends.
        probabilities: probabilities of ``GENRES``, 16 values.
    """

    start: float
    end: float
    probabilities: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """Probabilities of one clip under the expected class mix.

    Attributes:
        clip: the clip.
        probabilities: probabilities of ``GENRES``, 16 values; the prior when there is no
            prediction.
        predicted: whether the network saw the clip.
        notices: problems and peculiarities of the clip.
        windows: predictions of the clip's windows, by time; empty unless the options ask for them.
        embedding: mean features of the windows, shape [features], or None.
        thumbnail: small picture of the spectrogram, shape [bands, columns], or None.
        likeness: short vector that is alike for clips that sound alike, shape [size], or None.
    """

    clip: Clip
    probabilities: tuple[float, ...]
    predicted: bool
    notices: tuple[Notice, ...] = ()
    windows: tuple[Window, ...] = ()
    embedding: "NDArray[np.float32] | None" = None
    thumbnail: "NDArray[np.uint8] | None" = None
    likeness: "NDArray[np.float32] | None" = None

    @property
    def troubled(self) -> bool:
        """Whether it has the prior, or a notice of a problem."""
        return not self.predicted or any(notice.is_problem for notice in self.notices)


@dataclass(frozen=True)
class RunDescription:
    """Identity of a run: shards with equal descriptions may be merged.

    Hashes are SHA-256 in hexadecimal.

    Attributes:
        program: version of the program.
        clips: number of clips in all shards together.
        ids: hash of the clips' ids in order.
        weights: hash of the weights file.
        packages: versions of the libraries that may change a result, by name.
        fingerprint: hash of everything that changes a prediction; the prior does not.
        mix: expected share of each genre; empty until it is estimated.
    """

    program: str
    clips: int
    ids: str
    weights: str
    packages: Mapping[str, str]
    fingerprint: str
    mix: Mapping[str, float] = field(default_factory=dict)


def describe_run(clips: Sequence[Clip], fingerprint: Mapping[str, Any]) -> RunDescription:
    """The description of a run over the clips of all shards.

    Args:
        clips: clips of all shards, in order.
        fingerprint: everything that changes a prediction, as json values.
    """
    return RunDescription(
        program=__version__,
        clips=len(clips),
        ids=hash_texts(clip.file_id for clip in clips),
        weights=fingerprint["card"]["weights"]["sha256"],
        packages={name: text for name, text in fingerprint["packages"].items() if text},
        fingerprint=hashlib.sha256(json.dumps(fingerprint, sort_keys=True).encode()).hexdigest(),
    )


def hash_texts(texts: Iterable[str]) -> str:
    """SHA-256 of texts in order, in hexadecimal; bytes that are not UTF-8 count as they are."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(os.fsencode(text) + b"\0")
    return digest.hexdigest()
