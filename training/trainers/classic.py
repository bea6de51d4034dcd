"""Fits the systems of 2018 that are not networks: a support vector machine and boosted trees.

A fit writes the file of weights that is shipped. Held-out clips are predicted by the module of
``model.systems`` that reads this file, so scores are those of the shipped code.
"""

import gzip
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar, Final

import h5py
import numpy as np
from numpy.typing import NDArray

from model.frontends.fma_features.front_end import ClipFeatures
from model.frontends.parameters import parameters
from model.genres import GENRES
from model.systems.base import Execution, Network
from model.systems.challenge2018 import svm, xgboost
from training.architectures.front_ends import CLIP_FEATURES
from training.data.dataset import ClipTable, DatasetError
from training.data.folds import Indices
from training.data.store import Spectrogram, Subset
from training.log import Log
from training.trainers.trainer import Fit

SVM: Final = {"C": 1.0, "kernel": "rbf", "gamma": "auto"}
"""The defaults of scikit-learn in 2018, which the starter kit used; ``auto`` is 1 / features."""

TREES: Final = {
    "objective": "multi:softprob",
    "rounds": 200,
    "max_depth": 5,
    "eta": 0.1,
    "subsample": 0.8,
    "colsample_bytree": 0.5,
    "tree_method": "hist",
    "nthread": 1,
}
"""One tree for each genre in every round. No value was chosen by a score. One thread adds in a
fixed order, so the same clips give the same file."""

_LOG_ROUNDS: Final = 50

WriteFit = Callable[[NDArray[np.float32], NDArray[np.int_], int, Path, Log], None]


@dataclass(frozen=True)
class Library:
    """A library that fits a system.

    Attributes:
        package: name of the package.
        settings: settings of the fit, for the card.
        suffix: suffix of the file of weights.
        write_fit: fits and writes weights; see ``fit_trees`` for the arguments.
        network: class that reads the weights and predicts.
    """

    package: str
    settings: Mapping[str, Any]
    suffix: str
    write_fit: WriteFit
    network: Callable[[Path, Execution], Network]

    @property
    def version(self) -> str:
        """The package and its version."""
        return f"{self.package} {version(self.package)}"


@dataclass(frozen=True)
class Classic:
    """Trainer of a system that is not a network.

    Attributes:
        architecture: name of an architecture in ``LIBRARIES``.
        seed: seed of the library.
        band_limit_hz: band limit of the front end, 0 for none.
    """

    architecture: str
    seed: int = 0
    band_limit_hz: float = 0.0

    window_frames: ClassVar[int] = 1

    @property
    def front_end(self) -> ClipFeatures:
        """Front end that computes the features."""
        return replace(CLIP_FEATURES, band_limit_hz=self.band_limit_hz)

    @property
    def library(self) -> Library:
        """Library that fits the system."""
        return LIBRARIES[self.architecture]

    @property
    def suffix(self) -> str:
        """Suffix of the file of weights."""
        return self.library.suffix

    @property
    def identity(self) -> list[Any]:
        """Everything besides the clips that changes a fit."""
        settings, front_end = self.library.settings, parameters(self.front_end)
        return [self.seed, self.architecture, settings, front_end, self.library.version]

    @property
    def provenance(self) -> Mapping[str, Any]:
        """Description of the training for the card."""
        return {
            "initial_weights": [],
            "teachers": [],
            "config": self.library.settings,
            "seed": self.seed,
            "library": self.library.version,
        }

    def prepared(self, table: ClipTable, spectrograms: Sequence[Spectrogram], log: Log) -> Fit:
        """Return the function that fits; nothing has to be prepared."""

        def fit(name: str, chosen: Indices, validation: Indices | None) -> FittedClassic:
            log(f"{name}: fitting to {len(chosen)} clips by {self.library.version}")
            return self.fitted(Subset(spectrograms, chosen), table.genres[chosen], log)

        return fit

    def fitted(
        self, clips: Sequence[Spectrogram], genres: NDArray[np.int_], log: Log
    ) -> "FittedClassic":
        """Fit to clips of one frame of features each, and to their genres."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"weights{self.suffix}"
            self.library.write_fit(np.concatenate(clips), genres, self.seed, path, log)
            return FittedClassic(self.library, path.read_bytes())


@dataclass(frozen=True)
class FittedClassic:
    """A fitted system that is not a network.

    Attributes:
        library: library that fitted the system.
        content: content of the file of weights.
    """

    library: Library
    content: bytes

    def predict(self, clips: Sequence[Spectrogram]) -> NDArray[np.float32]:
        """Logits of clips, shape [clips, 16]."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"weights{self.library.suffix}"
            path.write_bytes(self.content)
            network = self.library.network(path, Execution("cpu", batch=len(clips)))
        return network(np.stack(clips).astype(np.float32))

    def save(self, path: Path, log: Log) -> None:
        """Write the weights."""
        path.write_bytes(self.content)


