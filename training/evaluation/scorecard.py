"""What the results file of a system or of a probe says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from model.probabilities.calibration import Calibration
from training.data.dataset import class_prior
from training.data.folds import EACH_SOURCE, SOURCE
from training.evaluation import calibration, measures, mixes
from training.evaluation.bootstrap import DRAWS, group_draws
from training.evaluation.heldout import HeldOut
from training.evaluation.measures import Labelled, Posteriors


@dataclass(frozen=True)
class Effort:
    """How much chance is averaged out.

    Attributes:
        draws: resamplings for the intervals.
        payloads: number of simulated payloads by clips of a payload.
    """

    draws: int
    payloads: Mapping[int, int]


FULL: Final = Effort(DRAWS, mixes.SIZES)
QUICK: Final = Effort(50, {20: 5, 200: 1})


def of_system(name: str, held_out: HeldOut, effort: Effort) -> dict[str, Any]:
    """Everything that is known of a system from its held-out logits.

    Args:
        name: of the system.
        held_out: its logits; scheme ``cv0`` at least.
        effort: how much chance is averaged out.
    """
    clips, repeats = labelled(held_out, effort.draws), cross_validated(held_out)
    folds, logits = held_out.schemes[held_out.repeats[0]]
    prior = class_prior(clips.genres)
    return {
        "name": name,
        **measured(held_out, clips, repeats),
        "genres": measures.by_genre(repeats, clips),
        "sources": measures.by_source(repeats, clips),
        "calibration": {
            "chosen": calibration.choose_method(logits, clips.genres, folds),
            "methods": calibration.compare(logits, clips.genres, folds),
            "across": calibration.across(_first_and_sources(held_out), clips.genres),
            "error_by_chance": measures.error_by_chance(repeats[0]),
        },
        "priors": mixes.simulate(
            repeats[0], clips.genres, clips.groups, prior, effort.payloads
        ).as_dict(),
        "worst": measures.worst(repeats, clips),
        "fma_tracks": measures.of_one_source(measures.TRUE_TRACKS, repeats, clips),
        "without_listening": measures.without_listening(clips.genres, folds),
        "pictures": measures.pictures(repeats[0], clips.genres),
    }


def _first_and_sources(held_out: HeldOut) -> calibration.Schemes:
    names = [held_out.repeats[0], *(name for name in (SOURCE,) if name in held_out.schemes)]
    return {name: held_out.schemes[name] for name in names}


def of_probe(name: str, features: int, held_out: HeldOut, effort: Effort) -> dict[str, Any]:
    """Scores of a probe, and the baseline's figures as they were first measured.

    Args:
        name: of the probe.
        features: length of its joined embedding.
        held_out: its logits; schemes ``cv0`` and ``each_source`` at least.
        effort: how much chance is averaged out.
    """
    return {
        "name": name,
        "features": features,
        **measured(held_out, labelled(held_out, effort.draws), cross_validated(held_out)),
        "fixed_floor": fixed_floor_row(held_out),
    }


def fixed_floor_row(held_out: HeldOut) -> dict[str, float | None]:
    """Scores of the first repeat with a floor of 0.01 and no other calibration.

    This is how the baseline was first measured; it is kept to show that it is reproduced.
    """
    clips = labelled(held_out, draws=1)
    _, logits = held_out.schemes[held_out.repeats[0]]
    posteriors = Calibration(1.0, 0.01).posteriors(logits)
    scores = measures.overall([posteriors], clips)
    folds, logits = held_out.schemes[EACH_SOURCE]
    source_out = measures.source_out(Calibration().posteriors(logits), folds, clips)
    as_is, converted = (scores[view] for view in measures.VIEWS)
    return {
        "log_loss": as_is["log_loss"]["value"],
        "accuracy": as_is["accuracy"]["value"],
        "macro_f1": as_is["macro_f1"]["value"],
        "log_loss_fma_medium": converted["log_loss"]["value"],
        "accuracy_fma_medium": converted["accuracy"]["value"],
        "accuracy_each_source_out": source_out["accuracy"]["value"],
    }


def labelled(held_out: HeldOut, draws: int) -> Labelled:
    """The clips with resamplings of their groups."""
    return Labelled(
        held_out.ids,
        held_out.genres,
        held_out.groups,
        held_out.sources,
        group_draws(held_out.groups, draws),
    )


def cross_validated(held_out: HeldOut) -> list[Posteriors]:
    """Posteriors of each repeat, each fold calibrated by what the other folds choose."""
    return [
        calibration.nested_posteriors(logits, held_out.genres, folds)
        for folds, logits in (held_out.schemes[name] for name in held_out.repeats)
    ]


def measured(held_out: HeldOut, clips: Labelled, repeats: list[Posteriors]) -> dict[str, Any]:
    """Scores with intervals, of all repeats and of the first, and with sources left out."""
    left_out = {}
    for scheme in (SOURCE, EACH_SOURCE):
        if scheme in held_out.schemes:
            folds, logits = held_out.schemes[scheme]
            posteriors = calibration.nested_posteriors(logits, clips.genres, folds)
            left_out[scheme] = measures.source_out(posteriors, folds, clips)
    scores = measures.overall(repeats, clips)
    first = measures.overall(repeats[:1], clips) if len(repeats) > 1 else scores
    return {
        "clips": len(held_out),
        "groups": len(set(held_out.groups)),
        "repeats": len(repeats),
        "draws": len(clips.draws),
        "effective_clips_fma_medium": round(measures.effective_clips(clips.genres), 1),
        "genres_without_clips": measures.missing_genres(clips.genres),
        "scores": scores,
        "first_repeat": first,
        "source_out": left_out,
    }
