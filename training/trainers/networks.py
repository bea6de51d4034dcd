"""Trainer of networks, from published or random weights, with or without teachers.

Trained weights are stored before finishing, so finishing them in another way takes minutes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, ClassVar, Final

import keras
import numpy as np
from numpy.typing import NDArray

from model.frontends.parameters import parameters
from model.frontends.spectrogram import FrontEnd
from model.genres import GENRES
from model.probabilities.calibration import Calibration
from training.architectures.systems import SystemSpec
from training.data.dataset import ClipTable
from training.data.embeddings import read_embeddings
from training.data.folds import Indices, fold_numbers
from training.data.store import Spectrogram, Subset
from training.initial import branches as initial
from training.initial import tags
from training.log import Log
from training.optimization.config import FROZEN, FinishingConfig, TrainingConfig
from training.optimization.prediction import (
    branch_widths,
    embedding_network,
    predict,
    view_features,
)
from training.trainers import fine_tuning, half_precision, regression
from training.trainers.architecture import Architecture, find_architecture
from training.trainers.trainer import Fit, key

_COMPARED: Final = 50
"""Clips on which weights in half and in single precision are compared."""


@dataclass(frozen=True)
class Networks:
    """Trainer of networks of one architecture.

    Attributes:
        spec: architecture and its parameters.
        work: folder of finished parts, from which an interrupted run continues.
        config: how networks are trained.
        finishing: how trained networks are finished, None for networks as they were trained.
        files: path of each published file of initial weights; None for random weights.
        embeddings: folder of the teachers' embeddings.
        teachers: names of the teachers' embeddings; empty for no teachers.
        seed: seed of crops, order and dropout.
        tensorboard: folder for TensorBoard, or None; it does not change a fit.
        band_limit_hz: band limit of the front end, 0 for none.
    """

    spec: SystemSpec
    work: Path
    config: TrainingConfig = field(default_factory=TrainingConfig)
    finishing: FinishingConfig | None = None
    files: Mapping[str, Path] | None = None
    embeddings: Path = Path()
    teachers: tuple[str, ...] = ()
    seed: int = 0
    tensorboard: Path | None = None
    band_limit_hz: float = 0.0

    suffix: ClassVar[str] = ".weights.h5"

    @cached_property
    def architecture(self) -> Architecture:
        """Functions that build and train networks of the architecture."""
        return find_architecture(self.spec, self.band_limit_hz)

    @property
    def front_end(self) -> FrontEnd:
        """Front end of the spectrograms."""
        return self.architecture.front_end

    @property
    def window_frames(self) -> int:
        """Length of the windows of prediction."""
        return self.architecture.window_frames

    @property
    def origins(self) -> list[initial.Origin]:
        """Published initial weights of each branch; empty for random weights."""
        if self.files is None:
            return []
        return [initial.ORIGINS[name] for name in self.spec.branches]

    @property
    def identity(self) -> list[Any]:
        """Everything besides the clips that changes a fit."""
        hashes = [origin.sha256 for origin in self.origins]
        start = [hashes, self.teachers, self.seed, self.spec.architecture, self.spec.parameters]
        backend = keras.backend.backend()
        configs = self._configs
        if self.config.precision == "single":
            del configs["precision"]  # so that runs of versions without this field continue
        return [*start, configs, parameters(self.front_end), backend]

    @property
    def provenance(self) -> Mapping[str, Any]:
        """Description of the training for the card."""
        return {
            "initial_weights": [asdict(origin) for origin in dict.fromkeys(self.origins)],
            "teachers": list(self.teachers),
            "config": self._configs,
            "seed": self.seed,
            "keras": f"{keras.__version__} ({keras.backend.backend()})",
        }

    @property
    def _configs(self) -> dict[str, Any]:
        finishing = asdict(self.finishing) if self.finishing else None
        return asdict(self.config) | {"finishing": finishing}

    def prepared(self, table: ClipTable, spectrograms: Sequence[Spectrogram], log: Log) -> Fit:
        """Read the teachers' embeddings and compute features of all clips by the initial weights.

        Raises:
            DatasetError: an embedding is missing.
            CheckpointError: a file of initial weights is not what it should be.
        """
        embeddings = start = None
        if self.teachers:
            embeddings = read_embeddings(self.embeddings, self.teachers, table)
        if self.files is not None:
            start = self._start_features(table, spectrograms, log)
        data = _PreparedData(table, spectrograms, start, embeddings)
        return partial(self._fitted, data, log)

    def _start_features(
        self, table: ClipTable, spectrograms: Sequence[Spectrogram], log: Log
    ) -> list[NDArray[np.float32]]:
        """Features of all clips by the initial weights, stored in the work folder.

        Those of whole clips come first. Those of augmented crops follow where the network is not
        trained any further.
        """
        chosen = self.finishing or FinishingConfig()
        views = 0 if self.config.epochs else chosen.views
        crops = FinishingConfig(views=views, view_augmentation=chosen.view_augmentation)
        untrained = replace(self, config=FROZEN, finishing=crops, teachers=())
        cached = self.work / f"start_{key(untrained, table)}.npz"
        if not cached.exists():
            log("features of all clips by the initial weights")
            network = self._initial_network(self.window_frames)
            features = self._features(network, spectrograms, crops)
            unfinished = cached.with_name("unfinished.npz")
            np.savez(unfinished, *features)
            unfinished.replace(cached)
        with np.load(cached) as arrays:
            return [arrays[name] for name in arrays.files]

    def _features(
        self, network: keras.Model, spectrograms: Sequence[Spectrogram], config: FinishingConfig
    ) -> list[NDArray[np.float32]]:
        """Features of whole clips, and of augmented crops, shape [clips, features] each."""
        whole = predict(embedding_network(network), spectrograms, self.window_frames)
        views = [
            view_features(
                network,
                spectrograms,
                self.front_end,
                config.view_augmentation,
                [self.seed, number],
            )
            for number in range(config.views)
        ]
        return [whole, *views]

    def _initial_network(self, frames: int) -> keras.Model:
        if self.files is None:
            return self.architecture.random_network(frames, self.seed)
        network = self.architecture.network(frames)
        initial.load(network, self.front_end, self.spec.branches, self.files)
        return network

    def _fitted(
        self,
        data: "_PreparedData",
        log: Log,
        name: str,
        chosen: Indices,
        validation: Indices | None,
    ) -> "FittedNetwork":
        """A network for whole windows, trained on the chosen clips and finished."""
        table = data.table.select(chosen)
        if validation is None and self._can_spare_clips(table):
            parts = fold_numbers(table, self.config.validation_folds, self.seed)
            chosen, validation = chosen[parts != 0], chosen[parts == 0]
        training_set = self._training_set(data, chosen)
        if validation is not None:
            held = Subset(data.spectrograms, validation), data.table.genres[validation]
            training_set = replace(training_set, validation=held)
        network = self._network(data, name, training_set, log)
        if self.finishing:
            features = (
                self._features(network, training_set.spectrograms, self.finishing)
                if self.config.epochs
                else [rows[chosen] for rows in data.start or ()]
            )
            whole, *views = features
            probe = fine_tuning.refit(
                whole, views, self._tag_weights(network), training_set, self.finishing
            )
            fine_tuning.set_probe(network.get_layer("logits"), probe)
        every = -(-len(data.spectrograms) // _COMPARED)
        compared = Subset(data.spectrograms, np.arange(0, len(data.spectrograms), every))
        return FittedNetwork(network, self.architecture, compared if self.spec.halved else ())

    def _can_spare_clips(self, table: ClipTable) -> bool:
        """Whether a part of these clips is for validation: not where they are too few to divide."""
        most = int(np.bincount(table.genres).max())
        return 0 < self.config.validation_folds <= min(most, len(set(table.groups)))

    def _training_set(self, data: "_PreparedData", chosen: Indices) -> fine_tuning.TrainingSet:
        genres = data.table.genres[chosen]
        groups = [data.table.groups[index] for index in chosen]
        posteriors = None
        if data.embeddings is not None and self.finishing:
            strength, cache = self.finishing.teacher_strength, self.work.parent
            posteriors = regression.soft_targets(
                data.embeddings[chosen], genres, groups, strength, self.seed, cache
            )
        return fine_tuning.TrainingSet(
            spectrograms=Subset(data.spectrograms, chosen),
            genres=genres,
            start=data.start[0][chosen] if data.start else None,
            posteriors=posteriors,
            groups=groups,
        )

    def _tag_weights(self, network: keras.Model) -> NDArray[np.float64]:
        """Tag weights of all branches with their factors, shape [features, 16]."""
        files = self.files or {}
        shares = self.finishing.tag_logit_shares if self.finishing and files else {}
        parts = [
            shares[branch] * tags.genre_weights(branch, files)
            if branch in shares
            else np.zeros((width, len(GENRES)))
            for branch, width in zip(self.spec.branches, branch_widths(network), strict=True)
        ]
        return np.concatenate(parts)

    def _network(
        self,
        data: "_PreparedData",
        name: str,
        training_set: fine_tuning.TrainingSet,
        log: Log,
    ) -> keras.Model:
        """The network for whole windows with trained weights, before its last layer is fitted."""
        if not self.config.epochs:
            return self._initial_network(self.window_frames)
        network = self.architecture.network(self.window_frames)
        network.load_weights(self._trained(data.table, name, training_set, log))
        if self.finishing:
            start = self._initial_network(self.window_frames)
            fine_tuning.average(start, network, self.finishing.start_weight_share)
        return network

    def _trained(
        self, table: ClipTable, name: str, training_set: fine_tuning.TrainingSet, log: Log
    ) -> Path:
        """File of the trained weights, before finishing; trained if it does not exist."""
        trained = f"{name}_{key(replace(self, finishing=None), table)}"
        cached = self.work / f"trained_{trained}.weights.h5"
        if not cached.exists():
            log(f"{name}: training on {len(training_set.genres)} clips")
            network = self._initial_network(self.config.crop_frames)
            checkpoint = self.work / f"checkpoint_{trained}.weights.h5"
            self.architecture.fit(
                network,
                training_set,
                self.front_end,
                self.config,
                self.seed,
                checkpoint,
                log,
                self.tensorboard,
            )
            unfinished = cached.with_name("unfinished.weights.h5")
            network.save_weights(unfinished)
            unfinished.replace(cached)
            for path in self.work.glob(f"checkpoint_{trained}*.weights.h5"):
                path.unlink()
        return cached


@dataclass(frozen=True)
class _PreparedData:
    """Inputs and targets that fits take their clips from, one entry for each clip."""

    table: ClipTable
    spectrograms: Sequence[Spectrogram]
    start: list[NDArray[np.float32]] | None
    embeddings: NDArray[np.float32] | None


@dataclass(frozen=True)
class FittedNetwork:
    """A trained network for the windows of prediction.

    Attributes:
        network: the network.
        architecture: architecture of the network.
        compared: clips on which weights in half precision are compared with single precision;
            empty for weights that are written in single precision.
    """

    network: keras.Model
    architecture: Architecture
    compared: Sequence[Spectrogram] = ()

    def predict(self, clips: Sequence[Spectrogram]) -> NDArray[np.float32]:
        """Logits, shape [clips, 16]."""
        return self.architecture.predict(self.network, clips, self.architecture.window_frames)

    def save(self, path: Path, log: Log) -> None:
        """Write the weights; the name must end in ``.weights.h5``.

        Raises:
            PrecisionError: a weight is too large for half precision, or a probability changes by
                more than ``half_precision.TOLERANCE``.
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
                f"in half precision a probability changes by {change:.1e}, more than "
                f"{half_precision.TOLERANCE}; set halved=False in training/architectures/systems.py"
            )

    def _posteriors(self) -> NDArray[np.float64]:
        return Calibration().posteriors(self.predict(self.compared))
