"""The table of feature sets and classifiers, on features that tell the genre or do not."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from model.frontends.fma_features.columns import COLUMNS
from tests.support import fma_tree
from training.cli.main import main
from training.evaluation import fma_baselines


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A miniature of FMA whose mfcc tell the genre; all other features are noise."""
    root = tmp_path_factory.mktemp("fma")
    tracks = fma_tree.build(root, sorted((Path(__file__).parents[2] / "clips").glob("*.mp3")))
    rng = np.random.default_rng(0)
    columns = pd.MultiIndex.from_tuples(COLUMNS, names=["feature", "statistics", "number"])
    index = pd.Index([track.track_id for track in tracks], name="track_id")
    values = rng.normal(size=(len(tracks), len(columns)))
    means = {genre: 3 * rng.normal(size=140) for genre in (*fma_tree.GENRE_IDS, None)}
    mfcc = columns.get_level_values(0) == "mfcc"
    for row, track in zip(values, tracks, strict=True):
        row[mfcc] += means[track.genre]
    values[0] = np.nan  # as of a track without audio
    pd.DataFrame(values, index, columns).to_csv(root / "fma_metadata" / "features.csv")
    return root


def test_features_that_tell_the_genre_are_better_than_noise(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    quick = {name: fma_baselines.CLASSIFIERS[name] for name in ("LR", "SVM rbf")}
    monkeypatch.setattr(fma_baselines, "CLASSIFIERS", quick)
    data = fma_baselines.read(root, root / "fma_metadata" / "features.csv")
    rows = {row.features: row for row in fma_baselines.accuracies(data)}
    assert list(rows) == list(fma_baselines.FEATURE_SETS)
    assert min(rows["mfcc"].percent) == 100.0
    assert max(rows["zcr"].percent) < 60.0
    assert (rows["mfcc"].columns, rows["all"].columns) == (140, 518)
    assert len(data.training) + len(data.test) < 100
    assert main(["fma-baselines", "--fma-root", str(root)]) == 0
    printed = capsys.readouterr().out
    assert "| mfcc | 140 | 100.0 | 100.0 | 58 | 55 | 61 | 53 |" in printed


def test_a_table_without_features_is_named(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--fma-root", str(root), "--features", str(tmp_path / "features.csv")]
    assert main(["fma-baselines", *arguments]) == 1
    assert "features.csv: no such file" in capsys.readouterr().err
