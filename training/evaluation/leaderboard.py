"""All systems on the same clips: scores beside costs and what was published in 2018.

A system takes part that has a card in the folder of weights and held-out logits in the folder of
results, or that ignores the audio. Scores come from the first repeat of cross-validation, whose
folds are the same for all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from model.systems.cards import Card
    from training.evaluation.costs import Cost
    from training.evaluation.heldout import HeldOut
    from training.evaluation.measures import Labelled

FILE: Final = "leaderboard.json"
SCHEME: Final = "cv0"
"""The scheme of folds that all systems have."""


@dataclass(frozen=True)
class Entrant:
    """A system that takes part.

    Attributes:
        card: what is known of it.
        held_out: its logits.
    """

    card: "Card"
    held_out: "HeldOut"


def leaderboard(
    weights: Path, results: Path, costs: "dict[str, Cost]", draws: int
) -> dict[str, Any]:
    """The content of ``leaderboard.json``, systems by calibrated log loss.

    Args:
        weights: folder of cards.
        results: folder of held-out logits.
        costs: of systems by name.
        draws: resamplings for the intervals.

    Raises:
        CardError: a card or its weights cannot be used.
        DatasetError: no system can be scored, or two have other clips or folds.
    """
    from training.data.dataset import DatasetError
    from training.evaluation import measures, scorecard

    entrants, left_out = gathered(weights, results)
    if not entrants:
        raise DatasetError(f"{results}: no system of {weights} has held-out logits; train one")
    check(entrants, results)
    held_out = entrants[0].held_out
    clips = scorecard.labelled(held_out, draws)
    rows = [{**row(entrant, clips), **_beside(entrant.card, costs)} for entrant in entrants]
    return {
        "clips": len(held_out),
        "groups": len(set(held_out.groups)),
        "folds": len(set(held_out.schemes[SCHEME][0].tolist())),
        "draws": draws,
        "systems": sorted(rows, key=_loss),
        "left_out": left_out,
        "views": list(measures.VIEWS),
    }


def gathered(weights: Path, results: Path) -> tuple[list[Entrant], dict[str, str]]:
    """All systems that take part, those with logits of their own first; and why others do not.

    Raises:
        CardError: a card or its weights cannot be used.
        DatasetError: a file of held-out logits is damaged.
    """
    from model import systems
    from model.systems import cards
    from training.evaluation import baselines, heldout

    found = [cards.read(name, weights) for name in systems.summaries(weights)]
    entrants, left_out = [], {}
    for card in found:
        path = heldout.path_of(results, card.name)
        if path.is_file():
            entrants.append(Entrant(card, heldout.read(path)))
        elif card.architecture not in baselines.ARCHITECTURES:
            left_out[card.name] = f"{path.name} is not there; python -m training writes it"
    if entrants:
        like = entrants[0].held_out
        deaf = [card for card in found if card.architecture in baselines.ARCHITECTURES]
        entrants += [Entrant(card, baselines.held_out(card, weights, like)) for card in deaf]
    return entrants, left_out


def check(entrants: Sequence[Entrant], results: Path) -> None:
    """Refuse systems that were not scored on the same clips and folds.

    Raises:
        DatasetError: two of them differ; the message names both and says in what.
    """
    from training.data.dataset import DatasetError
    from training.evaluation import heldout

    first = entrants[0]
    for other in entrants[1:]:
        for what in _differences(first, other):
            raise DatasetError(
                f"{heldout.path_of(results, other.card.name)}: {what} than those of "
                f"{first.card.name}; train one of them again with the data of the other"
            )


def _differences(one: Entrant, other: Entrant) -> Iterator[str]:
    """In what the clips of two systems differ; nothing where they are the same."""
    known, found = one.held_out, other.held_out
    if known.ids != found.ids:
        apart = set(known.ids) ^ set(found.ids)
        yield f"other clips ({len(apart)} are in one of them only)"
    elif known.groups != found.groups or (known.genres != found.genres).any():
        yield "other labels or groups"
    elif SCHEME not in known.schemes or SCHEME not in found.schemes:
        yield f"other schemes of folds ({SCHEME} is missing)"
    elif (known.schemes[SCHEME][0] != found.schemes[SCHEME][0]).any():
        yield f"other folds ({SCHEME})"
    digests = {card.training.get("table_sha256") for card in (one.card, other.card)} - {None}
    if len(digests) > 1:
        yield "another table of clips (the cards' table_sha256)"


def row(entrant: Entrant, clips: "Labelled") -> dict[str, Any]:
    """Scores of a system, raw and calibrated, in both views.

    Raw are the logits' softmax with nothing but the smallest floor, under the class mix that the
    card names. Calibrated is what the other folds choose, as everywhere else.
    """
    import numpy as np

    from model.probabilities.calibration import Calibration
    from training.evaluation import calibration, measures

    folds, logits = entrant.held_out.schemes[SCHEME]
    raw = Calibration().posteriors(logits)
    calibrated = calibration.nested_posteriors(logits, clips.genres, folds)
    return {
        "name": entrant.card.name,
        "raw": measures.overall([raw], clips, np.array(entrant.card.training_prior)),
        "calibrated": measures.overall([calibrated], clips),
    }


def _beside(card: "Card", costs: "dict[str, Cost]") -> dict[str, Any]:
    """What stands beside the scores of a system."""
    from training.evaluation.published import BY_ARCHITECTURE

    cost, published = costs.get(card.name), BY_ARCHITECTURE.get(card.architecture)
    return {
        "summary": card.summary,
        "architecture": card.architecture,
        "ships": "calibrated" if card.calibrated else "raw",
        "public_weights": bool(card.training.get("initial_weights")),
        "cost": asdict(cost) if cost else None,
        "published": asdict(published) if published else None,
    }


def _loss(found: dict[str, Any]) -> float:
    from training.evaluation.measures import AS_IS

    return float(found["calibrated"][AS_IS]["log_loss"]["value"])
