"""One graph of fixed shape, and a second one only for those who want embeddings."""

from typing import TYPE_CHECKING

import numpy as np

from model import systems
from model.systems import cards
from model.systems.base import EmbeddingNetwork, Execution
from model.systems.runtimes.calls import Calls
from model.systems.runtimes.tensorflow import TensorFlowNetwork

if TYPE_CHECKING:
    import keras

CARD = cards.read(systems.DEFAULT, systems.WEIGHTS_FOLDER)
SHAPE = (3, 8, 5)


def small(name: str) -> "keras.Model":
    import keras

    windows = keras.Input(SHAPE[1:])
    features = keras.layers.Dense(7, name=name)(keras.layers.Flatten()(windows))
    return keras.Model(windows, keras.layers.Dense(16)(features))


def test_embeddings_come_with_the_logits_of_a_call() -> None:
    windows = np.random.default_rng(0).normal(size=SHAPE).astype(np.float32)
    model = small("embedding")
    network = TensorFlowNetwork(model, Calls(SHAPE[0]))
    assert isinstance(network, EmbeddingNetwork)
    logits, embeddings = network.embed(windows)
    assert embeddings.shape == (SHAPE[0], 7)
    np.testing.assert_array_equal(logits, network(windows))
    kernel, bias = model.get_layer("embedding").get_weights()
    expected = windows.reshape(SHAPE[0], -1) @ kernel + bias
    np.testing.assert_allclose(embeddings, expected, rtol=1e-4, atol=1e-5)
    assert network.traces == 1


def test_calls_side_by_side_give_the_bits_of_one_call_after_the_other() -> None:
    model = small("embedding")
    one, three = TensorFlowNetwork(model, Calls(2)), TensorFlowNetwork(model, Calls(2, at_once=3))
    assert (one.batch, three.batch) == (2, 6)
    windows = np.random.default_rng(0).normal(size=(6, *SHAPE[1:])).astype(np.float32)
    parts = [one.embed(windows[start : start + 2]) for start in (0, 2, 4)]
    for answer, expected in zip(three.embed(windows), zip(*parts, strict=True), strict=True):
        np.testing.assert_array_equal(answer, np.concatenate(expected))
    np.testing.assert_array_equal(three(windows), np.concatenate([part[0] for part in parts]))


def test_a_model_without_embeddings_says_so() -> None:
    assert not TensorFlowNetwork(small("other"), Calls(SHAPE[0])).has_embedding
    assert TensorFlowNetwork(small("embedding"), Calls(SHAPE[0])).has_embedding


def test_the_default_system_embeds_without_changing_a_bit() -> None:
    network = systems.load(CARD).connect(Execution("cpu", threads=2, batch=3))
    shape = (network.batch, CARD.window_frames, CARD.front_end.width)
    windows = np.random.default_rng(0).normal(0, 0.5, shape).astype(np.float32)
    assert isinstance(network, EmbeddingNetwork)
    logits, embeddings = network.embed(windows)
    np.testing.assert_array_equal(logits, network(windows))
    assert np.isfinite(embeddings).all()
