"""The benchmarks still run; what they say about speed is not a test's business."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import pipeline, scale
from benchmarks.systems import measured, stored_numbers
from model import cards, systems
from model.cards import describe_weights


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


@pytest.mark.parametrize("name", ["random", "prior"])
def test_costs_of_a_system_are_found(name: str) -> None:
    cost = measured(name)
    assert cost.parameters == {"random": 1, "prior": 16}[name]
    card = cards.read(name, systems.WEIGHTS_FOLDER)
    assert cost.weights_bytes == describe_weights(systems.WEIGHTS_FOLDER / card.weights.file).size
    assert cost.cpu_ms == cost.front_end_ms + cost.network_ms > 0


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
    (tmp_path / "trees.json").write_text(json.dumps(trees))
    (tmp_path / "trees.json.gz").write_bytes(gzip.compress(json.dumps(trees).encode()))
    assert stored_numbers(tmp_path / "trees.json") == 3
    assert stored_numbers(tmp_path / "trees.json.gz") == 3
    with pytest.raises(ValueError, match=r"weights\.pt: numbers of such a file"):
        stored_numbers(tmp_path / "weights.pt")
