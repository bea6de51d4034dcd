"""Scores with one part of the training configuration changed, on the same folds.

The parts were chosen by such figures, some of them on these very folds: what they seem to bring
here leans upward.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from grader.judging.metrics import clip_losses
from training.data.dataset import ClipTable
from training.evaluation import scorecard
from training.evaluation.bootstrap import DRAWS, group_draws, intervals
from training.evaluation.heldout import HeldOut
from training.log import Log
from training.optimization.config import FinishingConfig
from training.trainers.networks import Networks
from training.trainers.training_run import TrainingRun, cross_validate

AS_TRAINED: Final = "as trained"

Variation = Callable[[Networks], Networks]


def _training(**changes: Any) -> Variation:
    return lambda networks: replace(networks, config=replace(networks.config, **changes))


def _finishing(**changes: Any) -> Variation:
    def vary(networks: Networks) -> Networks:
        return replace(networks, finishing=replace(_finishing_of(networks), **changes))

    return vary


def _finishing_of(networks: Networks) -> FinishingConfig:
    if networks.finishing is None:
        raise ValueError(f"{networks.spec.summary}: only finished networks can be varied")
    return networks.finishing


VARIATIONS: Final[dict[str, Variation]] = {
    AS_TRAINED: _training(),
    "labels alone, no teacher": _finishing(posterior_weight=0.0),
    "no tags": _finishing(tag_logit_shares={}),
    "no augmented crops": _finishing(views=0),
    "clips of equal weight": _finishing(balance=0.0),
    "no floor of the feature scale": _finishing(feature_scale_floor=0.0),
    "all layers trained for six epochs": _training(epochs=6),
}
"""Changes of a system's networks, by the name of the variation."""


def ablate(run: TrainingRun, table: ClipTable, names: Sequence[str], log: Log) -> dict[str, Any]:
    """Scores of the variations, each beside those of the unchanged configuration.

    Args:
        run: training run of a system of finished networks; has a scheme ``cv0``.
        table: labelled clips.
        names: names of variations, from ``VARIATIONS``.
        log: receives one line for each step.

    Returns:
        The system, and one entry for each variation: its scores, as in
        ``training.evaluation.scorecard``, and the mean difference of the clips' log losses to the
        unchanged configuration.

    Raises:
        ValueError: the system has no finished networks.
        DatasetError, CheckpointError: as ``training.trainers.training_run.train``.
    """
    networks = run.trainer
    if not isinstance(networks, Networks):
        raise ValueError(f"{run.name}: only networks have a config that can be varied")
    entries = []
    reference: NDArray[np.float64] | None = None
    for name in (AS_TRAINED, *(name for name in names if name != AS_TRAINED)):
        log(f"variation: {name}")
        varied = replace(run, trainer=VARIATIONS[name](networks))
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
