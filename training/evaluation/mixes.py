"""What each choice of prior costs when the payload's class mix is another one.

Payloads are drawn from held-out clips: the clips of a payload come from groups drawn with
replacement, so that artists of a genre are some and not all, the genres from a mix, and a genre's
clips from the groups drawn. Every prior adapts the same payloads.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from grader.judging.metrics import clip_losses
from model.genres import FMA_MEDIUM_CLIPS, GENRES
from model.probabilities.calibration import FloatArray, adapt, smoothed
from model.probabilities.prior_shift import em, estimated_prior, relative_likelihoods
from training.evaluation.bootstrap import group_draws

Prior = Callable[[FloatArray], FloatArray]
"""From a payload's posteriors to the class mix to expect."""

SIZES: Final = {20: 200, 200: 40, 2000: 8}
"""Number of simulated payloads by clips of a payload."""
SHARES: Final = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5)
"""Shares of the uniform mix in fma_medium's that are compared."""
UNADAPTED: Final = "train"
ESTIMATE: Final = "estimate"
MAXIMUM: Final = "EM alone"
ORACLE: Final = "true mix"
_DIRICHLET: Final = (1.0, 1.0, 1.0, 0.3, 0.3, 0.3)
_LEAST: Final = 1e-3  # share of the uniform mix that keeps every prior positive


@dataclass(frozen=True)
class Simulation:
    """Mean log loss in nats by mix, clips of a payload, and prior.

    Attributes:
        losses: ``losses[mix][size][prior]``.
    """

    losses: Mapping[str, Mapping[int, Mapping[str, float]]]

    def excess(self, prior: str) -> float:
        """Largest loss over that of no adaptation, over all mixes and sizes."""
        return max(cell[prior] - cell[UNADAPTED] for cell in self._cells())

    def mean(self, prior: str) -> float:
        """Mean loss over all mixes and sizes."""
        return float(np.mean([cell[prior] for cell in self._cells()]))

    def as_dict(self) -> dict[str, Any]:
        """For a results file, rounded."""
        priors = list(self._cells()[0])
        return {
            "losses": {
                mix: {
                    str(size): {name: round(loss, 4) for name, loss in cell.items()}
                    for size, cell in cells.items()
                }
                for mix, cells in self.losses.items()
            },
            "mean": {name: round(self.mean(name), 4) for name in priors},
            "largest_excess": {name: round(self.excess(name), 4) for name in priors},
        }

    def _cells(self) -> list[Mapping[str, float]]:
        return [cell for cells in self.losses.values() for cell in cells.values()]


def share_name(share: float) -> str:
    """Name of fma_medium's mix with a share of the uniform one."""
    return f"fma + {share:.0%}" if share else "fma"


def simulate(
    posteriors: FloatArray,
    genres: NDArray[np.int_],
    groups: Sequence[str],
    training_prior: FloatArray,
    sizes: Mapping[int, int] = SIZES,
    seed: int = 0,
) -> Simulation:
    """Mean log loss of every prior under every mix.

    Args:
        posteriors: calibrated held-out posteriors under ``training_prior``, shape [clips, 16].
        genres: index of each clip's genre, shape [clips].
        groups: group of each clip.
        training_prior: prior of the training clips, all positive, shape [16].
        sizes: number of payloads by clips of a payload.
        seed: of mixes, groups and clips.
    """
    priors = _priors(training_prior)
    drawn = group_draws(groups, max(sizes.values()), seed)
    losses: dict[str, dict[int, dict[str, float]]] = {}
    for name, mix in _mixes(genres, seed).items():
        priors[ORACLE] = _always(smoothed(mix, _LEAST))
        losses[name] = {}
        for size, payloads in sizes.items():
            rng = np.random.default_rng([seed, size])
            found = np.zeros((payloads, len(priors)))
            for number in range(payloads):
                chosen = draw_payload(genres, drawn[number], mix, size, rng)
                rows = posteriors[chosen]
                for column, prior in enumerate(priors.values()):
                    adapted = adapt(rows, training_prior, prior(rows))
                    found[number, column] = clip_losses(adapted, genres[chosen]).mean()
            losses[name][size] = dict(zip(priors, found.mean(axis=0).tolist(), strict=True))
    return Simulation(losses)


def draw_payload(
    genres: NDArray[np.int_],
    weights: NDArray[np.float64],
    mix: FloatArray,
    size: int,
    rng: np.random.Generator,
) -> NDArray[np.int_]:
    """Indices of the clips of a simulated payload, shape [size].

    Args:
        genres: index of each clip's genre, shape [clips].
        weights: how often each clip's group was drawn, shape [clips]; where a genre has no drawn
            group, all of its clips count alike.
        mix: share of each genre, 0 for a genre without clips, shape [16].
        size: number of clips.
        rng: source of chance.
    """
    wanted = rng.choice(len(mix), size=size, p=mix)
    chosen = np.zeros(size, int)
    for genre in np.unique(wanted):
        clips = np.flatnonzero(genres == genre)
        odds = weights[clips] if weights[clips].any() else np.ones(len(clips))
        places = wanted == genre
        chosen[places] = rng.choice(clips, size=int(places.sum()), p=odds / odds.sum())
    return chosen


def _mixes(genres: NDArray[np.int_], seed: int) -> dict[str, FloatArray]:
    """Class mixes by name, over the genres that have clips."""
    own = np.bincount(genres, minlength=len(GENRES))
    mixes = {
        "fma_medium": np.array(FMA_MEDIUM_CLIPS, float),
        "uniform": np.ones(len(GENRES)),
        "of the clips": own.astype(float),
    }
    rng = np.random.default_rng(seed)
    for number, concentration in enumerate(_DIRICHLET, start=1):
        drawn = rng.dirichlet(np.full(len(GENRES), concentration))
        mixes[f"Dirichlet({concentration:g}) {number}"] = drawn
    return {name: mix * (own > 0) / (mix * (own > 0)).sum() for name, mix in mixes.items()}


def _priors(training_prior: FloatArray) -> dict[str, Prior]:
    medium = np.array(FMA_MEDIUM_CLIPS)
    priors = {UNADAPTED: _always(training_prior)}
    priors |= {share_name(share): _always(smoothed(medium, share)) for share in SHARES}
    priors["uniform"] = _always(np.full(len(GENRES), 1.0 / len(GENRES)))
    priors[ESTIMATE] = lambda rows: estimated_prior(rows, training_prior)
    priors[MAXIMUM] = lambda rows: smoothed(most_likely_prior(rows, training_prior), _LEAST)
    return priors


def most_likely_prior(posteriors: FloatArray, training_prior: FloatArray) -> FloatArray:
    """The EM estimate of Saerens et al. (2002) without regularisation, for comparison.

    Arguments and errors are those of ``estimated_prior``, but there must be a row, and a class can
    get a share of 0.
    """
    likelihoods = relative_likelihoods(posteriors, training_prior)
    return em(likelihoods, training_prior, np.zeros_like(training_prior))


def _always(prior: FloatArray) -> Prior:
    return lambda rows: prior
