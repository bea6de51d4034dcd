"""The leaderboard: scores of all systems on the same clips, costs, and the results of 2018.

A system takes part if it has a card in the folder of weights, and either held-out logits in the
folder of results or an architecture that ignores the audio. Scores are of the first repeat of
cross-validation or of the test part of a split, which are the same for all systems.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from model import systems
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
        DatasetError: no system can be scored, or two have different clips or folds.
    """
    entrants, left_out = gathered(weights, results)
    if not entrants:
        raise DatasetError(f"{results}: no system of {weights} has held-out logits; train one")
    check(entrants, results)
    held_out = entrants[0].held_out
    held_out = held_out.select(held_out.scored)
    drawn = group_draws(held_out.groups, draws)
    rows = [_row(entrant, drawn, costs.get(entrant.card.name)) for entrant in entrants]
    rows.sort(key=lambda row: float(row["calibrated"][measures.AS_IS]["log_loss"]["value"]))
    return {
        "clips": len(held_out),
        "groups": len(set(held_out.groups)),
        "folds": len(set(held_out.schemes[held_out.repeats[0]][0].tolist())),
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


def check(entrants: Sequence[Entrant], results: Path) -> None:
    """Refuse systems that were not scored on the same clips and folds.

    Raises:
        DatasetError: two systems differ; the message names both and the difference.
    """
    first = entrants[0]
    for other in entrants[1:]:
        for difference in _differences(first, other):
            raise DatasetError(
                f"{heldout.path_of(results, other.card.name)}: {difference} than those of "
                f"{first.card.name}; train one of them again with the data of the other"
            )


def _differences(first: Entrant, other: Entrant) -> Iterator[str]:
    """Differences between the clips of two systems."""
    ours, theirs = first.held_out, other.held_out
    scheme = ours.repeats[0]
    if ours.ids != theirs.ids:
        apart = set(ours.ids) ^ set(theirs.ids)
        yield f"other clips ({len(apart)} are in one of them only)"
    elif ours.groups != theirs.groups or (ours.genres != theirs.genres).any():
        yield "other labels or groups"
    elif scheme not in theirs.schemes:
        yield f"other schemes of folds ({scheme} is missing)"
    elif (ours.schemes[scheme][0] != theirs.schemes[scheme][0]).any():
        yield f"other folds ({scheme})"
    digests = {entrant.card.training.get("table_sha256") for entrant in (first, other)} - {None}
    if len(digests) > 1:
        yield "another table of clips (the cards' table_sha256)"


def _row(entrant: Entrant, draws: Weights, cost: Cost | None) -> dict[str, Any]:
    """Raw and calibrated scores of a system in both views, its cost, and its result of 2018.

    Raw scores are of the softmax of the logits, under the training prior of the card. Calibrated
    scores are of nested calibration.
    """
    card, chosen = entrant.card, entrant.held_out.scored
    genres = entrant.held_out.genres[chosen]
    folds, logits = entrant.held_out.schemes[entrant.held_out.repeats[0]]
    raw = Calibration().posteriors(logits[chosen])
    calibrated = held_out_posteriors(logits, entrant.held_out.genres, folds)[chosen]
    published = BY_ARCHITECTURE.get(card.architecture)
    return {
        "name": card.name,
        "raw": measures.overall([raw], genres, draws, np.array(card.training_prior)),
        "calibrated": measures.overall([calibrated], genres, draws),
        "summary": card.summary,
        "architecture": card.architecture,
        "ships": "calibrated" if card.calibrated else "raw",
        "public_weights": bool(card.training.get("initial_weights")),
        "cost": asdict(cost) if cost else None,
        "published": asdict(published) if published else None,
    }