def fit_svm(
    features: NDArray[np.float32], genres: NDArray[np.int_], seed: int, path: Path, log: Log
) -> None:
    """Fit the starter kit's baseline and write its arrays for ``model.systems.challenge2018.svm``.

    Args:
        features: shape [clips, features].
        genres: index into ``GENRES``, shape [clips]; at least three of them.
        seed: seed of libsvm's inner folds.
        path: file to write.
        log: not used; the fit takes seconds.

    Raises:
        DatasetError: there are less than three genres.
    """
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    if len(np.unique(genres)) < 3:  # scikit-learn turns the signs of a single pair
        raise DatasetError("at least three genres are needed, to train on and in every fold")
    scaler = StandardScaler().fit(features.astype(np.float64))
    with warnings.catch_warnings():
        # scikit-learn is going to drop libsvm's probabilities, which are what the kit used.
        warnings.simplefilter("ignore", FutureWarning)
        machine = SVC(**SVM, probability=True, random_state=seed)
        machine.fit(scaler.transform(features.astype(np.float64)), genres)
        slopes, offsets = machine.probA_, machine.probB_
    with h5py.File(path, "w", track_order=True) as file:
        file["gamma"] = 1.0 / features.shape[1]
        file["genres"] = machine.classes_.astype(np.int8)
        file["mean"], file["scale"] = scaler.mean_, scaler.scale_
        file["vectors"] = machine.support_vectors_.astype(np.float32)
        file["counts"] = machine.n_support_.astype(np.int32)
        file["coefficients"] = machine.dual_coef_.astype(np.float32)
        file["intercepts"] = machine.intercept_
        file["slopes"], file["offsets"] = slopes, offsets


def fit_trees(
    features: NDArray[np.float32], genres: NDArray[np.int_], seed: int, path: Path, log: Log
) -> None:
    """Fit boosted trees and write the library's json, compressed.

    Args:
        features: shape [clips, features].
        genres: index into ``GENRES``, shape [clips].
        seed: seed of the choice of clips and features for each tree.
        path: file to write.
        log: receives one line every fifty rounds.
    """
    from xgboost import DMatrix, train
    from xgboost.callback import TrainingCallback

    class Report(TrainingCallback):
        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            if (epoch + 1) % _LOG_ROUNDS == 0:
                log(f"round {epoch + 1} of {TREES['rounds']}")
            return False

    settings = {name: value for name, value in TREES.items() if name != "rounds"}
    settings |= {"num_class": len(GENRES), "seed": seed, "verbosity": 0}
    clips = DMatrix(features, label=genres)
    booster = train(settings, clips, num_boost_round=TREES["rounds"], callbacks=[Report()])
    with path.open("wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as compressed:
        compressed.write(booster.save_raw("json"))


LIBRARIES: Final = {
    "svm": Library("scikit-learn", SVM, ".h5", fit_svm, svm.Machine),
    "xgboost": Library("xgboost-cpu", TREES, ".trees.json.gz", fit_trees, xgboost.Trees),
}
"""Libraries by architecture."""
