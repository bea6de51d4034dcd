"""Scores with one part of the training configuration changed, on the same folds.

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
from training.evaluation.bootstrap import DRAWS, group_draws, intervals
from training.evaluation.heldout import HeldOut
from training.trainers.networks import Networks
from training.trainers.trainer import Log
from training.trainers.training_run import TrainingRun, cross_validate

AS_TRAINED: Final = "as trained"

_FULL: Final = Augmentation()

VARIATIONS: Final[dict[str, dict[str, Any]]] = {
    AS_TRAINED: {},
    "starting weights only, with a last layer": {"start_weight_share": 1.0},
    "trained weights only": {"start_weight_share": 0.0},
    "last layer from labels alone": {"refit_distillation_weight": 0.0},
    "last layer with faint features blown up": {"feature_scale_floor": 0.0},
    "last layer without tags": {"tag_logit_share": 0.0},
    "no teacher": {
        "distillation_weight": 0.0,
        "embedding_loss_weight": 0.0,
        "refit_distillation_weight": 0.0,
    },
    "no imitation of embeddings": {"embedding_loss_weight": 0.0},
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
"""Changed fields of ``TrainingConfig``, by the name of the variation."""


def ablate(run: TrainingRun, table: ClipTable, names: Sequence[str], log: Log) -> dict[str, Any]:
    """Scores of the variations, each beside those of the unchanged configuration.

    Args:
        run: of a system that is a network; has a scheme ``cv0``.
        table: labelled clips.
        names: of the variations, from ``VARIATIONS``.
        log: is told what is going on.

    Returns:
        The system, and one entry a variation: its scores as ``training.evaluation.scorecard`` has
        them, and
        by how much its log loss exceeds that of the unchanged configuration, clip by clip.

    Raises:
        ValueError: the system is no network.
        DatasetError, CheckpointError: as ``training.trainers.training_run.train``.
    """
    networks = run.trainer
    if not isinstance(networks, Networks):
        raise ValueError(f"{run.name}: only networks have a config that can be varied")
    entries = []
    reference: NDArray[np.float64] | None = None
    for name in (AS_TRAINED, *(name for name in names if name != AS_TRAINED)):
        log(f"variation: {name}")
        config = replace(networks.config, **VARIATIONS[name])
        varied = replace(run, trainer=replace(networks, config=config))
        schemes = {
            scheme: (folds, logits.astype(np.float64))
            for scheme, (folds, logits) in cross_validate(varied, table, log).items()
        }
        held_out = HeldOut(table.ids, table.genres, table.groups, table.sources, schemes)
        draws = group_draws(table.groups, DRAWS)
        repeats = scorecard.cross_validated(held_out)
        losses = clip_losses(repeats[0], table.genres)
        if reference is None:
            reference = losses
        entries.append(
            {
                "name": name,
                **scorecard.measured(held_out, draws, repeats),
                "excess": _excess(losses - reference, draws),
            }
        )
    return {"system": run.name, "variations": entries}


def _excess(differences: NDArray[np.float64], draws: NDArray[np.float64]) -> dict[str, float]:
    """Mean difference of the clips' log losses, with its interval over groups."""

    def mean(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.array([np.average(differences, weights=weights)])

    low, high = intervals(mean, draws)[:, 0].round(4).tolist()
    return {"value": round(float(differences.mean()), 4), "low": low, "high": high}
