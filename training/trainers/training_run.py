"""Trains a system: held-out logits under several schemes of folds, calibration, weights, card."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.judging.metrics import clip_losses, score
from model import __version__
from model.genres import GENRES
from model.probabilities.calibration import Calibration
from model.systems import cards
from training.architectures.systems import FUSION, SystemSpec
from training.data.dataset import ClipTable, class_prior, spectrograms
from training.data.folds import Folds
from training.data.store import Spectrogram, Subset
from training.evaluation import heldout
from training.evaluation.calibration import held_out_posteriors, shipped_calibration
from training.evaluation.heldout import Logits, Schemes
from training.log import Log
from training.trainers.trainer import Fit, Trainer, key


@dataclass(frozen=True)
class TrainingRun:
    """What to train, on which parts of the clips, and where results go.

    Attributes:
        name: of the system.
        spec: what it consists of.
        trainer: how it is fitted.
        schemes: fold of each clip by name; a clip whose fold is negative is only trained on. The
            first is scored; for which one calibrates, see ``shipped_calibration``.
        work: folder for what is finished, so that training can go on.
        weights_folder: where the weights and their card go.
        results_folder: where held-out logits go.
        fitted_to: clips that the shipped weights may see, or None for all.
    """

    name: str
    spec: SystemSpec
    trainer: Trainer
    schemes: Mapping[str, Folds]
    work: Path
    weights_folder: Path
    results_folder: Path
    fitted_to: NDArray[np.int_] | None = None


def train(run: TrainingRun, table: ClipTable, log: Log) -> cards.Card:
    """Carry out a run and return the card that was written.

    Raises:
        DatasetError: the data cannot be used.
        CheckpointError: a file of initial weights is not what it should be.
        PrecisionError: the weights cannot be shipped in half precision; those that were shipped
            before are left alone.
    """
    clips = _spectrograms(run, table, log)
    fit = run.trainer.prepared(table, clips, log)
    schemes = _held_out(run, table, clips, fit, log)
    weights = _weights(run, table, fit, log)
    folds, logits = next(iter(schemes.values()))
    held = folds >= 0
    genres = table.genres[held]
    chosen = _chosen(run, table)
    card = cards.Card(
        name=run.name,
        summary=run.spec.summary,
        architecture=run.spec.architecture,
        parameters=dict(run.spec.parameters),
        weights=cards.describe_weights(weights),
        front_end=run.trainer.front_end,
        window_frames=run.trainer.window_frames,
        calibration=shipped_calibration(schemes, table.genres),
        training_prior=tuple(class_prior(table.genres[chosen]).round(6).tolist()),
        training=_provenance(run, table, chosen),
        validation=_validation(logits[held], genres, folds[held]),
        # others answer as their authors' did
        calibrated=run.spec.architecture == FUSION,
    )
    cards.write(card, run.weights_folder)
    log(json.dumps(card.validation))
    if all((folds >= 0).all() for folds, _ in schemes.values()):
        heldout.write(heldout.path_of(run.results_folder, run.name), table, schemes)
    return card


def cross_validate(run: TrainingRun, table: ClipTable, log: Log) -> Schemes:
    """Only the held-out logits of a run, by its schemes; nothing is fitted to all clips.

    Raises:
        DatasetError: the data cannot be used.
        CheckpointError: a file of initial weights is not what it should be.
    """
    clips = _spectrograms(run, table, log)
    return _held_out(run, table, clips, run.trainer.prepared(table, clips, log), log)


def _spectrograms(run: TrainingRun, table: ClipTable, log: Log) -> Sequence[Spectrogram]:
    return spectrograms(table, run.trainer.front_end, run.work.parent / "spectrograms", log)


def _held_out(
    run: TrainingRun, table: ClipTable, clips: Sequence[Spectrogram], fit: Fit, log: Log
) -> Schemes:
    """Logits of every clip by what had not seen a clip of its fold."""
    schemes: dict[str, tuple[Folds, Logits]] = {}
    for scheme, folds in run.schemes.items():
        logits = np.zeros((len(table), len(GENRES)), np.float32)
        for fold in np.unique(folds[folds >= 0]):
            cached = run.work / f"{scheme}_{fold}_{key(run.trainer, table)}.npy"
            held = np.flatnonzero(folds == fold)
            if not cached.exists():
                fitted = fit(f"{scheme}_{fold}", np.flatnonzero(folds != fold))
                unfinished = cached.with_name("unfinished.npy")
                np.save(unfinished, fitted.predict(Subset(clips, held)))
                unfinished.replace(cached)
            logits[held] = np.load(cached)
            losses = clip_losses(Calibration().posteriors(logits[held]), table.genres[held])
            log(f"{scheme}, fold {fold + 1}: log loss {losses.mean():.3f} before calibration")
        schemes[scheme] = (folds, logits)
    return schemes


def _weights(run: TrainingRun, table: ClipTable, fit: Fit, log: Log) -> Path:
    """The file of weights to ship."""
    cached = run.work / f"shipped_{key(run.trainer, table)}{run.trainer.suffix}"
    if not cached.exists():
        unfinished = cached.with_name(f"unfinished{run.trainer.suffix}")
        fit("final", _chosen(run, table)).save(unfinished, log)
        unfinished.replace(cached)
    run.weights_folder.mkdir(parents=True, exist_ok=True)
    weights = run.weights_folder / f"{run.name}{run.trainer.suffix}"
    weights.write_bytes(cached.read_bytes())
    return weights


def _chosen(run: TrainingRun, table: ClipTable) -> NDArray[np.int_]:
    return np.arange(len(table)) if run.fitted_to is None else run.fitted_to


def _validation(logits: Logits, genres: NDArray[np.int_], folds: Folds) -> dict[str, Any]:
    """Scores on clips that the scored network had not seen; more of them: ``evaluate``."""
    posteriors = held_out_posteriors(logits, genres, folds)
    return {
        "method": "no artist in two folds; calibration from the other folds; mix of the clips",
        "scores": score(posteriors, genres).as_dict(),
    }


def _provenance(run: TrainingRun, table: ClipTable, chosen: NDArray[np.int_]) -> dict[str, Any]:
    counts = np.bincount(table.genres[chosen], minlength=len(GENRES)).tolist()
    sources = [table.sources[index] for index in chosen]
    return {
        "project_version": __version__,
        "clips": len(chosen),
        "groups": len({table.groups[index] for index in chosen}),
        "clips_of_genre": dict(zip(GENRES, counts, strict=True)),
        "clips_of_source": {name: sources.count(name) for name in sorted(set(sources))},
        "table_sha256": table.digest,
        **run.trainer.provenance,
    }
