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
from model.errors import GenreError
from model.genres import GENRES
from model.probabilities.calibration import Calibration
from model.systems import cards
from training.architectures.systems import SystemSpec
from training.data.dataset import ClipTable, class_prior, spectrograms
from training.data.folds import OFFICIAL, Folds, Split
from training.data.store import Spectrogram, Subset
from training.evaluation import heldout
from training.evaluation.calibration import (
    fit_calibration,
    held_out_posteriors,
    shipped_calibration,
)
from training.evaluation.heldout import Logits, Schemes
from training.log import Log
from training.trainers.onnx_graph import with_graph
from training.trainers.trainer import Fit, Fitted, Trainer, key


@dataclass(frozen=True)
class TrainingRun:
    """What to train, on which parts of the clips, and where results go.

    Attributes:
        name: name of the system.
        spec: architecture of the system.
        trainer: how the system is fitted.
        schemes: fold of each clip by name of the scheme, for cross-validation. The first scheme is
            scored; ``shipped_calibration`` says to which scheme the calibration is fitted. With a
            split there are none.
        work: folder of finished parts, from which an interrupted run continues.
        weights_folder: folder of the weights and their card.
        results_folder: folder of the held-out logits.
        split: parts of the clips, None for cross-validation and a last fit to all clips.
    """

    name: str
    spec: SystemSpec
    trainer: Trainer
    schemes: Mapping[str, Folds]
    work: Path
    weights_folder: Path
    results_folder: Path
    split: Split | None = None


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
    if run.split:
        held_out = _fit_split(run, run.split, table, clips, fit, log)
        fitted_to = run.split.training
    else:
        held_out = _cross_validated(run, table, clips, fit, log)
        fitted_to = np.arange(len(table))
        _fit_all(run, table, fit, log)
    weights = _copy_weights(run, table)
    card = cards.Card(
        name=run.name,
        summary=run.spec.summary,
        architecture=run.spec.architecture,
        parameters=dict(run.spec.parameters),
        weights=cards.describe(weights),
        front_end=run.trainer.front_end,
        window_frames=run.trainer.window_frames,
        calibration=held_out.calibration,
        training_prior=tuple(class_prior(table.genres[fitted_to]).round(6).tolist()),
        training=_provenance(run, table, fitted_to),
        validation=held_out.validation,
        calibrated=held_out.is_better_calibrated,
    )
    try:
        card = with_graph(card, run.weights_folder)
    except GenreError as error:  # hours of training are not lost for it
        log(f"without a graph for ONNX Runtime, so only Keras runs it: {error}")
    results = heldout.path_of(run.results_folder, run.name)
    heldout.write(results, held_out.table, held_out.schemes)
    path = cards.write(card, run.weights_folder)
    log(json.dumps(card.validation))
    log(f"written: {path}, {weights}, {results}")
    return card


@dataclass(frozen=True)
class _HeldOut:
    """Logits of clips that the network did not see, and what follows from them for the card."""

    table: ClipTable
    schemes: Schemes
    calibration: Calibration
    validation: dict[str, Any]
    is_better_calibrated: bool


def _cross_validated(
    run: TrainingRun, table: ClipTable, clips: Sequence[Spectrogram], fit: Fit, log: Log
) -> _HeldOut:
    schemes = _held_out(run, table, clips, fit, log)
    folds, logits = next(iter(schemes.values()))
    posteriors = held_out_posteriors(logits, table.genres, folds)
    validation = {
        "method": "no artist in two folds; calibration from the other folds; mix of the clips",
        "scores": score(posteriors, table.genres).as_dict(),
    }
    calibration = shipped_calibration(schemes, table.genres)
    better = _is_better(posteriors, logits, table.genres)
    return _HeldOut(table, schemes, calibration, validation, better)


