"""The graph that training writes gives Keras's answers, on the weights that Keras reads."""

import dataclasses
import shutil
from pathlib import Path
from typing import Final

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from model import systems
from model.options import Runtime
from model.systems import cards
from model.systems.base import Execution
from model.systems.cards import Card
from training.cli.main import main
from training.trainers import half_precision, onnx_graph
from training.trainers.onnx_graph import GraphError, with_graph

RUNTIMES: Final[tuple[Runtime, ...]] = ("keras", "onnx")
FRAMES = 320
DEFAULT = cards.read(systems.DEFAULT, systems.WEIGHTS_FOLDER)


@pytest.fixture(params=["single", "half"])
def card(request: pytest.FixtureRequest, tmp_path: Path) -> Card:
    """The default system on shorter windows, with weights in single or half precision."""
    path = tmp_path / "small.weights.h5"
    shipped = systems.WEIGHTS_FOLDER / DEFAULT.weights.file
    if request.param == "half":
        half_precision.halve(shipped, path)
    else:
        shutil.copy(shipped, path)
    return dataclasses.replace(
        DEFAULT,
        name="small",
        window_frames=FRAMES,
        weights=cards.describe(path),
        graph=None,
    )


def noise(windows: int) -> NDArray[np.float32]:
    shape = (windows, FRAMES, DEFAULT.front_end.width)
    return np.random.default_rng(0).normal(0, 0.5, shape).astype(np.float32)


def test_the_graph_answers_as_keras_does(card: Card, tmp_path: Path) -> None:
    done = with_graph(card, tmp_path)
    answers = [
        systems.load(done, tmp_path).connect(Execution("cpu", 1, 3, runtime))(noise(3))
        for runtime in RUNTIMES
    ]
    keras, onnx = answers
    np.testing.assert_allclose(onnx, keras, atol=1e-4)


def test_the_weights_are_stored_once(card: Card, tmp_path: Path) -> None:
    graph = with_graph(card, tmp_path).graph
    assert graph is not None
    assert graph.size < card.weights.size / 5
    path = tmp_path / card.weights.file
    named = dataclasses.replace(card, graph=graph)
    before = systems.load(named, tmp_path).connect(Execution("cpu"))(noise(1))
    with h5py.File(path, "r+") as file:
        kernel = file["layers/conv1d_1/vars/0"]
        kernel[...] = 2 * kernel[...]
    changed = dataclasses.replace(card, weights=cards.describe(path), graph=graph)
    answers = [
        systems.load(changed, tmp_path).connect(Execution("cpu", runtime=runtime))(noise(1))
        for runtime in RUNTIMES
    ]
    keras, onnx = answers
    np.testing.assert_allclose(onnx, keras, atol=1e-4)
    assert np.abs(onnx - before).max() > 1e-3


def test_a_graph_with_other_answers_is_not_kept(
    card: Card, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "small.onnx").write_bytes(b"an earlier graph")
    monkeypatch.setattr(onnx_graph, "TOLERANCE", -1.0)
    with pytest.raises(GraphError, match="small: on ONNX Runtime a probability differs"):
        with_graph(card, tmp_path)
    (left,) = tmp_path.glob("*.onnx")
    assert left.read_bytes() == b"an earlier graph"


def test_the_command_writes_graph_and_card(
    card: Card, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cards.write(card, tmp_path)
    assert main(["graph", "--system", "small", "--weights", str(tmp_path)]) == 0
    written = cards.read("small", tmp_path)
    assert written.graph == cards.describe(tmp_path / "small.onnx")
    assert "small.onnx" in capsys.readouterr().out
    assert main(["graph", "--system", "prior"]) == 0
    assert "no network of Keras" in capsys.readouterr().out
    assert main(["graph", "--system", "nothing", "--weights", str(tmp_path)]) == 1
