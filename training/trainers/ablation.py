"""What each part of the recipe is worth: fits with one part changed, on the same folds.

The parts were chosen by such figures, some of them on these very folds: what they seem to bring
here leans upward.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from grader.judging.metrics import clip_losses
from training.data.augmentation import Augmentation
from training.data.dataset import ClipTable
from training.evaluation import scorecard
from training.evaluation.bootstrap import DRAWS, intervals
from training.evaluation.heldout import HeldOut
from training.trainers.networks import Networks
from training.trainers.trainer import Log
from training.trainers.training_run import Plan, cross_validate

AS_TRAINED: Final = "as trained"

_FULL: Final = Augmentation()

VARIATIONS: Final[dict[str, dict[str, Any]]] = {
    AS_TRAINED: {},
    "starting weights only, with a last layer": {"kept": 1.0},
    "trained weights only": {"kept": 0.0},
    "last layer from labels alone": {"refit_teaching": 0.0},
    "last layer with faint features blown up": {"quiet": 0.0},
    "last layer without tags": {"tagged": 0.0},
    "no teacher": {"teaching": 0.0, "imitation": 0.0, "refit_teaching": 0.0},
    "no imitation of embeddings": {"imitation": 0.0},
    "crops as they are": {
        "augmentation": replace(
            _FULL, short=0.0, gain_db=0.0, equalizer_db=0.0, low_pass=0.0, masks=0
        )
    },
    "no crops of two seconds": {"augmentation": replace(_FULL, short=0.0)},
    "level and timbre as they are": {"augmentation": replace(_FULL, gain_db=0.0, equalizer_db=0.0)},
    "no low pass": {"augmentation": replace(_FULL, low_pass=0.0)},
    "no masks": {"augmentation": replace(_FULL, masks=0)},
}
"""What is changed of the recipe, by the name of the variation."""


def ablate(plan: Plan, table: ClipTable, names: Sequence[str], log: Log) -> dict[str, Any]:
    """Scores of the variations, each beside those of the recipe as it is.

    Args:
        plan: of a system that is a network; has a scheme ``cv0``.
        table: labelled clips.
        names: of the variations, from ``VARIATIONS``.
        log: is told what is going on.

    Returns:
        The system, and one entry a variation: its scores as ``training.evaluation.scorecard`` has
        them, and
        by how much its log loss exceeds that of the recipe as it is, clip by clip.

    Raises:
        ValueError: the system is no network.
        DatasetError, CheckpointError: as ``training.trainers.training_run.train``.
    """
    networks = plan.method
    if not isinstance(networks, Networks):
        raise ValueError(f"{plan.name}: only networks have a recipe that can be varied")
    entries = []
    reference: NDArray[np.float64] | None = None
    for name in (AS_TRAINED, *(name for name in names if name != AS_TRAINED)):
        log(f"variation: {name}")
        recipe = replace(networks.recipe, **VARIATIONS[name])
        varied = replace(plan, method=replace(networks, recipe=recipe))
        schemes = {
            scheme: (folds, logits.astype(np.float64))
            for scheme, (folds, logits) in cross_validate(varied, table, log).items()
        }
        held_out = HeldOut(table.ids, table.genres, table.groups, table.sources, schemes)
        clips = scorecard.labelled(held_out, DRAWS)
        repeats = scorecard.cross_validated(held_out)
        losses = clip_losses(repeats[0], table.genres)
        if reference is None:
            reference = losses
        entries.append(
            {
                "name": name,
                **scorecard.measured(held_out, clips, repeats),
                "excess": _excess(losses - reference, clips.draws),
            }
        )
    return {"system": plan.name, "variations": entries}


def _excess(differences: NDArray[np.float64], draws: NDArray[np.float64]) -> dict[str, float]:
    """Mean difference of the clips' log losses, with its interval over groups."""

    def mean(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.array([np.average(differences, weights=weights)])

    low, high = intervals(mean, draws)[:, 0].round(4).tolist()
    return {"value": round(float(differences.mean()), 4), "low": low, "high": high}
