"""Trains a system: held-out logits under several schemes of folds, calibration, weights, card."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from grader.metrics import clip_losses, score
from model import __version__, cards
from model.calibration import Calibration, smoothed
from model.frontends import AnyFrontEnd, parameters
from model.genres import GENRES
from training import designs, fit, heldout, initial, precision, teacher
from training.calibrate import chosen_calibration, nested_posteriors
from training.classics import CLASSICS, WINDOW_FRAMES, Classic
from training.dataset import ClipTable, Spectrogram, spectrograms
from training.folds import Folds
from training.recipes import FUSION

Log = Callable[[str], None]

PRIOR_SMOOTHING = 0.01

_UNFINISHED: dict[str, Any] = {
    "kept": 0.0,
    "refitted": False,
    "refit_strength": 0.0,
    "refit_teaching": 0.0,
    "quiet": 0.0,
}
"""Of a recipe: all that only finishes a trained network."""

_COMPARED = 50
"""Clips that both precisions answer."""


@dataclass(frozen=True)
class Plan:
    """What to train from, and where results go.

    Attributes:
        name: of the system.
        summary: one line about it.
        branches: of its network.
        schemes: fold of each clip by name; a clip whose fold is negative is only trained on. The
            first scheme calibrates.
        files: path of each published file of initial weights; None for random ones.
        embeddings: folder of the teachers' embeddings.
        teachers: names of embeddings, or none.
        fitted_to: clips that the shipped weights may see, or None for all.
        seed: of crops, order and dropout.
        work: folder for what is finished, so that training can go on.
        weights_folder: where the weights and their card go.
        results_folder: where held-out logits go.
        recipe: how the network is fitted.
        architecture: module of ``model.systems``.
        size: of an architecture that comes in several.
    """

    name: str
    summary: str
    branches: tuple[str, ...]
    schemes: Mapping[str, Folds]
    files: Mapping[str, Path] | None
    embeddings: Path
    teachers: tuple[str, ...]
    seed: int
    work: Path
    weights_folder: Path
    results_folder: Path
    fitted_to: NDArray[np.int_] | None = None
    recipe: fit.Recipe = field(default_factory=fit.Recipe)
    architecture: str = FUSION
    size: str = ""

    @cached_property
    def design(self) -> designs.Design:
        """How networks of the architecture are made and trained."""
        return designs.design(self.architecture, self.branches, self.size)

    @property
    def classic(self) -> Classic | None:
        """The same of an architecture that is no network, for which the recipe says nothing."""
        return CLASSICS.get(self.architecture)

    @property
    def front_end(self) -> AnyFrontEnd:
        """What clips are turned into first."""
        return self.classic.front_end if self.classic else self.design.front_end

    @property
    def window_frames(self) -> int:
        """Frames that are predicted at once."""
        return WINDOW_FRAMES if self.classic else self.design.window_frames

    @property
    def suffix(self) -> str:
        """Of the file of weights."""
        return self.classic.suffix if self.classic else ".weights.h5"

    @property
    def settings(self) -> Mapping[str, Any]:
        """How it is fitted, as json values."""
        return self.classic.settings if self.classic else asdict(self.recipe)


@dataclass(frozen=True)
class Material:
    """Everything that a fit may use of the clips, one entry a clip."""

    table: ClipTable
    spectrograms: list[Spectrogram]
    start: Mapping[str, NDArray[np.float32]]
    embeddings: NDArray[np.float32] | None


def train(plan: Plan, table: ClipTable, log: Log) -> cards.Card:
    """Carry out a plan and return the card that was written.

    Raises:
        DatasetError: the data cannot be used.
        CheckpointError: a file of initial weights is not what it should be.
    """
    material = _material(plan, table, log)
    schemes = {}
    for name, folds in plan.schemes.items():
        schemes[name] = (folds, _held_out_logits(plan, material, name, folds, log))
    weights = _final_weights(plan, material, log)
    folds, logits = next(iter(schemes.values()))
    held = folds >= 0
    genres = table.genres[held]
    chosen = _all(table) if plan.fitted_to is None else plan.fitted_to
    card = cards.Card(
        name=plan.name,
        summary=plan.summary,
        architecture=plan.architecture,
        branches=plan.branches,
        size=plan.size,
        weights=cards.describe_weights(weights),
        front_end=plan.front_end,
        window_frames=plan.window_frames,
        calibration=chosen_calibration(logits[held], genres, folds[held]),
        training_prior=tuple(_mix(table.genres[chosen]).round(6).tolist()),
        training=_provenance(plan, table, chosen),
        validation=_validation(logits[held], genres, folds[held]),
        calibrated=plan.architecture == FUSION,  # others answer as their authors' did
    )
    cards.write(card, plan.weights_folder)
    log(json.dumps(card.validation))
    if all((folds >= 0).all() for folds, _ in schemes.values()):
        heldout.write(heldout.path_of(plan.results_folder, plan.name), table, schemes)
    return card


def _material(plan: Plan, table: ClipTable, log: Log) -> Material:
    log_mels = spectrograms(table, plan.front_end, plan.work.parent / "spectrograms", log)
    embeddings = None
    if plan.teachers:
        embeddings = teacher.read_embeddings(plan.embeddings, plan.teachers, table)
    start: Mapping[str, NDArray[np.float32]] = {}
    if plan.files is not None:
        start = _start_features(plan, table, log_mels, log)
    return Material(table, log_mels, start, embeddings)


def _start_features(
    plan: Plan, table: ClipTable, log_mels: list[Spectrogram], log: Log
) -> Mapping[str, NDArray[np.float32]]:
    """What the untouched branches make of all clips, kept in the work folder."""
    kept = plan.work / f"start_{_key(plan, table)}.npz"
    if not kept.exists():
        log("features of all clips by the initial weights")
        network = _initial_network(plan, plan.design.window_frames)
        features = fit.branch_features(network, plan.branches, log_mels)
        unfinished = kept.with_name("unfinished.npz")
        np.savez(unfinished, **features)  # type: ignore[arg-type]
        unfinished.replace(kept)
    with np.load(kept) as arrays:
        return {name: arrays[name] for name in plan.branches}


def _initial_network(plan: Plan, frames: int) -> keras.Model:
    if plan.files is None:
        return plan.design.random_network(frames, plan.seed)
    network = plan.design.network(frames)
    initial.load(network, plan.design.front_end, plan.branches, plan.files)
    return network


def _fitted(
    plan: Plan, material: Material, name: str, chosen: NDArray[np.int_], log: Log
) -> designs.Fitted:
    """What was fitted to the chosen clips, ready to predict."""
    if plan.classic is None:
        return designs.FittedNetwork(_network(plan, material, name, chosen, log), plan.design)
    log(f"{name}: fitting to {len(chosen)} clips by {plan.classic.library}")
    clips = [material.spectrograms[index] for index in chosen]
    return plan.classic.fitted(clips, material.table.genres[chosen], plan.seed, log)


def _network(
    plan: Plan, material: Material, name: str, chosen: NDArray[np.int_], log: Log
) -> keras.Model:
    """A network for whole windows, trained on the chosen clips and finished."""
    genres = material.table.genres[chosen]
    groups = [material.table.groups[index] for index in chosen]
    posteriors = standardised = None
    if material.embeddings is not None:
        taught = material.embeddings[chosen]
        posteriors = teacher.soft_targets(
            taught, genres, groups, plan.recipe.teacher_strength, plan.seed, plan.work.parent
        )
        standardised = (taught - taught.mean(axis=0)) / (taught.std(axis=0) + 1e-6)
    lesson = fit.Lesson(
        spectrograms=[material.spectrograms[index] for index in chosen],
        genres=genres,
        start={name: features[chosen] for name, features in material.start.items()},
        posteriors=posteriors,
        embeddings=standardised,
        groups=groups,
    )
    whole = plan.design.network(plan.design.window_frames)
    whole.load_weights(_trained(plan, material, name, lesson, log))
    if plan.recipe.kept:
        start = _initial_network(plan, plan.design.window_frames)
        fit.average(start, whole, plan.recipe.kept)
    if plan.recipe.refitted:
        fit.refit(whole, lesson, plan.recipe)
    return whole


def _trained(plan: Plan, material: Material, name: str, lesson: fit.Lesson, log: Log) -> Path:
    """Weights of all layers after training; another way to finish them finds them again."""
    unfinished_recipe = replace(plan.recipe, **_UNFINISHED)
    key = _key(replace(plan, recipe=unfinished_recipe), material.table)
    kept = plan.work / f"trained_{name}_{key}.weights.h5"
    if not kept.exists():
        log(f"{name}: training on {len(lesson.genres)} clips")
        network = _initial_network(plan, plan.recipe.crop_frames)
        plan.design.fit(network, lesson, plan.design.front_end, plan.recipe, plan.seed, log)
        unfinished = kept.with_name("unfinished.weights.h5")
        network.save_weights(unfinished)
        unfinished.replace(kept)
    return kept


def _held_out_logits(
    plan: Plan, material: Material, scheme: str, folds: Folds, log: Log
) -> NDArray[np.float32]:
    """Logits of every clip by a network that saw no clip of its fold, shape [clips, 16]."""
    genres = material.table.genres
    logits = np.zeros((len(folds), len(GENRES)), np.float32)
    for fold in np.unique(folds[folds >= 0]):
        kept = plan.work / f"{scheme}_{fold}_{_key(plan, material.table)}.npy"
        held = np.flatnonzero(folds == fold)
        if not kept.exists():
            chosen = np.flatnonzero(folds != fold)
            fitted = _fitted(plan, material, f"{scheme}_{fold}", chosen, log)
            clips = [material.spectrograms[index] for index in held]
            unfinished = kept.with_name("unfinished.npy")
            np.save(unfinished, fitted.predict(clips))
            unfinished.replace(kept)
        logits[held] = np.load(kept)
        losses = clip_losses(Calibration().posteriors(logits[held]), genres[held])
        log(f"{scheme}, fold {fold + 1}: log loss {losses.mean():.3f} before calibration")
    return logits


def _final_weights(plan: Plan, material: Material, log: Log) -> Path:
    kept = plan.work / f"final_{_key(plan, material.table)}{plan.suffix}"
    if not kept.exists():
        chosen = _all(material.table) if plan.fitted_to is None else plan.fitted_to
        unfinished = kept.with_name(f"unfinished{plan.suffix}")
        _fitted(plan, material, "final", chosen, log).save(unfinished)
        unfinished.replace(kept)
    plan.weights_folder.mkdir(parents=True, exist_ok=True)
    weights = plan.weights_folder / f"{plan.name}{plan.suffix}"
    if plan.recipe.halved:
        _halve(plan, material, kept, weights, log)
    else:
        weights.write_bytes(kept.read_bytes())
    return weights


def _halve(plan: Plan, material: Material, kept: Path, weights: Path, log: Log) -> None:
    """Write weights in half precision, if some clips are answered the same.

    Raises:
        PrecisionError: they are not, or a weight is too large.
    """
    precision.halve(kept, weights)
    network = plan.design.network(plan.design.window_frames)
    clips = material.spectrograms[:: -(-len(material.spectrograms) // _COMPARED)]
    answers = []
    for path in (kept, weights):
        network.load_weights(path)
        logits = plan.design.predict(network, clips, plan.design.window_frames)
        answers.append(Calibration().posteriors(logits))
    change = float(np.abs(answers[1] - answers[0]).max())
    log(f"half precision: probabilities of {len(clips)} clips change by {change:.1e} at most")
    if change > precision.TOLERANCE:
        weights.unlink()
        raise precision.PrecisionError(
            f"{weights.name}: in half precision a probability changes by {change:.1e}; "
            "train with halved=False"
        )


def _key(plan: Plan, table: ClipTable) -> str:
    """Changes with everything that changes a fitted network, but not with folders."""
    origins = [] if plan.files is None else [initial.ORIGINS[name].sha256 for name in plan.branches]
    parts = [table.digest, plan.branches, origins, plan.teachers, plan.seed]
    if plan.architecture != FUSION:
        parts += [plan.architecture, plan.size]
    library = plan.classic.library if plan.classic else keras.backend.backend()
    settings = {name: value for name, value in plan.settings.items() if name != "halved"}
    text = json.dumps([*parts, settings, parameters(plan.front_end), library])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _all(table: ClipTable) -> NDArray[np.int_]:
    return np.arange(len(table))


def _mix(genres: NDArray[np.int_]) -> NDArray[np.float64]:
    return smoothed(np.bincount(genres, minlength=len(GENRES)), PRIOR_SMOOTHING)


def _validation(
    logits: NDArray[np.float32], genres: NDArray[np.int_], folds: Folds
) -> dict[str, Any]:
    """Scores on clips that the scored network had not seen; more of them: training.evaluate."""
    posteriors = nested_posteriors(logits, genres, folds)
    return {
        "method": "no artist in two folds; calibration from the other folds; mix of the clips",
        "scores": score(posteriors, genres).as_dict(),
    }


def _provenance(plan: Plan, table: ClipTable, chosen: NDArray[np.int_]) -> dict[str, Any]:
    counts = np.bincount(table.genres[chosen], minlength=len(GENRES)).tolist()
    sources = [table.sources[index] for index in chosen]
    origins = [] if plan.files is None else [initial.ORIGINS[name] for name in plan.branches]
    return {
        "project_version": __version__,
        "clips": len(chosen),
        "groups": len({table.groups[index] for index in chosen}),
        "clips_of_genre": dict(zip(GENRES, counts, strict=True)),
        "clips_of_source": {name: sources.count(name) for name in sorted(set(sources))},
        "table_sha256": table.digest,
        "initial_weights": [asdict(origin) for origin in dict.fromkeys(origins)],
        "teachers": list(plan.teachers),
        "recipe": plan.settings,
        "seed": plan.seed,
        **_library(plan),
    }


def _library(plan: Plan) -> dict[str, str]:
    if plan.classic:
        return {"library": plan.classic.library}
    return {"keras": f"{keras.__version__} ({keras.backend.backend()})"}
