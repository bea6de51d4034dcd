"""Fits the networks of 2018 from random weights, as their authors did except for the optimizer.

A patch has the label of its clip; patches are not augmented. If a network has a layer that
standardises bands, the layer gets mean and variance of the training clips first. If a network has
branches for artist group factors, the branches are trained first, and then the layers behind them.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import keras
import numpy as np
from numpy.typing import NDArray

from model.frontends.spectrogram import FrontEnd
from model.systems.challenge2018 import agf, dpn, shortterm, stft, xception
from model.systems.challenge2018.patches import OUTPUT_LAYER
from training.data.store import Spectrogram
from training.log import Log
from training.optimization import prediction
from training.optimization.batches import Batches
from training.optimization.config import TrainingConfig
from training.optimization.history import Validate
from training.optimization.loop import optimize
from training.trainers import artist_groups
from training.trainers.fine_tuning import TrainingSet, genre_targets

PLAIN: Final = TrainingConfig(
    patience=5,
    validation_folds=8,
    learning_rate=1e-3,
    batch_size=32,
    dropout=0.0,
    label_smoothing=0.0,
    augmentation=None,
)
"""Without anything that came later; the networks have dropout of their own."""

CONFIGS: Final = {
    "agf": replace(PLAIN, epochs=24, patience=24, crop_frames=agf.PATCHES.length),
    "shortterm": replace(PLAIN, epochs=10, crop_frames=max(shortterm.MEMBERS.values())),
    "stft": replace(PLAIN, epochs=24, crop_frames=stft.PATCHES.length),
    "xception": replace(PLAIN, epochs=16, crop_frames=xception.PATCHES.length),
    "dpn": replace(PLAIN, epochs=12, crop_frames=dpn.PATCHES.length),
}
"""Of each architecture: at most so many epochs. The one with the least loss on an eighth of the
training clips, which shares no artist with the rest, gives the weights.

An epoch has one crop of each clip; the authors' had all patches, and more of them. The last layers
of ``agf`` see every epoch, since theirs take seconds and the validation loss varies.
"""

_STANDARDISED: Final = "standardised"
_FROZEN_BUT: Final = ("fusion", "logits")
"""Layers that learn from artist group factors."""

_LEAST_VARIANCE: Final = 1e-8
"""Of a band that never changes."""


def fit(
    model: keras.Model,
    training_set: TrainingSet,
    front_end: FrontEnd,
    config: TrainingConfig,
    seed: int,
    checkpoint: Path,
    log: Log,
    tensorboard: Path | None = None,
) -> None:
    """Train a network in place; the arguments are those of ``training.trainers.fine_tuning.fit``.

    Args:
        model: network from a module of ``model.systems``, for spectrograms of
            ``config.crop_frames``.
        training_set: clips, genres, and groups.
        front_end: what the spectrograms were made with.
        config: how.
        seed: seed of crops, order, dropout and factors.
        checkpoint: file that an interrupted training continues from; the artist group factors have
            a second file with a longer name.
        log: receives one line for each epoch.
        tensorboard: folder for TensorBoard, or None.
    """
    keras.utils.set_random_seed(seed)
    names = {layer.name for layer in model.layers}
    if _STANDARDISED in names:
        standardise(model.get_layer(_STANDARDISED), training_set.spectrograms)
    genres = genre_targets(training_set, 0.0, config.label_smoothing)
    frozen = []
    if f"{agf.GENRE}_features" in names:
        frozen = [layer for layer in model.layers if layer.name not in _FROZEN_BUT]
        factors = checkpoint.with_name(
            checkpoint.name.replace(".weights.h5", "_factors.weights.h5")
        )
        targets = _factor_targets(training_set, genres, seed, log)
        heads = [
            _head(model.get_layer(f"{name}_features").output, f"{name}_target", wanted.shape[1])
            for name, wanted in targets.items()
        ]
        batches = Batches(
            training_set.spectrograms, list(targets.values()), front_end, config, seed
        )
        _optimize(keras.Model(model.input, heads), batches, factors, log, None, tensorboard)
    trainable = [layer.trainable for layer in frozen]
    for layer in frozen:
        layer.trainable = False
    answers = [layer.output for layer in model.layers if layer.name.startswith(OUTPUT_LAYER)]
    batches = Batches(training_set.spectrograms, [genres] * len(answers), front_end, config, seed)
    validate = training_set.validate(model)
    _optimize(keras.Model(model.input, answers), batches, checkpoint, log, validate, tensorboard)
    for layer, before in zip(frozen, trainable, strict=True):
        layer.trainable = before


def _head(features: keras.KerasTensor, name: str, outputs: int) -> keras.KerasTensor:
    """Last layers of a network that learns artist group factors or genre before the others."""
    dropped = keras.layers.Dropout(0.5)(features)
    return keras.layers.Dense(outputs, activation="log_softmax", name=name)(dropped)


def _factor_targets(
    training_set: TrainingSet, genres: NDArray[np.float32], seed: int, log: Log
) -> dict[str, NDArray[np.float32]]:
    """Target of each of the networks side by side: genre and artist group factors."""
    targets = {agf.GENRE: genres}
    for name in agf.FACTORS:
        log(f"artist groups by {name}")
        targets[name] = artist_groups.topics(
            name, training_set.spectrograms, training_set.groups, seed
        )
    return targets


def _optimize(
    student: keras.Model,
    batches: Batches,
    checkpoint: Path,
    log: Log,
    validate: Validate | None,
    tensorboard: Path | None,
) -> None:
    """Train outputs that are logarithms of probabilities, all with the same weight."""
    count = len(student.outputs)
    losses = [keras.losses.CategoricalCrossentropy(from_logits=True) for _ in range(count)]
    optimize(student, batches, losses, [1.0] * count, checkpoint, log, validate, tensorboard)


def standardise(layer: keras.layers.Layer, spectrograms: Sequence[Spectrogram]) -> None:
    """Let a layer of one factor and one offset a band give mean 0 and variance 1 over all frames.

    A band that never changes, because it lies above the band limit, gets the factor 0: whatever it
    is in another clip, the network has not learned what it means.

    Args:
        layer: layer from ``model.systems.challenge2018.patches.standardised``.
        spectrograms: shape [frames, bands] each.
    """
    frames = sum(len(spectrogram) for spectrogram in spectrograms)
    bands = spectrograms[0].shape[1]
    total, squares = np.zeros(bands), np.zeros(bands)
    for spectrogram in spectrograms:
        values = spectrogram.astype(np.float64)
        total += values.sum(axis=0)
        squares += (values**2).sum(axis=0)
    mean = total / frames
    variance = squares / frames - mean**2
    changes = variance > _LEAST_VARIANCE
    factor = changes / np.sqrt(np.where(changes, variance, 1.0))
    layer.set_weights([factor[None, :, None], -mean * factor])


def predict(
    model: keras.Model, spectrograms: Sequence[Spectrogram], window_frames: int
) -> NDArray[np.float32]:
    """Outputs of ``model``, averaged over the windows of each clip, shape [clips, outputs].

    Windows are whole clips, so that the network receives two at once.
    """
    return prediction.predict(model, spectrograms, window_frames, batch=2)
