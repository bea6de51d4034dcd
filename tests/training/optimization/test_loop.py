"""The training loop: an interrupted training ends with the weights of an uninterrupted one."""

from dataclasses import replace
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from model.errors import GenreError
from training.architectures.front_ends import SPECTROGRAMS
from training.optimization import loop
from training.optimization.batches import Batches
from training.optimization.config import SCRATCH, Precision

FRONT_END = SPECTROGRAMS["fusion"]
CLIPS, EPOCHS, STEPS = 10, 3, 3


class StoppedError(Exception):
    """Ends a training early."""


@pytest.fixture
def batches() -> Batches:
    rng = np.random.default_rng(0)
    shape = (CLIPS, 60, FRONT_END.width)
    config = replace(SCRATCH, epochs=EPOCHS, batch_size=4, crop_frames=40)
    targets = np.eye(16, dtype=np.float32)[rng.integers(16, size=CLIPS)]
    spectrograms = list(rng.normal(0, 1, shape).astype(np.float16))
    return Batches(spectrograms, [targets], FRONT_END, config, 7)


def network() -> keras.Model:
    """A small network with the two things that have a state: weights and dropout."""
    keras.utils.set_random_seed(1)
    inputs = keras.Input((40, FRONT_END.width))
    pooled = keras.layers.GlobalAveragePooling1D()(inputs)
    hidden = keras.layers.Dropout(0.5)(keras.layers.Dense(8, activation="relu")(pooled))
    return keras.Model(inputs, keras.layers.Dense(16)(hidden))


def train(batches: Batches, checkpoint: Path, stop_after: int | None = None) -> list[np.ndarray]:
    """Weights after training; the training ends with an error after some optimizer steps."""
    model = network()
    steps = 0

    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: object = None) -> None:
            nonlocal steps
            steps += 1
            if steps == stop_after:
                raise StoppedError

    fit = model.fit
    model.fit = lambda *args, callbacks, **options: fit(
        *args, callbacks=[*callbacks, Stop()], **options
    )
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    loop.optimize(model, batches, [loss], [1.0], checkpoint, lambda line: None)
    return [np.array(weights) for weights in model.get_weights()]


@pytest.mark.parametrize("precision", ["single", "mixed"])
@pytest.mark.parametrize("stop_after", [2, 3, 5, 8])
def test_an_interrupted_training_ends_with_the_same_weights(
    tmp_path: Path,
    batches: Batches,
    stop_after: int,
    precision: Precision,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", -1.0)
    batches = replace(batches, config=replace(batches.config, precision=precision))
    expected = train(batches, tmp_path / "whole.weights.h5")
    checkpoint = tmp_path / "stopped.weights.h5"
    with pytest.raises(StoppedError):
        train(batches, checkpoint, stop_after)
    assert checkpoint.exists()
    for weights, wanted in zip(train(batches, checkpoint), expected, strict=True):
        np.testing.assert_allclose(weights, wanted, atol=1e-6)


def test_a_step_whose_gradients_overflow_is_a_step(
    tmp_path: Path, batches: Batches, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise an interrupted training would repeat it, and the learning rate would lag."""
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", -1.0)
    loud = [part * np.float16(1000.0) for part in batches.spectrograms]
    config = replace(batches.config, precision="mixed", augmentation=None)
    batches = replace(batches, spectrograms=loud, config=config)
    expected = train(batches, tmp_path / "whole.weights.h5")
    checkpoint = tmp_path / "stopped.weights.h5"
    with pytest.raises(StoppedError):
        train(batches, checkpoint, 4)
    with h5py.File(checkpoint) as file:
        scalars = {float(part[()]) for part in file["optimizer/vars"].values() if not part.shape}
    assert {4.0, 2.0**15} & scalars == {4.0}  # steps, and the first scale of losses
    for weights, wanted in zip(train(batches, checkpoint), expected, strict=True):
        np.testing.assert_allclose(weights, wanted, atol=1e-6)


def test_a_batch_depends_on_the_step_alone(batches: Batches) -> None:
    crops, (targets,) = batches.batch(4)
    again, (same,) = batches.batch(4)
    np.testing.assert_array_equal(crops, again)
    np.testing.assert_array_equal(targets, same)
    assert not np.array_equal(crops, batches.batch(1)[0])
    assert crops.shape == (4, 40, FRONT_END.width)
    for (streamed, (labels,)), step in zip(batches.dataset(2, 5, 2), range(2, 5), strict=True):
        np.testing.assert_array_equal(streamed, batches.batch(step)[0])
        np.testing.assert_array_equal(labels, batches.batch(step)[1][0])


def test_an_epoch_has_each_clip(batches: Batches) -> None:
    assert batches.steps_per_epoch == STEPS
    rows = np.arange(CLIPS, dtype=np.float32)[:, np.newaxis]
    numbered = Batches(batches.spectrograms, [rows], FRONT_END, batches.config, 0)
    for epoch in range(2):
        steps = range(epoch * STEPS, (epoch + 1) * STEPS)
        seen = np.concatenate([numbered.batch(step)[1][0][:, 0] for step in steps])
        assert sorted(set(seen.tolist())) == list(range(CLIPS))


def test_training_ends_early_and_takes_the_best_epoch(tmp_path: Path, batches: Batches) -> None:
    """Validation losses are given; weights after the second epoch must come back."""
    given, seen = iter([2.0, 1.0, 1.5, 1.6, 1.7]), list[list[np.ndarray]]()
    model = network()

    def validate() -> dict[str, float]:
        seen.append([np.array(weights) for weights in model.get_weights()])
        return {"validation_log_loss": next(given)}

    config = replace(batches.config, epochs=9, patience=2)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    said: list[str] = []
    checkpoint = tmp_path / "x.weights.h5"
    longer = replace(batches, config=config)
    loop.optimize(model, longer, [loss], [1.0], checkpoint, said.append, validate)
    assert len(seen) == 4
    for weights, wanted in zip(model.get_weights()[:4], seen[1], strict=False):
        np.testing.assert_array_equal(weights, wanted)
    assert said[1].startswith("epoch 2 of 9: loss ")
    assert "validation log loss 1.0000" in said[1]
    rows = (tmp_path / "x.history.csv").read_text().splitlines()
    assert rows[0] == "epoch,loss,validation_log_loss"
    assert len(rows) == 5

    model = network()
    loop.optimize(model, longer, [loss], [1.0], checkpoint, said.append, validate)
    assert len(seen) == 4  # it was over already
    for weights, wanted in zip(model.get_weights()[:4], seen[1], strict=False):
        np.testing.assert_array_equal(weights, wanted)


def test_a_training_that_diverges_says_so(tmp_path: Path, batches: Batches) -> None:
    """It leaves no checkpoint from which the same command would diverge again."""
    broken = replace(batches, spectrograms=[part * np.nan for part in batches.spectrograms])
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    checkpoint = tmp_path / "x.weights.h5"
    with pytest.raises(GenreError, match="training diverged"):
        loop.optimize(network(), broken, [loss], [1.0], checkpoint, print)
    assert not checkpoint.exists()
