"""The leaderboard: scores of all systems on the same clips, costs, and the results of 2018.

A system takes part if it has a card in the folder of weights, and either held-out logits in the
folder of results or an architecture that ignores the audio. Scores are of the clips that were held
out of every system, in the first repeat of its cross-validation or in the test part of its split.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from model import systems
from model.probabilities import priors
from model.probabilities.calibration import Calibration
from model.systems import cards
from training.data.dataset import DatasetError
from training.evaluation import baselines, heldout, measures
from training.evaluation.bootstrap import Weights, group_draws
from training.evaluation.calibration import held_out_posteriors
from training.evaluation.costs import Cost
from training.evaluation.heldout import HeldOut
from training.evaluation.published import BY_ARCHITECTURE

FILE: Final = "leaderboard.json"


@dataclass(frozen=True)
class Entrant:
    """A system that takes part: its card and its held-out logits."""

    card: cards.Card
    held_out: HeldOut


def leaderboard(
    weights: Path, results: Path, costs: Mapping[str, Cost], draws: int
) -> dict[str, Any]:
    """The content of ``leaderboard.json``, systems in the order of calibrated log loss.

    Args:
        weights: folder of cards.
        results: folder of held-out logits.
        costs: costs by name of the system.
        draws: resamplings for the intervals.

    Raises:
        CardError: a card or its weights cannot be used.
        DatasetError: no system can be scored, or two have no scored clip in common or different
            labels.
    """
    entrants, left_out = gathered(weights, results)
    if not entrants:
        raise DatasetError(f"{results}: no system of {weights} has held-out logits; train one")
    clips = common_clips(entrants, results)
    held_out = _select(entrants[0].held_out, clips)
    drawn = group_draws(held_out.groups, draws)
    rows = [_row(entrant, clips, drawn, costs.get(entrant.card.name)) for entrant in entrants]
    rows.sort(key=lambda row: float(row["calibrated"][measures.AS_IS]["log_loss"]["value"]))
    return {
        "clips": len(held_out),
        "groups": len(set(held_out.groups)),
        "scheme": held_out.repeats[0],
        "draws": draws,
        "systems": rows,
        "left_out": left_out,
        "views": list(measures.VIEWS),
    }


def gathered(weights: Path, results: Path) -> tuple[list[Entrant], dict[str, str]]:
    """Systems that take part, and for each other system the reason why it does not.

    Systems that ignore the audio come last.

    Raises:
        CardError: a card or its weights cannot be used.
        DatasetError: a file of held-out logits is damaged.
    """
    entrants, ignoring_audio, left_out = [], [], {}
    for card in [cards.read(name, weights) for name in systems.summaries(weights)]:
        path = heldout.path_of(results, card.name)
        if path.is_file():
            entrants.append(Entrant(card, heldout.read(path)))
        elif card.architecture in baselines.ARCHITECTURES:
            ignoring_audio.append(card)
        else:
            left_out[card.name] = f"{path.name} is not there; python -m training writes it"
    if entrants:
        like = entrants[0].held_out
        entrants += [Entrant(c, baselines.held_out(c, weights, like)) for c in ignoring_audio]
    return entrants, left_out


def common_clips(entrants: Sequence[Entrant], results: Path) -> tuple[str, ...]:
    """Names of the clips that all systems are scored on, in the order of the first system.

    Raises:
        DatasetError: there is no such clip, or a label or group differs; the message names both
            systems.
    """
    first = entrants[0]
    shared = [first.held_out.ids[index] for index in first.held_out.scored]
    for other in entrants[1:]:
        scored = {other.held_out.ids[index] for index in other.held_out.scored}
        shared = [clip for clip in shared if clip in scored]
        pair = f"{heldout.path_of(results, other.card.name)} and {first.card.name}"
        if not shared:
            raise DatasetError(f"{pair} have no scored clip in common; train one of them again")
        ours, theirs = (_select(entrant.held_out, shared) for entrant in (first, other))
        if ours.groups != theirs.groups or (ours.genres != theirs.genres).any():
            raise DatasetError(f"{pair} have other labels or groups; train one of them again")
    return tuple(shared)


def _select(held_out: HeldOut, clips: Sequence[str]) -> HeldOut:
    return held_out.select(_positions(held_out, clips))


def _positions(held_out: HeldOut, clips: Sequence[str]) -> NDArray[np.int_]:
    place = {clip: index for index, clip in enumerate(held_out.ids)}
    return np.array([place[clip] for clip in clips])


def _row(
    entrant: Entrant, clips: Sequence[str], draws: Weights, cost: Cost | None
) -> dict[str, Any]:
    """Raw and calibrated scores of a system in both views, its cost, and its result of 2018.

    Raw scores are of the softmax of the logits, under the training prior of the card. Calibrated
    scores are of calibrations fitted to the other folds of the system's own clips. Scores of FMA's
    clips are of what the system ships, calibrated likewise or raw.
    """
    card, chosen = entrant.card, _positions(entrant.held_out, clips)
    genres = entrant.held_out.genres[chosen]
    folds, logits = entrant.held_out.schemes[entrant.held_out.repeats[0]]
    raw = Calibration().posteriors(logits[chosen])
    calibrated = held_out_posteriors(logits, entrant.held_out.genres, folds)[chosen]
    published = BY_ARCHITECTURE.get(card.architecture)
    scored = entrant.held_out.scored
    if card.calibrated:
        shipped = held_out_posteriors(logits, entrant.held_out.genres, folds)
    else:
        shipped = Calibration().posteriors(logits)
    return {
        "name": card.name,
        "raw": measures.overall([raw], genres, draws, np.array(card.training_prior)),
        "calibrated": measures.overall([calibrated], genres, draws),
        "training_clips": card.training.get("clips") if entrant.card.validation else None,
        "fma_clips": _fma_clips(entrant.held_out.select(scored), shipped[scored], len(draws)),
        "summary": card.summary,
        "architecture": card.architecture,
        "ships": "calibrated" if card.calibrated else "raw",
        "public_weights": bool(card.training.get("initial_weights")),
        "cost": asdict(cost) if cost else None,
        "published": asdict(published) if published else None,
    }


def _fma_clips(held_out: HeldOut, posteriors: measures.Posteriors, draws: int) -> dict[str, Any]:
    """Scores of all clips of FMA that were held out of the system, under the prior ``fma``."""
    drawn, prior = group_draws(held_out.groups, draws), priors.named("fma", ())
    return measures.of_source(measures.FMA_CLIPS, posteriors, held_out, prior, drawn)
