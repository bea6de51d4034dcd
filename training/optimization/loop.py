"""The training loop: optimizer steps with a checkpoint that an interrupted run continues from."""

import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import keras

from model import cpus
from model.errors import GenreError
from training.log import Log
from training.optimization.batches import Batches
from training.optimization.config import TrainingConfig
from training.optimization.history import History, Validate
from training.optimization.precision import LossScaling, computing_in

CHECKPOINT_SECONDS: Final = 60.0
"""Longest time between two checkpoints, and between two lines of the log."""


def optimize(
    network: keras.Model,
    batches: Batches,
    losses: Sequence[keras.losses.Loss],
    loss_weights: Sequence[float],
    checkpoint: Path,
    log: Log,
    validate: Validate | None = None,
    tensorboard: Path | None = None,
) -> None:
    """Train the trainable layers of a network in place.

    The state of training is written to ``checkpoint`` at the end of each epoch and at least every
    ``CHECKPOINT_SECONDS``. Where the file exists, training continues from it and ends with the same
    weights as a training that was never interrupted. Two files beside it have the same name up to
    ``.weights.h5``: the losses of each epoch (``.history.csv``), and the best weights
    (``.best.weights.h5``).

    With ``validate``, training ends after ``batches.config.patience`` epochs without a lower
    validation log loss, and the network gets the weights of the epoch with the lowest.

    Args:
        network: network with an output for each target of the batches.
        batches: crops and targets; their ``config`` holds epochs, learning rate and weight decay.
        losses: loss of each output.
        loss_weights: weight of each loss.
        checkpoint: file to write; the name must end in ``.weights.h5``. The caller deletes it and
            the files beside it.
        log: receives one line for each epoch, and one every ``CHECKPOINT_SECONDS``.
        validate: computes the scores of the network on the validation clips.
        tensorboard: folder for TensorBoard, to which losses and scores are written, too.

    Raises:
        GenreError: a loss is not finite.
    """
    config, steps = batches.config, batches.steps_per_epoch
    total = config.epochs * steps
    network.compile(
        optimizer=_optimizer(config, total),
        loss=list(losses),
        loss_weights=list(loss_weights),
        jit_compile=False,  # XLA is many times slower for depthwise convolutions on a CPU
    )
    done = _restore(network, checkpoint)
    if done:
        log(f"continuing after {done} of {total} optimizer steps")
    history = History(checkpoint, network, validate, config.patience)
    report = _Report(log, done, config.epochs, steps)
    callbacks = [_Checkpoint(checkpoint), report, _EndOfEpoch(checkpoint, history, report)]
    if tensorboard:
        folder = tensorboard / checkpoint.name.removesuffix(".weights.h5")
        callbacks.append(keras.callbacks.TensorBoard(folder, write_graph=False))
    with computing_in(config.precision, network):
        while done < total and not history.is_over(done // steps):
            epoch = done // steps
            end = (epoch + 1) * steps
            network.fit(
                batches.dataset(done, end, cpus.usable()),
                initial_epoch=epoch,
                epochs=epoch + 1,
                steps_per_epoch=end - done,
                shuffle=False,
                verbose=1 if sys.stdout.isatty() else 0,
                callbacks=callbacks,
            )
            done = end
    history.restore_best()


def _optimizer(config: TrainingConfig, steps: int) -> keras.optimizers.Optimizer:
    optimizer = keras.optimizers.AdamW(
        _schedule(config.learning_rate, steps),
        weight_decay=config.weight_decay,
        global_clipnorm=1.0,
    )
    return LossScaling(optimizer) if config.precision == "mixed" else optimizer


def _restore(network: keras.Model, checkpoint: Path) -> int:
    """Load a checkpoint if there is one; returns the number of optimizer steps done."""
    network.optimizer.build(network.trainable_variables)
    if not checkpoint.exists():
        return 0
    network.load_weights(checkpoint)
    done = int(network.optimizer.iterations)
    # Keras does not save the states of dropout: a seed and a counter of calls.
    for variable in network.variables:
        if variable.path.endswith("seed_generator_state"):
            seed, calls = keras.ops.convert_to_numpy(variable).tolist()
            variable.assign([seed, calls + done])
    return done


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


class _EndOfEpoch(keras.callbacks.Callback):
    """Validates the network and adds the scores to the epoch's losses, for other callbacks."""

    def __init__(self, checkpoint: Path, history: History, report: "_Report") -> None:
        super().__init__()
        self._checkpoint, self._history, self._report = checkpoint, history, report

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        losses = logs if logs is not None else {}
        if not all(map(math.isfinite, losses.values())):
            self._checkpoint.unlink()
            raise GenreError(
                f"{self._checkpoint}: training diverged, a loss is not finite; the checkpoint was "
                "deleted. Check the spectrograms of the clips, or try another --seed, or "
                "--precision single"
            )
        losses |= self._history.add(epoch + 1, losses)
        self._report.log_epoch(epoch + 1, losses)


class _Report(keras.callbacks.Callback):
    """Logs losses and the time that is left."""

    def __init__(self, log: Log, done: int, epochs: int, steps_per_epoch: int) -> None:
        super().__init__()
        self._log, self._epochs, self._steps_per_epoch = log, epochs, steps_per_epoch
        self._first = self._done = done
        self._begun = self._logged = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self._done += 1
        if time.monotonic() - self._logged > CHECKPOINT_SECONDS:
            epoch, step = divmod(self._done, self._steps_per_epoch)
            self._write(f"epoch {epoch + 1}, step {step} of {self._steps_per_epoch}", logs or {})

    def log_epoch(self, epoch: int, scores: dict[str, float]) -> None:
        """Log the losses and scores of an epoch, counted from 1."""
        self._write(f"epoch {epoch} of {self._epochs}", scores)

    def _write(self, where: str, values: dict[str, float]) -> None:
        self._logged = time.monotonic()
        text = ", ".join(f"{name.replace('_', ' ')} {value:.4f}" for name, value in values.items())
        seconds = (self._logged - self._begun) / max(1, self._done - self._first)
        left = seconds * (self._epochs * self._steps_per_epoch - self._done)
        self._log(f"{where}: {text}, at most {left:.0f} s left")
