"""Contents of the results file of a system or of a probe, from its held-out logits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from model.probabilities import priors
from training.data.dataset import class_prior
from training.data.folds import EACH_SOURCE, SOURCE
from training.evaluation import calibration, measures, mixes
from training.evaluation.bootstrap import DRAWS, Weights, group_draws
from training.evaluation.heldout import HeldOut, Schemes
from training.evaluation.measures import Posteriors


@dataclass(frozen=True)
class Effort:
    """Number of random draws.

    Attributes:
        draws: resamplings for the intervals.
        test_sets: number of simulated test sets by the number of clips of a test set.
    """

    draws: int
    test_sets: Mapping[int, int]


FULL: Final = Effort(DRAWS, mixes.SIZES)
QUICK: Final = Effort(50, {20: 5, 200: 1})


def of_system(name: str, held_out: HeldOut, effort: Effort) -> dict[str, Any]:
    """All scores of a system.

    Args:
        name: name of the system.
        held_out: its held-out logits, at least of the scheme ``cv0`` or ``official``. Of a split,
            the test part alone is scored; methods of calibration are compared on both parts, each
            calibrated on the other.
        effort: number of random draws.
    """
    genres, first = held_out.genres, held_out.repeats[0]
    scored, repeats = scored_posteriors(held_out)
    draws = group_draws(scored.groups, effort.draws)
    folds, logits = held_out.schemes[first]
    first_and_sources = {
        key: held_out.schemes[key] for key in (first, SOURCE) if key in held_out.schemes
    }
    prior = class_prior(genres)
    return {
        "name": name,
        **measured(scored, draws, repeats),
        "genres": measures.by_genre(repeats, scored, draws),
        "sources": measures.by_source(repeats, scored, draws),
        "calibration": {
            "chosen": calibration.choose_method(logits, genres, folds),
            "methods": calibration.compare_methods(logits, genres, folds),
            "across": calibration.compare_schemes(first_and_sources, genres),
            "error_by_chance": measures.error_by_chance(repeats[0]),
        },
        "priors": mixes.simulate(repeats[0], scored.genres, scored.groups, prior, effort.test_sets),
        "worst": measures.worst(repeats, scored),
        "fma_clips": _fma_clips(held_out, first_and_sources, effort),
        "without_listening": measures.without_listening(genres, folds),
        "pictures": measures.pictures(repeats[0], scored.genres),
    }


def _fma_clips(held_out: HeldOut, schemes: Schemes, effort: Effort) -> dict[str, Any]:
    """Scores of the clips of FMA under the prior ``fma``, for each scheme.

    Posteriors are by the shipped calibration, but where the calibration was fitted to the same
    logits, with sources left out, by that of the other folds.
    """
    draws, prior = group_draws(held_out.groups, effort.draws), priors.named("fma", ())
    shipped = calibration.shipped_calibration(schemes, held_out.genres)
    found = {}
    for scheme, (folds, logits) in schemes.items():
        if scheme == SOURCE:
            posteriors = calibration.held_out_posteriors(logits, held_out.genres, folds)
        else:
            posteriors = shipped.posteriors(logits)
        found[scheme] = measures.of_source(measures.FMA_CLIPS, posteriors, held_out, prior, draws)
    return found


def of_probe(name: str, features: int, held_out: HeldOut, effort: Effort) -> dict[str, Any]:
    """Scores of a probe.

    Args:
        name: name of the probe.
        features: length of its joined embedding.
        held_out: its held-out logits, at least of the scheme ``cv0``.
        effort: number of random draws.
    """
    draws = group_draws(held_out.groups, effort.draws)
    return {
        "name": name,
        "features": features,
        **measured(held_out, draws, cross_validated(held_out)),
    }


def scored_posteriors(held_out: HeldOut) -> tuple[HeldOut, list[Posteriors]]:
    """The clips that are scored, and their posteriors of each repeat, by nested calibration."""
    chosen = held_out.scored
    return held_out.select(chosen), [table[chosen] for table in cross_validated(held_out)]


def cross_validated(held_out: HeldOut) -> list[Posteriors]:
    """Posteriors of each repeat of cross-validation, by nested calibration."""
    return [
        calibration.held_out_posteriors(logits, held_out.genres, folds)
        for folds, logits in (held_out.schemes[name] for name in held_out.repeats)
    ]


def measured(held_out: HeldOut, draws: Weights, repeats: list[Posteriors]) -> dict[str, Any]:
    """Scores with intervals, of all repeats and of the first, and with sources left out."""
    left_out = {}
    for scheme in (SOURCE, EACH_SOURCE):
        if scheme in held_out.schemes:
            folds, logits = held_out.schemes[scheme]
            posteriors = calibration.held_out_posteriors(logits, held_out.genres, folds)
            left_out[scheme] = measures.source_out(posteriors, folds, held_out, draws)
    scores = measures.overall(repeats, held_out.genres, draws)
    first = measures.overall(repeats[:1], held_out.genres, draws) if len(repeats) > 1 else scores
    return {
        "clips": len(held_out),
        "groups": len(set(held_out.groups)),
        "repeats": len(repeats),
        "draws": len(draws),
        "effective_clips_fma_medium": round(measures.effective_clips(held_out.genres), 1),
        "genres_without_clips": measures.missing_genres(held_out.genres),
        "scores": scores,
        "first_repeat": first,
        "source_out": left_out,
    }
