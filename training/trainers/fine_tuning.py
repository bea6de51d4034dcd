"""Fits a fusion network: a frozen probe for the last layer, then all layers, then finishing.

Finishing averages the trained weights with the starting weights and fits the last layer again to
the features of whole windows without augmentation.
"""

from collections.abc import Mapping, Sequence
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
from training.optimization.prediction import middle_scores, predict
from training.trainers.distillation import Probe, fit_probe


@dataclass(frozen=True)
class TrainingSet:
    """Inputs and targets of training, one entry for each clip.

    Attributes:
        spectrograms: log-mel spectrograms, shape [frames, bands] each.
        genres: index into ``GENRES``, shape [clips].
        start: features of the branches with their starting weights by name, shape
            [clips, features] each; empty for random starting weights.
        posteriors: posteriors of the teacher, shape [clips, 16], or None for no teacher.
        embeddings: standardised embeddings of the teacher, shape [clips, features], or None.
        groups: artist, or the best substitute for the artist, of each clip.
        tags: weights from the features to the tags of each genre, shape [features, 16], or None.
        validation: spectrograms and genres of the clips that choose the epoch, or None.
    """

    spectrograms: Sequence[Spectrogram]
    genres: NDArray[np.int_]
    start: Mapping[str, NDArray[np.float32]]
    posteriors: NDArray[np.float64] | None = None
    embeddings: NDArray[np.float32] | None = None
    groups: Sequence[str] = ()
    tags: NDArray[np.float64] | None = None
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
    if training_set.start:
        start = np.concatenate(list(training_set.start.values()), axis=1)
        _set_probe(head, fit_probe(start, training_set.genres, config.probe_strength))
    teaching = config.distillation
    share = teaching.posterior_weight if teaching else 0.0
    outputs = [head(keras.layers.Dropout(config.dropout)(features))]
    losses: list[keras.losses.Loss] = [keras.losses.CategoricalCrossentropy(from_logits=True)]
    loss_weights = [1.0]
    targets = [genre_targets(training_set, share, config.label_smoothing)]
    if teaching and training_set.embeddings is not None:
        width = training_set.embeddings.shape[1]
        outputs.append(keras.layers.Dense(width, name="imitation")(features))
        losses.append(keras.losses.MeanSquaredError())
        loss_weights.append(teaching.embedding_loss_weight)
        targets.append(training_set.embeddings)
    batches = Batches(training_set.spectrograms, targets, front_end, config, seed)
    student = keras.Model(model.input, outputs)
    validate = training_set.validate(model)
    optimize(student, batches, losses, loss_weights, checkpoint, log, validate, tensorboard)


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


def refit(model: keras.Model, training_set: TrainingSet, config: FinishingConfig) -> None:
    """Fit the last layer again, to the features of whole clips.

    Args:
        model: trained network for the windows of prediction.
        training_set: clips, genres, and the teacher's posteriors if there is a teacher.
        config: how the network is finished.
    """
    network = keras.Model(model.input, model.get_layer("embedding").output)
    features = predict(network, training_set.spectrograms, model.input_shape[1])
    targets = genre_targets(training_set, config.posterior_weight)
    probe = fit_probe(features, targets, config.refit_strength, config.feature_scale_floor)
    if training_set.tags is not None:
        added = config.tag_logit_share * training_set.tags
        bias = probe.bias - features.mean(axis=0) @ added  # on average it favours no genre
        probe = Probe(probe.weights + added, bias)
    _set_probe(model.get_layer("logits"), probe)


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


def _set_probe(head: keras.layers.Layer, probe: Probe) -> None:
    head.set_weights([probe.weights, probe.bias])
