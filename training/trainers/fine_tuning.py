"""Fits a fusion network: a frozen probe for the last layer, then all layers, then finishing.

Finishing averages the trained weights with the starting weights and fits the last layer again, to
the features of whole clips and of augmented crops.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from model.frontends.spectrogram import FrontEnd
from model.genres import GENRES
from training.data.store import Spectrogram
from training.log import Log
from training.optimization.batches import Batches
from training.optimization.config import FinishingConfig, TrainingConfig
from training.optimization.history import Validate
from training.optimization.loop import optimize
from training.optimization.prediction import middle_scores
from training.trainers.regression import Probe, balancing_weights, fit_probe


@dataclass(frozen=True)
class TrainingSet:
    """Inputs and targets of training, one entry for each clip.

    Attributes:
        spectrograms: log-mel spectrograms, shape [frames, bands] each.
        genres: index into ``GENRES``, shape [clips].
        start: features with the starting weights, shape [clips, features]; None for random starting
            weights.
        posteriors: posteriors of the teacher, shape [clips, 16], or None for no teacher.
        groups: artist, or the best substitute for the artist, of each clip.
        validation: spectrograms and genres of the clips that choose the epoch, or None.
    """

    spectrograms: Sequence[Spectrogram]
    genres: NDArray[np.int_]
    start: NDArray[np.float32] | None = None
    posteriors: NDArray[np.float64] | None = None
    groups: Sequence[str] = ()
    validation: tuple[Sequence[Spectrogram], NDArray[np.int_]] | None = None

    def validate(self, model: keras.Model) -> Validate | None:
        """Computes the scores of a network on the validation clips; None if there are none."""
        return partial(middle_scores, model, *self.validation) if self.validation else None


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
    """Train all layers of a network in place; ``average`` and ``refit`` finish it.

    Args:
        model: network from ``fusion.network``, for spectrograms of ``config.crop_frames``.
        training_set: clips and targets.
        front_end: front end of the spectrograms.
        config: how the network is trained.
        seed: seed of crops, order and dropout.
        checkpoint: file that an interrupted training continues from; see ``optimize``.
        log: receives one line for each epoch.
        tensorboard: folder for TensorBoard, or None.
    """
    keras.utils.set_random_seed(seed)
    features, head = model.get_layer("embedding").output, model.get_layer("logits")
    if training_set.start is not None:
        probe = fit_probe(training_set.start, training_set.genres, config.probe_strength)
        set_probe(head, probe)
    output = head(keras.layers.Dropout(config.dropout)(features))
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    targets = [genre_targets(training_set, 0.0, config.label_smoothing)]
    batches = Batches(training_set.spectrograms, targets, front_end, config, seed)
    student = keras.Model(model.input, output)
    validate = training_set.validate(model)
    optimize(student, batches, [loss], [1.0], checkpoint, log, validate, tensorboard)


def average(start: keras.Model, trained: keras.Model, start_weight_share: float) -> None:
    """Move the weights of a trained network in place towards those that it started from.

    Args:
        start: network with the weights before training.
        trained: the same network after it.
        start_weight_share: share of the starting weights.
    """
    trained.set_weights(
        [
            start_weight_share * before + (1 - start_weight_share) * after
            for before, after in zip(start.get_weights(), trained.get_weights(), strict=True)
        ]
    )


def refit(
    features: NDArray[np.float32],
    views: Sequence[NDArray[np.float32]],
    tags: NDArray[np.float64],
    training_set: TrainingSet,
    config: FinishingConfig,
) -> Probe:
    """Fit the last layer again, to the features of whole clips and of augmented crops.

    Args:
        features: features of the clips, shape [clips, features].
        views: the same of augmented crops of the clips.
        tags: weights that are added to the last layer, shape [features, 16].
        training_set: clips, genres, groups, and the teacher's posteriors if there is a teacher.
        config: how the network is finished.
    """
    targets = genre_targets(training_set, config.posterior_weight)
    weights = None
    if config.balance:
        weights = balancing_weights(training_set.genres, training_set.groups, config.balance)
        weights = np.tile(weights, 1 + len(views))
    probe = fit_probe(
        np.concatenate([features, *views]),
        np.tile(targets, (1 + len(views), 1)),
        config.refit_strength / (1 + len(views)),
        config.feature_scale_floor,
        weights,
    )
    bias = probe.bias - features.mean(axis=0) @ tags  # on average tags favour no genre
    return Probe(probe.weights + tags, bias)


def genre_targets(
    training_set: TrainingSet, posterior_weight: float, smoothing: float = 0.0
) -> NDArray[np.float32]:
    """Target of the genre output of each clip, from label and teacher, shape [clips, 16].

    Args:
        training_set: clips, genres, and the teacher's posteriors if there is a teacher.
        posterior_weight: share of the teacher's posterior; the rest is the label. Without a
            teacher the label is all.
        smoothing: share of the label that is spread evenly over the genres.
    """
    count = len(GENRES)
    targets = (1 - smoothing) * np.eye(count)[training_set.genres] + smoothing / count
    if training_set.posteriors is not None:
        targets = (1 - posterior_weight) * targets + posterior_weight * training_set.posteriors
    return targets.astype(np.float32)


def scale_at_random(model: keras.Model, front_end: FrontEnd, seed: int) -> None:
    """Random weights whose layers all give outputs of about unit variance.

    Mishkin and Matas, All You Need Is a Good Init, ICLR 2016: without batch normalisation, signals
    would fade from layer to layer.

    Args:
        model: network from ``fusion.network``.
        front_end: front end of the network's spectrograms.
        seed: seed of the weights and of the noise.
    """
    frames = model.input_shape[1]
    rng = np.random.default_rng(seed)
    noise = rng.normal(0.0, 0.5, (4, frames, 1)) + rng.normal(
        0.0, 0.5, (4, frames, front_end.mel_bands)
    )
    initializer = keras.initializers.Orthogonal(seed=seed)
    for layer in model.layers:
        weights = layer.get_weights()
        if not weights or not layer.trainable:
            continue
        kernel = keras.ops.convert_to_numpy(initializer(weights[0].shape))
        layer.set_weights([kernel, *(np.zeros_like(bias) for bias in weights[1:])])
        activation, layer.activation = layer.activation, keras.activations.linear
        outputs = keras.Model(model.input, layer.output)(noise, training=False)
        spread = np.std(keras.ops.convert_to_numpy(outputs))
        layer.activation = activation
        layer.set_weights([kernel / max(spread, 1e-6), *layer.get_weights()[1:]])


def set_probe(head: keras.layers.Layer, probe: Probe) -> None:
    """Give the last layer the weights of a regression."""
    head.set_weights([probe.weights, probe.bias])
