"""The training loop: optimizer steps with a checkpoint that an interrupted run continues from."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import keras

from model import cpus
from training.log import Log
from training.optimization.batches import Batches

CHECKPOINT_SECONDS: Final = 60.0
"""Longest time between two checkpoints."""


def optimize(
    network: keras.Model,
    batches: Batches,
    losses: Sequence[keras.losses.Loss],
    loss_weights: Sequence[float],
    checkpoint: Path,
    log: Log,
) -> None:
    """Train the trainable layers of a network in place.

    The state of training is written to ``checkpoint`` at the end of each epoch and at least every
    ``CHECKPOINT_SECONDS``. Where the file exists, training continues from it and ends with the
    weights of an uninterrupted training.

    Args:
        network: network with an output for each target of the batches.
        batches: crops and targets; their ``config`` holds epochs, learning rate and weight decay.
        losses: loss of each output.
        loss_weights: weight of each loss.
        checkpoint: file to write; the name must end in ``.weights.h5``. The caller deletes it.
        log: receives one line for each epoch.
    """
    epochs, steps = batches.config.epochs, batches.steps_per_epoch
    network.compile(
        optimizer=keras.optimizers.AdamW(
            _schedule(batches.config.learning_rate, epochs * steps),
            weight_decay=batches.config.weight_decay,
            global_clipnorm=1.0,
        ),
        loss=list(losses),
        loss_weights=list(loss_weights),
        jit_compile=False,  # XLA is many times slower for depthwise convolutions on a CPU
    )
    network.optimizer.build(network.trainable_variables)
    done = 0
    if checkpoint.exists():
        network.load_weights(checkpoint)
        done = int(network.optimizer.iterations)
        _advance_dropout(network, done)
        log(f"continuing after {done} of {epochs * steps} optimizer steps")
    callbacks = [_Checkpoint(checkpoint), _Report(log, done, epochs, steps)]
    while done < epochs * steps:
        epoch = done // steps
        end = (epoch + 1) * steps
        network.fit(
            batches.dataset(done, end, cpus.usable()),
            initial_epoch=epoch,
            epochs=epoch + 1,
            steps_per_epoch=end - done,
            shuffle=False,
            verbose=0,
            callbacks=callbacks,
        )
        done = end


def _advance_dropout(network: keras.Model, steps: int) -> None:
    """Set the random states of dropout layers to those after some optimizer steps.

    Keras does not save these states. A state is a seed and a counter of calls.
    """
    for variable in network.variables:
        if variable.path.endswith("seed_generator_state"):
            seed, calls = keras.ops.convert_to_numpy(variable).tolist()
            variable.assign([seed, calls + steps])


def _schedule(peak: float, steps: int) -> keras.optimizers.schedules.LearningRateSchedule:
    warm = max(1, steps // 10)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        warmup_target=peak,
        warmup_steps=warm,
        decay_steps=max(1, steps - warm),
        alpha=0.01,
    )


class _Checkpoint(keras.callbacks.Callback):
    """Writes weights and optimizer state; the number of steps is part of the optimizer state."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._written = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        if time.monotonic() - self._written > CHECKPOINT_SECONDS:
            self._write()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._write()

    def _write(self) -> None:
        part = self._path.with_name(f"part.{self._path.name}")
        self.model.save_weights(part)
        part.replace(self._path)
        self._written = time.monotonic()


class _Report(keras.callbacks.Callback):
    """Logs the losses of each epoch and the time that is left."""

    def __init__(self, log: Log, done: int, epochs: int, steps_per_epoch: int) -> None:
        super().__init__()
        self._log, self._epochs = log, epochs
        self._steps, self._left = 0, epochs * steps_per_epoch - done
        self._begun = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self._steps += 1
        self._left -= 1

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        losses = ", ".join(f"{name} {value:.4f}" for name, value in (logs or {}).items())
        left = self._left * (time.monotonic() - self._begun) / self._steps
        self._log(f"epoch {epoch + 1} of {self._epochs}: {losses}, {left:.0f} s left")
