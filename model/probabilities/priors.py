"""The class prior that a user chooses: by name, from a file, or estimated from the clips."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from model.errors import UsageError
from model.genres import FMA_MEDIUM_CLIPS, GENRES
from model.probabilities.calibration import FloatArray, smoothed

ESTIMATE: Final = "estimate"
"""Name of the choice to estimate the prior from the posteriors of all clips of the run."""

SMOOTHING: Final = 0.3
"""Share of the uniform prior in the prior of fma_medium.

By the table of priors in docs/probabilities.md this share costs little where clips have the mix of
fma_medium, and much less than smaller shares where they have another.
"""

_FILE_SMOOTHING: Final = 1e-6


def named(name: str, training_prior: Sequence[float]) -> FloatArray:
    """The prior that a name or a file stands for.

    Args:
        name: ``fma`` (fma_medium's), ``uniform``, ``train``, or the path of a json file with an
            object of genre: weight.
        training_prior: prior for the name ``train``, shape [16].

    Returns:
        Shape [16], all positive, sum 1.

    Raises:
        UsageError: the name is unknown and no such file can be read.
    """
    if name == "train":
        shares = np.array(training_prior, np.float64)
        return np.asarray(shares / shares.sum())  # a card has it rounded
    if name == "uniform":
        return np.full(len(GENRES), 1.0 / len(GENRES))
    if name == "fma":
        return smoothed(np.array(FMA_MEDIUM_CLIPS), SMOOTHING)
    return weighted(_read(Path(name)), f"prior {name}")


def weighted(weights: Mapping[str, float], where: str) -> FloatArray:
    """A prior from weights by genre; a missing genre gets a share near 0.

    Args:
        weights: at least 0 each; they need not sum to 1.
        where: origin of the weights, for the message.

    Raises:
        UsageError: a genre is unknown, or a weight is not a number of at least 0.
    """
    try:
        values = [float(weights.get(genre, 0.0)) for genre in GENRES]
    except (ValueError, TypeError, AttributeError) as error:
        raise UsageError(f"{where}: not a json object of genre: weight ({error})") from None
    unknown = sorted(set(weights) - set(GENRES))
    if unknown or min(values) < 0 or not 0 < sum(values) < float("inf"):
        what = f"unknown genres {unknown}" if unknown else "weights must be >= 0 with a sum > 0"
        raise UsageError(f"{where}: {what}")
    return smoothed(np.array(values), _FILE_SMOOTHING)


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(
            f"prior {path}: neither fma, uniform, train, estimate nor a file ({error.strerror})"
        ) from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"prior {path}: not a json object of genre: weight ({error})") from None
