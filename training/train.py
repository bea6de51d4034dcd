"""Trains the system ``mobilenet``: cross-validation, calibration, final weights and their card."""

import csv
import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from grader.metrics import Scores, score
from model import __version__, cards
from model.calibration import smoothed
from model.genres import FMA_MEDIUM_CLIPS, GENRES
from model.systems import mobilenet
from training import fit, initial, teacher
from training.calibrate import fit_calibration, nested_posteriors
from training.dataset import ClipTable, Spectrogram, read_table, spectrograms

Log = Callable[[str], None]

WINDOW_FRAMES = 1000
"""Frames of one pass of the network: ten seconds, as in AudioSet."""

PRIOR_SMOOTHING = 0.01
DROPOUT = 0.2


@dataclass(frozen=True)
class Plan:
    """What to train from, and where results go.

    Attributes:
        data: folder of ``clips.csv`` and ``embeddings/``.
        initial: the checkpoint ``mn04_as``.
        initial_sha256: its hash in hexadecimal.
        teachers: names of embeddings, or none.
        folds: number of cross-validation folds.
        seed: of folds, crops and dropout.
        work: folder for what is finished, so that training can go on.
        weights_folder: where the weights and their card go.
        results_folder: where scores and held-out predictions go.
        recipe: how the network is fitted.
    """

    data: Path
    initial: Path
    initial_sha256: str
    teachers: tuple[str, ...]
    folds: int
    seed: int
    work: Path
    weights_folder: Path
    results_folder: Path
    recipe: fit.Recipe = field(default_factory=fit.Recipe)


@dataclass(frozen=True)
class Material:
    """Everything that a fit may use of the clips, one entry a clip."""

    table: ClipTable
    spectrograms: list[Spectrogram]
    start: NDArray[np.float32]
    embeddings: NDArray[np.float32] | None


def train(plan: Plan, log: Log) -> cards.Card:
    """Carry out a plan and return the card that was written.

    Raises:
        DatasetError: the data cannot be used.
        CheckpointError: the initial weights are not what the plan says.
    """
    material = _material(plan, log)
    genres = material.table.genres
    folds = fold_numbers(material.table, plan.folds, plan.seed)
    logits = np.zeros((len(genres), len(GENRES)), np.float32)
    for fold in range(plan.folds):
        logits[folds == fold] = _held_out_logits(plan, material, folds, fold, log)
    calibration = fit_calibration(logits, genres)
    posteriors = nested_posteriors(logits, genres, folds)
    validation = _validation(material, folds, posteriors, plan)
    log(json.dumps(validation["scores"]))
    weights = _final_weights(plan, material, log)
    card = cards.Card(
        name="mobilenet",
        summary="MobileNetV3 on log-mel, from AudioSet weights: small, quick, the default",
        architecture="mobilenet",
        weights=cards.describe_weights(weights),
        front_end=initial.FRONT_END,
        window_frames=WINDOW_FRAMES,
        calibration=calibration,
        training_prior=tuple(_mix(genres).round(6).tolist()),
        training=_provenance(plan, material.table),
        validation=validation,
    )
    cards.write(card, plan.weights_folder)
    _write_predictions(plan.results_folder, material.table, folds, posteriors)
    return card


def fold_numbers(table: ClipTable, folds: int, seed: int) -> NDArray[np.int_]:
    """Fold of each clip, shape [clips]: stratified by genre, no group in two folds."""
    numbers = np.zeros(len(table), int)
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    parts = splitter.split(table.genres, table.genres, list(table.groups))
    for number, (_, held) in enumerate(parts):
        numbers[held] = number
    return numbers


def _material(plan: Plan, log: Log) -> Material:
    table = read_table(plan.data / "clips.csv")
    log_mels = spectrograms(table, initial.FRONT_END, plan.work, log)
    embeddings = None
    if plan.teachers:
        embeddings = teacher.read_embeddings(plan.data / "embeddings", plan.teachers, table)
    log("embedding all clips with the initial weights")
    untouched = _initial_network(plan)
    embed = keras.Model(untouched.input, untouched.get_layer("embedding").output)
    return Material(table, log_mels, fit.predict(embed, log_mels, WINDOW_FRAMES), embeddings)


def _initial_network(plan: Plan) -> keras.Model:
    network = mobilenet.network(initial.FRONT_END.mel_bands, None, DROPOUT)
    initial.mobilenet_from_mn04(network, plan.initial, plan.initial_sha256)
    return network


def _fitted(plan: Plan, material: Material, chosen: NDArray[np.int_], log: Log) -> keras.Model:
    """A network trained on the chosen clips."""
    genres = material.table.genres[chosen]
    posteriors = standardised = None
    if material.embeddings is not None:
        taught = material.embeddings[chosen]
        groups = [material.table.groups[index] for index in chosen]
        posteriors = teacher.soft_targets(
            taught, genres, groups, plan.recipe.teacher_strength, plan.seed
        )
        standardised = (taught - taught.mean(axis=0)) / (taught.std(axis=0) + 1e-6)
    lesson = fit.Lesson(
        [material.spectrograms[index] for index in chosen], genres, posteriors, standardised
    )
    network = _initial_network(plan)
    start = material.start[chosen]
    fit.fit(network, lesson, start, initial.FRONT_END, plan.recipe, plan.seed, log)
    return network


