"""Weights in half precision: a smaller file that Keras reads as before."""

from pathlib import Path

import keras
import numpy as np
import pytest

from training.trainers.half_precision import PrecisionError, halve


def network() -> keras.Model:
    inputs = keras.Input((40,))
    x = keras.layers.BatchNormalization()(keras.layers.Dense(300, activation="relu")(inputs))
    return keras.Model(inputs, keras.layers.Dense(16, activation="softmax")(x))


def test_half_the_bytes_and_nearly_the_same_answers(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    full = network()
    full.layers[2].set_weights([w * 1e6 for w in full.layers[2].get_weights()])  # beyond half's
    full.save_weights(tmp_path / "full.weights.h5")
    halve(tmp_path / "full.weights.h5", tmp_path / "half.weights.h5")
    half = network()
    half.load_weights(tmp_path / "half.weights.h5")
    assert {w.dtype for w in half.weights} == {"float32"}
    for before, after in zip(full.get_weights(), half.get_weights(), strict=True):
        np.testing.assert_allclose(after, before, rtol=1e-3, atol=1e-6)
        assert before.ndim > 1 or (after == before).all()
    sizes = [(tmp_path / f"{name}.weights.h5").stat().st_size for name in ("half", "full")]
    assert sizes[0] < 0.75 * sizes[1]


def test_a_kernel_that_does_not_fit_is_named(tmp_path: Path) -> None:
    large = network()
    large.layers[1].set_weights([w + 1e6 for w in large.layers[1].get_weights()])
    large.save_weights(tmp_path / "full.weights.h5")
    with pytest.raises(PrecisionError, match="a weight of 1000000 is too large"):
        halve(tmp_path / "full.weights.h5", tmp_path / "half.weights.h5")
