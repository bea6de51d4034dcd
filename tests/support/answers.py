"""Results as a run would give them, made up."""

import numpy as np

from model.clips import Clip, Notice
from model.genres import GENRES
from model.results import Result, Window

UNIFORM = (1 / 16,) * 16


def sure_of(genre: str, share: float = 0.7) -> tuple[float, ...]:
    """Probabilities of which one is ``share``."""
    rest = (1 - share) / 15
    return tuple(share if name == genre else rest for name in GENRES)


def answer(
    path: str, genre: str = "Jazz", share: float = 0.7, reason: str = "", windows: int = 2
) -> Result:
    """A predicted clip, with windows and an embedding."""
    number = sum(map(ord, path))
    return Result(
        Clip(path.rpartition("/")[2].removesuffix(".mp3"), path),
        sure_of(genre, share),
        True,
        (Notice(reason, "made up"),) if reason else (),
        tuple(Window(9.5 * k, 9.5 * k + 10, sure_of(genre, 0.5 + 0.1 * k)) for k in range(windows)),
        np.array([number, number + 1 / 3, number / 7, -number], np.float32),
    )


def unknown(path: str) -> Result:
    """A clip without a prediction."""
    return Result(Clip(path, f"{path}.mp3"), UNIFORM, False, (Notice("empty", "zero bytes"),))
