"""Fits networks: from published or random weights, with or without teachers.

What is trained is kept apart from how it is finished, so that another finish costs minutes.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, ClassVar, Final

import keras
import numpy as np
from numpy.typing import NDArray

from model.frontends.parameters import parameters
from model.frontends.spectrogram import FrontEnd
from model.probabilities.calibration import Calibration
from model.systems.ours.fusion import MOBILENET
from training.architectures.systems import FUSION, Ingredients
from training.data.dataset import ClipTable, Spectrogram
from training.data.embeddings import read_embeddings
from training.initial import branches as initial
from training.initial import tags
from training.trainers import architecture, distillation, fine_tuning, half_precision
from training.trainers.trainer import Fit, Log, key

_UNFINISHED: Final[dict[str, Any]] = {
    "kept": 0.0,
    "refitted": False,
    "refit_strength": 0.0,
    "refit_teaching": 0.0,
    "quiet": 0.0,
    "tagged": 0.0,
}
"""Of a recipe: all that only finishes a trained network."""

_COMPARED: Final = 50
"""Clips that both precisions answer."""


@dataclass(frozen=True)
class Networks:
    """How networks of one kind are fitted.

    Attributes:
        made_of: architecture, branches and size.
        recipe: how they are trained and finished.
        files: path of each published file of initial weights; None for random ones.
        embeddings: folder of the teachers' embeddings.
        teachers: names of embeddings, or none.
        seed: of crops, order and dropout.
        work: folder for what is finished, so that training can go on.
    """

    made_of: Ingredients
    work: Path
    recipe: fine_tuning.Recipe = field(default_factory=fine_tuning.Recipe)
    files: Mapping[str, Path] | None = None
    embeddings: Path = Path()
    teachers: tuple[str, ...] = ()
    seed: int = 0

    suffix: ClassVar[str] = ".weights.h5"

    @cached_property
    def design(self) -> architecture.Design:
        """How networks of the architecture are made and trained."""
        made_of = self.made_of
        return architecture.design(made_of.architecture, made_of.branches, made_of.size)

    @property
    def front_end(self) -> FrontEnd:
        """Of its spectrograms."""
        return self.design.front_end

    @property
    def window_frames(self) -> int:
        """Length of the windows of prediction."""
        return self.design.window_frames

    @property
    def origins(self) -> list[initial.Origin]:
        """Where each branch starts, if not at random."""
        if self.files is None:
            return []
        return [initial.ORIGINS[name] for name in self.made_of.branches]

    @property
    def identity(self) -> list[Any]:
        """All that a fit depends on beside the clips."""
        made_of = self.made_of
        hashes = [origin.sha256 for origin in self.origins]
        kind = [] if made_of.architecture == FUSION else [made_of.architecture, made_of.size]
        backend = keras.backend.backend()
        start = [made_of.branches, hashes, self.teachers, self.seed, *kind]
        return [*start, asdict(self.recipe), parameters(self.front_end), backend]

    @property
    def provenance(self) -> Mapping[str, Any]:
        """What the card says of it."""
        return {
            "initial_weights": [asdict(origin) for origin in dict.fromkeys(self.origins)],
            "teachers": list(self.teachers),
            "recipe": asdict(self.recipe),
            "seed": self.seed,
            "keras": f"{keras.__version__} ({keras.backend.backend()})",
        }

    def prepared(self, table: ClipTable, spectrograms: list[Spectrogram], log: Log) -> Fit:
        """Read the teachers' embeddings, and let the initial network see all clips.

        Raises:
            DatasetError: an embedding is missing.
            CheckpointError: a file of initial weights is not what it should be.
        """
        embeddings = None
        if self.teachers:
            embeddings = read_embeddings(self.embeddings, self.teachers, table)
        start: Mapping[str, NDArray[np.float32]] = {}
        if self.files is not None:
            start = self._start_features(table, spectrograms, log)
        known = None
        if self.files is not None and MOBILENET in start:
            known = tags.genre_weights(start, MOBILENET, self.files)
        material = _Material(table, spectrograms, start, embeddings, known)
        return partial(self._fitted, material, log)

    def _start_features(
        self, table: ClipTable, spectrograms: list[Spectrogram], log: Log
    ) -> Mapping[str, NDArray[np.float32]]:
        """What the untouched branches make of all clips, kept in the work folder."""
        kept = self.work / f"start_{key(replace(self, recipe=fine_tuning.Recipe()), table)}.npz"
        branches = self.made_of.branches
        if not kept.exists():
            log("features of all clips by the initial weights")
            network = self._initial_network(self.window_frames)
            features = fine_tuning.branch_features(network, branches, spectrograms)
            unfinished = kept.with_name("unfinished.npz")
            np.savez(unfinished, **features)  # type: ignore[arg-type]
            unfinished.replace(kept)
        with np.load(kept) as arrays:
            return {name: arrays[name] for name in branches}

    def _initial_network(self, frames: int) -> keras.Model:
        if self.files is None:
            return self.design.random_network(frames, self.seed)
        network = self.design.network(frames)
        initial.load(network, self.front_end, self.made_of.branches, self.files)
        return network

    def _fitted(
        self, material: "_Material", log: Log, name: str, chosen: NDArray[np.int_]
    ) -> "FittedNetwork":
        """A network for whole windows, trained on the chosen clips and finished."""
        lesson = self._lesson(material, chosen)
        whole = self.design.network(self.window_frames)
        whole.load_weights(self._trained(material.table, name, lesson, log))
        if self.recipe.kept:
            start = self._initial_network(self.window_frames)
            fine_tuning.average(start, whole, self.recipe.kept)
        if self.recipe.refitted:
            fine_tuning.refit(whole, lesson, self.recipe)
        compared = material.spectrograms[:: -(-len(material.spectrograms) // _COMPARED)]
        return FittedNetwork(whole, self.design, compared if self.made_of.halved else [])

    def _lesson(self, material: "_Material", chosen: NDArray[np.int_]) -> fine_tuning.Lesson:
        genres = material.table.genres[chosen]
        groups = [material.table.groups[index] for index in chosen]
        posteriors = standardised = None
        if material.embeddings is not None:
            taught = material.embeddings[chosen]
            strength, cache = self.recipe.teacher_strength, self.work.parent
            posteriors = distillation.soft_targets(
                taught, genres, groups, strength, self.seed, cache
            )
            standardised = (taught - taught.mean(axis=0)) / (taught.std(axis=0) + 1e-6)
        return fine_tuning.Lesson(
            spectrograms=[material.spectrograms[index] for index in chosen],
            genres=genres,
            start={name: features[chosen] for name, features in material.start.items()},
            posteriors=posteriors,
            embeddings=standardised,
            groups=groups,
            tags=material.tags,
        )

    def _trained(self, table: ClipTable, name: str, lesson: fine_tuning.Lesson, log: Log) -> Path:
        """Weights of all layers after training; another way to finish them finds them again."""
        unfinished_recipe = replace(self.recipe, **_UNFINISHED)
        trained = key(replace(self, recipe=unfinished_recipe), table)
        kept = self.work / f"trained_{name}_{trained}.weights.h5"
        if not kept.exists():
            log(f"{name}: training on {len(lesson.genres)} clips")
            network = self._initial_network(self.recipe.crop_frames)
            self.design.fit(network, lesson, self.front_end, self.recipe, self.seed, log)
            unfinished = kept.with_name("unfinished.weights.h5")
            network.save_weights(unfinished)
            unfinished.replace(kept)
        return kept


@dataclass(frozen=True)
class _Material:
    """Everything that a fit may use of the clips, one entry a clip."""

    table: ClipTable
    spectrograms: list[Spectrogram]
    start: Mapping[str, NDArray[np.float32]]
    embeddings: NDArray[np.float32] | None
    tags: NDArray[np.float64] | None


@dataclass(frozen=True)
class FittedNetwork:
    """A network for whole windows.

    Attributes:
        network: the network.
        design: that it is of.
        compared: clips that weights in half precision must answer the same; none for weights that
            are written as they are.
    """

    network: keras.Model
    design: architecture.Design
    compared: list[Spectrogram] = field(default_factory=list)

    def predict(self, clips: list[Spectrogram]) -> NDArray[np.float32]:
        """Logits, shape [clips, 16]."""
        return self.design.predict(self.network, clips, self.design.window_frames)

    def save(self, path: Path, log: Log) -> None:
        """Write the weights; the name must end in ``.weights.h5``.

        Raises:
            PrecisionError: in half precision they are too large, or answer otherwise.
        """
        if not self.compared:
            self.network.save_weights(path)
            return
        full = path.with_name(f"full.{path.name}")
        self.network.save_weights(full)
        half_precision.halve(full, path)
        before = self._posteriors()
        self.network.load_weights(path)
        change = float(np.abs(self._posteriors() - before).max())
        log(f"half precision: {len(before)} clips' probabilities change by {change:.1e} at most")
        if change > half_precision.TOLERANCE:
            raise half_precision.PrecisionError(
                f"in half precision a probability changes by {change:.1e}; ship it without halved"
            )

    def _posteriors(self) -> NDArray[np.float64]:
        return Calibration().posteriors(self.predict(self.compared))
