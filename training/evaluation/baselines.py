"""Systems that ignore the audio: weights and cards, and their logits for held-out clips.

``random`` is the starter kit's random submission, ``prior`` the class mix of fma_medium. Neither is
trained, and neither needs clips.
"""

import dataclasses
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import numpy as np

from model import __version__, systems
from model.genres import FMA_MEDIUM_CLIPS, GENRES
from model.probabilities import priors
from model.probabilities.calibration import Calibration
from model.systems import cards
from model.systems.base import Execution
from training.evaluation.heldout import HeldOut

ARCHITECTURES: Final = ("random", "prior")
"""Architectures that ignore the audio."""

SEED: Final = 2018
"""Seed of the shipped ``random``: the year of the challenge."""

WINDOW_FRAMES: Final = 3000
"""Length of a window, 30 s: a clip of the challenge is one window."""


def random(folder: Path, seed: int) -> cards.Card:
    """Write the weights of ``random`` and return its card.

    Args:
        folder: existing folder to write to.
        seed: seed of the draws, at least 0.

    Raises:
        OSError: the weights cannot be written.
        CardError: the default system's card, whose front end is used, cannot be read.
    """
    uniform = (1.0 / len(GENRES),) * len(GENRES)
    summary = "a softmax of random numbers, as in the starter kit; it does not listen"
    return _card(
        "random", summary, np.array(seed, np.int64), uniform, {"clips": 0, "seed": seed}, folder
    )


def prior(folder: Path) -> cards.Card:
    """Write the weights of ``prior`` and return its card.

    Args:
        folder: existing folder to write to.

    Raises:
        OSError: the weights cannot be written.
        CardError: the default system's card, whose front end is used, cannot be read.
    """
    mix = priors.named("fma", ())
    summary = "the class mix for every clip, fma_medium's; it does not listen"
    counts = dict(zip(GENRES, FMA_MEDIUM_CLIPS, strict=True))
    training = {
        "clips": sum(FMA_MEDIUM_CLIPS),
        "clips_of_genre": counts,
        "smoothing": priors.SMOOTHING,
    }
    return _card("prior", summary, mix, tuple(mix.tolist()), training, folder)


def held_out(card: cards.Card, folder: Path, like: HeldOut) -> HeldOut:
    """Logits of a system that ignores the audio, for the clips of another system.

    The system was trained on no clip, so every clip is held out. The system computes the logits
    from a hash of each clip's name, because the audio is not available.

    Args:
        card: card of the system; its architecture is one of ``ARCHITECTURES``.
        folder: folder of its weights.
        like: held-out logits with the clips and folds to use.

    Raises:
        CardError: the weights do not match the card.
    """
    network = systems.load(card, folder).connect(Execution(batch=len(like)))
    digests = [np.frombuffer(sha256(clip.encode()).digest(), np.uint8) for clip in like.ids]
    logits = network(np.stack(digests)[:, None].astype(np.float32)).astype(np.float64)
    schemes = {scheme: (folds, logits) for scheme, (folds, _) in like.schemes.items()}
    return dataclasses.replace(like, schemes=schemes)


def _card(
    name: str,
    summary: str,
    weights: np.ndarray[Any, Any],
    mix: tuple[float, ...],
    training: dict[str, Any],
    folder: Path,
) -> cards.Card:
    """A card with the default system's front end, so that one decoding serves all of them."""
    path = folder / f"{name}.npy"
    with path.open("wb") as file:
        np.save(file, weights)
    default = cards.read(systems.DEFAULT, systems.WEIGHTS_FOLDER)
    return dataclasses.replace(
        default,
        name=name,
        summary=summary,
        architecture=name,
        parameters={},
        weights=cards.describe(path),
        window_frames=WINDOW_FRAMES,
        calibration=Calibration(),
        training_prior=mix,
        training={"project_version": __version__} | training,
        validation={},
        licence="MIT",
        calibrated=False,
    )
