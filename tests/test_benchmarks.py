"""The benchmarks still run; what they say about speed is not a test's business."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import pipeline, scale
from benchmarks.systems import alone, measured, stored_numbers
from model import systems
from model.systems import cards
from model.systems.cards import describe_weights


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_case_runs_and_the_naive_way_gives_our_probabilities(
    tmp_path: Path, clips: list[Path]
) -> None:
    paths = [str(path) for path in clips]
    place = scale.links(paths, pipeline.FEW + 2, tmp_path)
    text = pipeline.measured(place, rounds=1, folder=tmp_path)
    for case in ("decode", "front end", "ours", "naive"):
        assert f"| {case} |" in text
    apart = float(text.rpartition("ours and naive: ")[2])
    assert apart < 1e-3


def test_what_a_system_costs_is_measured_part_by_part() -> None:
    assert alone("front_end", "random") > 0
    assert alone("network", "random") > 0


def test_a_front_end_is_measured_once_for_all_that_have_it() -> None:
    asked: list[tuple[str, str]] = []

    def milliseconds(part: str, name: str) -> float:
        asked.append((part, name))
        return len(asked)

    found = dict(measured(["random", "svm", "prior", "xgboost"], milliseconds))
    assert [name for part, name in asked if part == "front_end"] == ["random", "svm"]
    assert [name for part, name in asked if part == "network"] == list(found)
    assert found["random"].front_end_ms == found["prior"].front_end_ms
    assert found["svm"].front_end_ms == found["xgboost"].front_end_ms
    assert len({cost.network_ms for cost in found.values()}) == 4
    assert (found["random"].parameters, found["prior"].parameters) == (1, 16)
    card = cards.read("svm", systems.WEIGHTS_FOLDER)
    weights = describe_weights(systems.WEIGHTS_FOLDER / card.weights.file)
    assert found["svm"].weights_bytes == weights.size


def test_the_numbers_of_a_network_are_its_parameters(tmp_path: Path) -> None:
    """Statistics of batch normalisations are parameters, seeds of dropouts are not."""
    import keras
    from keras import layers

    inputs = layers.Input((8, 3))
    x = layers.Dense(5)(inputs)
    x = layers.Dropout(0.5)(layers.BatchNormalization()(x))
    network = keras.Model(inputs, layers.Dense(2)(x))
    path = tmp_path / "network.weights.h5"
    network.save_weights(path)
    assert stored_numbers(path) == network.count_params() == 20 + 4 * 5 + 12


def test_the_numbers_of_other_weights_are_counted(tmp_path: Path) -> None:
    np.save(tmp_path / "table.npy", np.zeros((3, 4)))
    assert stored_numbers(tmp_path / "table.npy") == 12
    trees = {"trees": [{"split": [0.5, 1], "kind": "word", "left": True}], "rounds": 7}
    (tmp_path / "trees.json.gz").write_bytes(gzip.compress(json.dumps(trees).encode()))
    assert stored_numbers(tmp_path / "trees.json.gz") == 3
    with pytest.raises(ValueError, match=r"weights\.pt: numbers of such a file"):
        stored_numbers(tmp_path / "weights.pt")
