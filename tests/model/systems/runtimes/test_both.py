"""TensorFlow and ONNX Runtime give the same answers, and which of them runs a network."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import model
from model import systems
from model.options import Runtime
from model.systems import cards
from model.systems.base import EmbeddingNetwork, Execution
from model.systems.cards import CardError
from model.systems.runtimes.onnx import OnnxNetwork
from model.systems.runtimes.tensorflow import TensorFlowNetwork
from tests.conftest import CLIPS

WITH_GRAPH = [
    name
    for name in sorted(systems.summaries())
    if cards.read(name, systems.WEIGHTS_FOLDER).graph is not None
]
OF_KERAS = {"best", "mobilenet", "agf", "shortterm", "stft", "xception_narrow", "dpn_narrow"}
DEFAULT = cards.read(systems.DEFAULT, systems.WEIGHTS_FOLDER)
TOLERANCE = 1e-4


def network(runtime: Runtime, threads: int = 1, batch: int | None = None) -> EmbeddingNetwork:
    connected = systems.load(DEFAULT).connect(Execution("cpu", threads, batch, runtime))
    assert isinstance(connected, EmbeddingNetwork)
    return connected


def noise(windows: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    shape = (windows, DEFAULT.window_frames, DEFAULT.front_end.width)
    return np.random.default_rng(0).normal(0, 0.5, shape).astype(np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path in systems.WEIGHTS_FOLDER.glob(f"{systems.DEFAULT}.*"):
        shutil.copy(path, tmp_path)
    return tmp_path


def test_every_network_of_keras_has_a_graph() -> None:
    assert set(WITH_GRAPH) == OF_KERAS


@pytest.mark.parametrize("name", WITH_GRAPH)
def test_clips_have_the_same_probabilities(name: str) -> None:
    clip = CLIPS / "jazz-trio.mp3"
    runtimes: tuple[Runtime, ...] = ("keras", "onnx")
    tables = []
    for runtime in runtimes:
        with model.load(name, device="cpu", workers=1, runtime=runtime) as classifier:
            tables.append(classifier.predict(clip).to_numpy())
    assert np.abs(tables[0] - tables[1]).max() <= TOLERANCE


def test_embeddings_are_the_same() -> None:
    windows = noise(2)
    logits, embeddings = network("onnx").embed(windows)
    expected_logits, expected = network("keras").embed(windows)
    np.testing.assert_allclose(logits, expected_logits, atol=1e-3)
    np.testing.assert_allclose(embeddings, expected, atol=1e-3)


def test_neither_batch_nor_threads_change_a_bit() -> None:
    windows = noise(5)
    logits, embeddings = network("onnx").embed(windows)
    for threads, batch in ((2, None), (3, 1), (1, 5), (2, 2)):
        other = network("onnx", threads, batch)
        assert other.batch == threads * (batch or 1)
        np.testing.assert_array_equal(other(windows), logits)
        np.testing.assert_array_equal(other.embed(windows)[1], embeddings)


def test_a_cpu_gets_onnx_runtime_where_the_card_has_a_graph(folder: Path) -> None:
    assert isinstance(network("auto"), OnnxNetwork)
    assert isinstance(network("keras"), TensorFlowNetwork)
    cards.write(dataclasses.replace(DEFAULT, graph=None), folder)
    card = cards.read(DEFAULT.name, folder)
    without = systems.load(card, folder)
    assert isinstance(without.connect(Execution("cpu")), TensorFlowNetwork)
    with pytest.raises(CardError, match=r"has no graph .* `python -m training graph"):
        without.connect(Execution("cpu", runtime="onnx"))


def test_a_graph_that_is_not_the_cards_is_refused(folder: Path) -> None:
    assert DEFAULT.graph is not None
    path = folder / DEFAULT.graph.file
    content = path.read_bytes()
    for damaged, said in (
        (content[:1000], "truncated to 1000"),
        (content[:-1] + bytes([content[-1] ^ 1]), "not the file that"),
    ):
        path.write_bytes(damaged)
        with pytest.raises(CardError, match=said):
            systems.load(DEFAULT, folder).connect(Execution("cpu"))
    path.unlink()
    with pytest.raises(CardError, match="cannot be read"):
        systems.load(DEFAULT, folder).connect(Execution("cpu"))


def test_a_file_that_is_no_graph_gets_a_clear_error(folder: Path) -> None:
    path = folder / "other.onnx"
    path.write_bytes(b"no graph")
    card = dataclasses.replace(DEFAULT, graph=cards.describe(path))
    with pytest.raises(CardError, match=r"other\.onnx: ONNX Runtime cannot read"):
        systems.load(card, folder).connect(Execution("cpu"))


def test_the_card_must_describe_its_graph_rightly(folder: Path) -> None:
    path = folder / f"{DEFAULT.name}.json"
    fields = json.loads(path.read_bytes())
    for wrong in ("a name", {"file": "../x.onnx", "size": 3, "sha256": "0"}, {"file": 3}):
        path.write_text(json.dumps(fields | {"graph": wrong}), encoding="utf-8")
        with pytest.raises(CardError):
            cards.read(DEFAULT.name, folder)