def _held_out_logits(
    plan: Plan, material: Material, folds: NDArray[np.int_], fold: int, log: Log
) -> NDArray[np.float32]:
    kept = plan.work / f"fold{fold}_{_key(plan, material.table)}.npy"
    if not kept.exists():
        log(f"fold {fold + 1} of {plan.folds}")
        network = _fitted(plan, material, np.flatnonzero(folds != fold), log)
        held = [material.spectrograms[index] for index in np.flatnonzero(folds == fold)]
        unfinished = kept.with_name("unfinished.npy")
        np.save(unfinished, fit.predict(network, held, WINDOW_FRAMES))
        unfinished.replace(kept)
    logits: NDArray[np.float32] = np.load(kept)
    return logits


def _final_weights(plan: Plan, material: Material, log: Log) -> Path:
    kept = plan.work / f"final_{_key(plan, material.table)}.weights.h5"
    if not kept.exists():
        log("final training on all clips")
        network = _fitted(plan, material, np.arange(len(material.table)), log)
        unfinished = kept.with_name("unfinished.weights.h5")
        network.save_weights(unfinished)
        unfinished.replace(kept)
    plan.weights_folder.mkdir(parents=True, exist_ok=True)
    weights = plan.weights_folder / "mobilenet.weights.h5"
    weights.write_bytes(kept.read_bytes())
    return weights


def _key(plan: Plan, table: ClipTable) -> str:
    """Changes with everything that changes a fitted network, but not with folders."""
    front_end = asdict(initial.FRONT_END)
    parts = [table.digest, plan.initial_sha256, plan.teachers, plan.folds, plan.seed]
    text = json.dumps([*parts, asdict(plan.recipe), front_end, keras.backend.backend()])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _mix(genres: NDArray[np.int_]) -> NDArray[np.float64]:
    return smoothed(np.bincount(genres, minlength=len(GENRES)), PRIOR_SMOOTHING)


def _validation(
    material: Material, folds: NDArray[np.int_], posteriors: NDArray[np.float64], plan: Plan
) -> dict[str, Any]:
    """Scores on clips that the scored network had not seen, beside those of simpler answers."""
    genres = material.table.genres
    count = len(GENRES)
    prior = np.zeros_like(posteriors)
    probe = np.zeros_like(posteriors)
    for fold in range(plan.folds):
        held = folds == fold
        prior[held] = _mix(genres[~held])
        frozen = teacher.fit_probe(material.start[~held], genres[~held], plan.recipe.probe_strength)
        probe[held] = frozen.posteriors(material.start[held])
    probe = nested_posteriors(np.log(probe), genres, folds)
    tables = {
        "mobilenet": posteriors,
        "frozen initial network, logistic regression": probe,
        "class prior of the training folds": prior,
        "fma_medium prior": np.tile(smoothed(np.array(FMA_MEDIUM_CLIPS), 0.0), (len(genres), 1)),
        "uniform": np.full_like(posteriors, 1.0 / count),
    }
    scores: dict[str, Scores] = {name: score(table, genres) for name, table in tables.items()}
    return {
        "method": f"{plan.folds} folds, no artist in two; calibration from the other folds; "
        "class mix of the clips",
        "scores": {name: value.as_dict() for name, value in scores.items()},
    }


def _provenance(plan: Plan, table: ClipTable) -> dict[str, Any]:
    counts = np.bincount(table.genres, minlength=len(GENRES)).tolist()
    return {
        "project_version": __version__,
        "clips": len(table),
        "groups": len(set(table.groups)),
        "clips_of_genre": dict(zip(GENRES, counts, strict=True)),
        "clips_of_source": {s: table.sources.count(s) for s in sorted(set(table.sources))},
        "table_sha256": table.digest,
        "initial_weights": {
            "name": "mn04_as of EfficientAT (F. Schmid, 2022), trained on AudioSet",
            "sha256": plan.initial_sha256,
            "licence": "MIT",
        },
        "teachers": list(plan.teachers),
        "recipe": asdict(plan.recipe),
        "seed": plan.seed,
        "keras": f"{keras.__version__} ({keras.backend.backend()})",
    }


def _write_predictions(
    folder: Path, table: ClipTable, folds: NDArray[np.int_], posteriors: NDArray[np.float64]
) -> None:
    """Held-out posteriors of every clip, as ``mobilenet.heldout.csv``."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "mobilenet.heldout.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["clip_id", "genre", "fold", *GENRES])
        for row, clip in enumerate(table.ids):
            values = [f"{value:.4f}" for value in posteriors[row]]
            writer.writerow([clip, GENRES[table.genres[row]], folds[row], *values])
