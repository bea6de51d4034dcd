"""TensorFlow and ONNX Runtime give the same answers, and which of them runs a network."""

import dataclasses
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import model
from model import systems
from model.errors import GenreError, UsageError
from model.options import Runtime
from model.systems import cards
from model.systems.base import EmbeddingNetwork, Execution
from model.systems.cards import Card, CardError
from model.systems.runtimes.onnx import OnnxNetwork
from model.systems.runtimes.tensorflow import TensorFlowNetwork
from tests.conftest import CLIPS, ROOT, Run

WITH_GRAPH = [
    name
    for name in sorted(systems.summaries())
    if cards.read(name, systems.WEIGHTS_FOLDER).graph is not None
]
OF_KERAS = {"best", "mobilenet", "agf", "shortterm", "stft", "xception_narrow", "dpn_narrow"}
DEFAULT = cards.read(systems.DEFAULT, systems.WEIGHTS_FOLDER)
TOLERANCE = 1e-4


def network(
    runtime: Runtime, threads: int = 1, batch: int | None = None, card: Card = DEFAULT
) -> EmbeddingNetwork:
    connected = systems.load(card).connect(Execution("cpu", threads, batch, runtime))
    assert isinstance(connected, EmbeddingNetwork)
    return connected


def noise(windows: int, card: Card = DEFAULT) -> NDArray[np.float32]:
    shape = (windows, card.window_frames, card.front_end.width)
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


@pytest.mark.parametrize("name", WITH_GRAPH)
def test_neither_batch_nor_threads_change_a_bit(name: str) -> None:
    card = cards.read(name, systems.WEIGHTS_FOLDER)
    windows = noise(3, card)
    one = network("onnx", card=card)
    logits = np.concatenate([one(windows[index : index + 1]) for index in range(3)])
    for threads, batch in ((2, None), (1, 3)):
        other = network("onnx", threads, batch, card)
        assert other.batch == (batch or threads)
        np.testing.assert_array_equal(other(windows), logits)
        if other.has_embedding:
            np.testing.assert_array_equal(other.embed(windows)[0], logits)


def test_windows_of_another_shape_get_a_clear_error() -> None:
    with pytest.raises(GenreError, match=r"mobilenet\.onnx: ONNX Runtime cannot run it"):
        network("onnx")(noise(1)[:, :-1])


def test_a_gpu_and_onnx_runtime_exclude_each_other() -> None:
    with pytest.raises(UsageError, match="onnx uses the CPU"):
        model.load(device="gpu", runtime="onnx")


def test_a_run_needs_no_tensorflow(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules.update(tensorflow=None, keras=None);"
        "from model.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )

    def run(*more: object) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-c", code, str(CLIPS / "jazz-trio.mp3"), "-o", "o.csv"]
        return subprocess.run(
            [*command, *map(str, more)],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )

    assert run().returncode == 0
    keras = run("--runtime", "keras", "--overwrite")
    assert keras.returncode == 1
    assert "the package tensorflow is not installed" in keras.stderr
    shutil.copy(systems.WEIGHTS_FOLDER / DEFAULT.weights.file, tmp_path)
    old = cards.write(dataclasses.replace(DEFAULT, graph=None), tmp_path)
    without = run("--weights", old, "--overwrite")
    assert without.returncode == 1
    assert "python -m training graph" in without.stderr


def test_onnx_runtime_sends_and_keeps_nothing_about_its_use(tmp_path: Path) -> None:
    """Its telemetry begins with an id in the folder of caches, unless it runs in a CI."""
    home = tmp_path / "home"
    home.mkdir()
    names = ("PATH", "LD_LIBRARY_PATH", "OPENBLAS_CORETYPE")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    done = subprocess.run(
        [sys.executable, ROOT / "predict.py", CLIPS / "jazz-trio.mp3", "-o", tmp_path / "o.csv"],
        env=kept | {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert list(home.rglob("*")) == []


def test_no_output_replaces_the_graph(folder: Path, predict: Run) -> None:
    card, graph = folder / f"{DEFAULT.name}.json", folder / f"{DEFAULT.name}.onnx"
    before = graph.read_bytes()
    options = ("--weights", card, "--format", "csv", "--overwrite")
    assert predict(CLIPS, "-o", graph, *options).returncode == 2
    assert graph.read_bytes() == before


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
    for wrong in (
        "a name",
        "",
        {},
        0,
        {"file": "../x.onnx", "size": 3, "sha256": "0"},
        {"file": 3},
    ):
        path.write_text(json.dumps(fields | {"graph": wrong}), encoding="utf-8")
        with pytest.raises(CardError):
            cards.read(DEFAULT.name, folder)
