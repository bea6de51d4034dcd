"""Simple classifiers on FMA's feature sets, as in the paper on FMA.

Defferrard, Benzi, Vandergheynst and Bresson, FMA: A Dataset for Music Analysis, ISMIR 2017.
Features are standardised, and classifiers are fitted to the training part of the official split.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from model.frontends.fma_features.columns import COLUMNS
from training.data import fma
from training.data.fma import FmaError

CLASSIFIERS: Final[Mapping[str, Callable[[int], Any]]] = {
    "LR": lambda _: LogisticRegression(max_iter=1000),
    "kNN 200": lambda tracks: KNeighborsClassifier(n_neighbors=min(200, tracks)),
    "SVM rbf": lambda _: SVC(gamma="auto"),
    "MLP 100": lambda _: MLPClassifier((100,), max_iter=2000, random_state=0),
}
"""Functions that create a classifier, given the number of training tracks."""

FEATURE_SETS: Final[Mapping[str, tuple[str, ...]]] = {
    "chroma_cens": ("chroma_cens",),
    "chroma_cqt": ("chroma_cqt",),
    "chroma_stft": ("chroma_stft",),
    "tonnetz": ("tonnetz",),
    "mfcc": ("mfcc",),
    "spectral_centroid": ("spectral_centroid",),
    "spectral_bandwidth": ("spectral_bandwidth",),
    "spectral_contrast": ("spectral_contrast",),
    "spectral_rolloff": ("spectral_rolloff",),
    "rmse": ("rmse",),
    "zcr": ("zcr",),
    "mfcc, spectral_contrast": ("mfcc", "spectral_contrast"),
    "all": (),
}
"""Features of each set; none stands for all columns of the table."""

PUBLISHED: Final[Mapping[str, tuple[int, ...]]] = {
    "tonnetz": (40, 37, 42, 41),
    "mfcc": (58, 55, 61, 53),
    "spectral_centroid": (42, 45, 46, 48),
    "spectral_bandwidth": (41, 45, 44, 45),
    "spectral_contrast": (51, 50, 54, 53),
    "spectral_rolloff": (42, 46, 48, 48),
    "rmse": (37, 39, 39, 39),
    "zcr": (42, 45, 45, 46),
    "mfcc, spectral_contrast": (60, 55, 63, 54),
    "all": (61, 52, 63, 58),
}
"""Accuracies of the paper in percent, in the order of ``CLASSIFIERS``."""


@dataclass(frozen=True, eq=False)
class Data:
    """Features and genres of the tracks, indexed by track id.

    Attributes:
        features: columns labelled (feature, statistics, number).
        genres: top genre of each track.
        training: ids of the training part.
        test: ids of the test part.
    """

    features: pd.DataFrame
    genres: "pd.Series[str]"
    training: pd.Index
    test: pd.Index


@dataclass(frozen=True)
class Row:
    """Accuracies on one feature set.

    Attributes:
        features: name of the feature set.
        columns: number of its columns.
        percent: accuracy of each classifier in percent.
        published: accuracies of the paper; ``-`` where the paper has none.
    """

    features: str
    columns: int
    percent: tuple[float, ...]
    published: tuple[int | str, ...]


def read(root: Path, path: Path, subset: str = "medium") -> Data:
    """Read features, genres and official split; tracks without features are left out.

    Args:
        root: folder of FMA.
        path: table of features with three header rows.
        subset: subset of FMA.

    Raises:
        FmaError: a table cannot be read, or a part of the split has no track with features.
    """
    tracks_path = fma.tracks_file(root)
    genres = fma.genres_of_tracks(tracks_path, subset)
    splits = fma.splits_of_tracks(tracks_path)
    features = fma.load(path).dropna()
    known = genres.index.intersection(features.index)
    parts = {name: known[splits.loc[known] == name] for name in ("training", "test")}
    for name, part in parts.items():
        if part.empty:
            raise FmaError(f"{path}: no track of the {name} part has features")
    return Data(features, genres, parts["training"], parts["test"])


def accuracies(data: Data) -> Iterator[Row]:
    """Fit and score; one row for each feature set that the table has."""
    columns = data.features.columns.get_level_values(0)
    truth = data.genres.loc[data.test].to_numpy(str)
    for name, chosen in FEATURE_SETS.items():
        table = data.features.loc[:, columns.isin(chosen)] if chosen else data.features
        if chosen and not set(chosen) <= set(columns):
            continue
        percent = []
        for create in CLASSIFIERS.values():
            classifier = make_pipeline(StandardScaler(), create(len(data.training)))
            genres = data.genres.loc[data.training].to_numpy(str)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                classifier.fit(table.loc[data.training].to_numpy(), genres)
            predicted = classifier.predict(table.loc[data.test].to_numpy())
            percent.append(100.0 * float((predicted == truth).mean()))
        nothing = ("-",) * len(CLASSIFIERS)
        whole = bool(chosen) or table.shape[1] == len(COLUMNS)
        published = PUBLISHED.get(name, nothing) if whole else nothing
        yield Row(name, table.shape[1], tuple(percent), published)