def _fit_split(
    run: TrainingRun,
    split: Split,
    table: ClipTable,
    clips: Sequence[Spectrogram],
    fit: Fit,
    log: Log,
) -> _HeldOut:
    """Fit to the training part; calibrate on the validation part; score the test part."""
    shipped = _shipped(run, table)
    cached = run.work / f"{OFFICIAL}_{key(run.trainer, table)}.npy"
    rows = np.sort(np.concatenate([split.validation, split.test]))
    if not (cached.exists() and shipped.exists()):
        fitted = fit(OFFICIAL, split.training, split.validation)
        log(f"predicting {len(rows)} clips of the validation and test parts")
        _write_array(cached, fitted.predict(Subset(clips, rows)))
        _write_weights(shipped, fitted, log)
    held, folds, logits = table.select(rows), split.folds(len(table))[rows], np.load(cached)
    chosen, test = folds == 0, folds == 1
    calibration = fit_calibration(logits[chosen], held.genres[chosen])
    posteriors = calibration.posteriors(logits[test])
    validation = {
        "method": "split into parts without common artists: calibration and choice of the epoch on "
        f"{chosen.sum()} validation clips, scores of {test.sum()} test clips",
        "scores": score(posteriors, held.genres[test]).as_dict(),
    }
    better = _is_better(posteriors, logits[test], held.genres[test])
    return _HeldOut(held, {OFFICIAL: (folds, logits)}, calibration, validation, better)


def _is_better(
    calibrated: NDArray[np.float64], logits: NDArray[np.float32], genres: NDArray[np.int_]
) -> bool:
    """Whether calibrated posteriors have a lower log loss than the softmax of the logits."""
    raw = clip_losses(Calibration().posteriors(logits), genres)
    return bool(clip_losses(calibrated, genres).mean() < raw.mean())


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
    """Logits of every clip by a network that was not fitted to a clip of its fold."""
    schemes: dict[str, tuple[Folds, Logits]] = {}
    for scheme, folds in run.schemes.items():
        logits = np.zeros((len(table), len(GENRES)), np.float32)
        count = len(np.unique(folds))
        for fold in range(count):
            name = f"{scheme}_{fold}_of_{count}"  # another division must not find these files
            cached = run.work / f"{name}_{key(run.trainer, table)}.npy"
            held = np.flatnonzero(folds == fold)
            if not cached.exists():
                fitted = fit(name, np.flatnonzero(folds != fold), None)
                _write_array(cached, fitted.predict(Subset(clips, held)))
            logits[held] = np.load(cached)
            losses = clip_losses(Calibration().posteriors(logits[held]), table.genres[held])
            log(f"{scheme}, fold {fold + 1}: log loss {losses.mean():.3f} before calibration")
        schemes[scheme] = (folds, logits)
    return schemes


def _fit_all(run: TrainingRun, table: ClipTable, fit: Fit, log: Log) -> None:
    shipped = _shipped(run, table)
    if not shipped.exists():
        _write_weights(shipped, fit("final", np.arange(len(table)), None), log)


def _shipped(run: TrainingRun, table: ClipTable) -> Path:
    """The file of weights to ship, in the work folder."""
    return run.work / f"shipped_{key(run.trainer, table)}{run.trainer.suffix}"


def _write_weights(path: Path, fitted: Fitted, log: Log) -> None:
    unfinished = path.with_name(f"unfinished_{path.name}")
    fitted.save(unfinished, log)
    unfinished.replace(path)


def _write_array(path: Path, values: NDArray[np.float32]) -> None:
    unfinished = path.with_name(f"unfinished_{path.name}")
    np.save(unfinished, values)
    unfinished.replace(path)


def _copy_weights(run: TrainingRun, table: ClipTable) -> Path:
    run.weights_folder.mkdir(parents=True, exist_ok=True)
    weights = run.weights_folder / f"{run.name}{run.trainer.suffix}"
    weights.write_bytes(_shipped(run, table).read_bytes())
    return weights


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
