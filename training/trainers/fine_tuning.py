"""Fits a fusion network to a table of clips: a frozen probe for the last layer, then all layers.

Afterwards the weights can be averaged with those of the start, and the last layer fitted anew to
the features of whole, unvaried windows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import keras
import numpy as np
from numpy.typing import NDArray

from model.frontends.spectrogram import FrontEnd
from model.genres import GENRES
from model.systems.base import cut_windows
from training.data.augmentation import Augmentation, augment, crop
from training.data.dataset import Spectrogram
from training.trainers.distillation import Probe, fit_probe
from training.trainers.trainer import Log


@dataclass(frozen=True)
class TrainingConfig:
    """How a network is trained, and how the trained network is finished.

    Attributes:
        epochs: passes over the clips.
        learning_rate: peak of the learning rate. It rises over the first tenth of the steps and
            falls along a half cosine.
        batch_size: crops in an optimizer step.
        crop_frames: length of a training crop in frames.
        weight_decay: weight decay of AdamW (Loshchilov and Hutter, 2019).
        dropout: share of the features that is dropped before the last layer.
        label_smoothing: share of a label that is spread evenly over the genres.
        distillation_weight: share of the teacher's posterior in a training target; the rest is
            the smoothed label.
        embedding_loss_weight: weight of the squared error to the teacher's standardised
            embeddings.
        start_weight_share: finishing: share of the starting weights in the final weights, 0 to 1.
            Averaged weights generalise better to other sources (Wortsman et al., Robust
            Fine-tuning of Zero-shot Models, CVPR 2022).
        refit_last_layer: finishing: whether the last layer is fitted again after training. It
            must be where ``start_weight_share`` is above 0, because the starting weights have no
            last layer for genres.
        probe_strength: inverse regularisation (scikit-learn's C) of the logistic regression that
            initialises the last layer.
        refit_strength: finishing: C of the logistic regression that refits the last layer.
        refit_distillation_weight: finishing: share of the teacher's posterior in the targets of
            the refitted last layer.
        feature_scale_floor: finishing: argument of ``fit_probe`` for the refitted last layer.
        tag_logit_share: finishing: factor of the tag weights (``training.initial.tags``) that are
            added to the refitted last layer.
        teacher_strength: C of the teacher's logistic regression.
        augmentation: how crops are augmented.
    """

    epochs: int = 6
    learning_rate: float = 5e-4
    batch_size: int = 32
    crop_frames: int = 500
    weight_decay: float = 0.01
    dropout: float = 0.2
    label_smoothing: float = 0.05
    distillation_weight: float = 0.8
    embedding_loss_weight: float = 1.0
    start_weight_share: float = 0.5
    refit_last_layer: bool = True
    probe_strength: float = 0.01
    refit_strength: float = 0.03
    refit_distillation_weight: float = 0.5
    feature_scale_floor: float = 0.3
    tag_logit_share: float = 0.5
    teacher_strength: float = 0.003
    augmentation: Augmentation = field(default_factory=Augmentation)


SCRATCH = TrainingConfig(
    epochs=60,
    learning_rate=1e-3,
    distillation_weight=0.0,
    embedding_loss_weight=0.0,
    start_weight_share=0.0,
    refit_last_layer=False,
)
"""From random weights."""


@dataclass(frozen=True)
class TrainingSet:
    """What a network is to learn, one entry a clip.

    Attributes:
        spectrograms: log-mel, shape [frames, bands] each.
        genres: index into ``GENRES``, shape [clips].
        start: features of the untouched branches by name, shape [clips, features] each; empty for
            random initial weights.
        posteriors: the teacher's, shape [clips, 16], or None for no teacher.
        embeddings: the teacher's, standardised, shape [clips, features], or None.
        groups: artist, or the best stand-in for one.
        tags: weights from the features to the tags of each genre, shape [features, 16], or None.
    """

    spectrograms: list[Spectrogram]
    genres: NDArray[np.int_]
    start: Mapping[str, NDArray[np.float32]]
    posteriors: NDArray[np.float64] | None = None
    embeddings: NDArray[np.float32] | None = None
    groups: Sequence[str] = ()
    tags: NDArray[np.float64] | None = None


def fit(
    model: keras.Model,
    training_set: TrainingSet,
    front_end: FrontEnd,
    config: TrainingConfig,
    seed: int,
    log: Log,
) -> None:
    """Train all layers of a network in place; what comes after it is ``average`` and ``refit``.

    Args:
        model: from ``fusion.network``, for spectrograms of ``config.crop_frames``.
        training_set: clips and targets.
        front_end: what the spectrograms were made with.
        config: how.
        seed: of crops, order and dropout.
        log: is told one line an epoch.
    """
    keras.utils.set_random_seed(seed)
    features, head = model.get_layer("embedding").output, model.get_layer("logits")
    if training_set.start:
        start = np.concatenate(list(training_set.start.values()), axis=1)
        _set_probe(head, fit_probe(start, training_set.genres, config.probe_strength))
    outputs = [head(keras.layers.Dropout(config.dropout)(features))]
    losses: list[keras.losses.Loss] = [keras.losses.CategoricalCrossentropy(from_logits=True)]
    weights, targets = (
        [1.0],
        [genre_targets(training_set, config.distillation_weight, config.label_smoothing)],
    )
    if training_set.embeddings is not None:
        outputs.append(
            keras.layers.Dense(training_set.embeddings.shape[1], name="imitation")(features)
        )
        losses.append(keras.losses.MeanSquaredError())
        weights.append(config.embedding_loss_weight)
        targets.append(training_set.embeddings)
    student = keras.Model(model.input, outputs)
    batches = Batches(training_set.spectrograms, targets, front_end, config, seed)
    learn(student, batches, losses, weights, config, log)


def learn(
    student: keras.Model,
    batches: "Batches",
    losses: list[keras.losses.Loss],
    weights: list[float],
    config: TrainingConfig,
    log: Log,
) -> None:
    """Train what is trainable of a network in place.

    Args:
        student: has an output for each target of the batches.
        batches: crops and targets.
        losses: of each output.
        weights: of each loss.
        config: epochs, rate and weight decay.
        log: is told one line an epoch.
    """
    student.compile(
        optimizer=keras.optimizers.AdamW(
            _schedule(config.learning_rate, config.epochs * len(batches)),
            weight_decay=config.weight_decay,
            global_clipnorm=1.0,
        ),
        loss=losses,
        loss_weights=weights,
        jit_compile=False,  # XLA is many times slower for depthwise convolutions on a CPU
    )
    student.fit(batches, epochs=config.epochs, verbose=0, shuffle=False, callbacks=[_Report(log)])


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


def refit(model: keras.Model, training_set: TrainingSet, config: TrainingConfig) -> None:
    """Fit the last layer anew to the features of whole clips.

    Args:
        model: trained, for the windows of prediction.
        training_set: clips, genres, and the teacher's posteriors if there are any.
        config: how.
    """
    features = keras.Model(model.input, model.get_layer("embedding").output)
    made = predict(features, training_set.spectrograms, model.input_shape[1])
    targets = genre_targets(training_set, config.refit_distillation_weight)
    probe = fit_probe(made, targets, config.refit_strength, config.feature_scale_floor)
    if training_set.tags is not None:
        added = config.tag_logit_share * training_set.tags
        bias = probe.bias - made.mean(axis=0) @ added  # on average it favours no genre
        probe = Probe(probe.weights + added, bias)
    _set_probe(model.get_layer("logits"), probe)


def _set_probe(head: keras.layers.Layer, probe: Probe) -> None:
    head.set_weights([probe.weights, probe.bias])


def scale_at_random(model: keras.Model, front_end: FrontEnd, seed: int) -> None:
    """Random weights whose layers all give outputs of about unit variance.

    Mishkin and Matas, All You Need Is a Good Init, ICLR 2016: without batch normalisation, signals
    would fade from layer to layer.

    Args:
        model: from ``fusion.network``.
        front_end: of its spectrograms.
        seed: of the weights, and of the noise that is sent through.
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


def branch_features(
    model: keras.Model, branches: Sequence[str], spectrograms: list[Spectrogram]
) -> dict[str, NDArray[np.float32]]:
    """What each branch makes of clips, averaged over windows: shape [clips, features] each."""
    layer = model.get_layer("embedding")
    parts = layer.input if isinstance(layer.input, list) else [layer.input]
    joined = predict(keras.Model(model.input, layer.output), spectrograms, model.input_shape[1])
    ends = np.cumsum([part.shape[-1] for part in parts])[:-1]
    return dict(zip(branches, np.split(joined, ends, axis=1), strict=True))


def predict(
    model: keras.Model, spectrograms: list[Spectrogram], window_frames: int, batch: int = 16
) -> NDArray[np.float32]:
    """Outputs of ``model``, averaged over the windows of each clip, shape [clips, outputs]."""
    parts = [cut_windows(spectrogram, window_frames) for spectrogram in spectrograms]
    outputs = model.predict(np.concatenate(parts), batch_size=batch, verbose=0)
    ends = np.cumsum([len(part) for part in parts])[:-1]
    return np.stack([rows.mean(axis=0) for rows in np.split(outputs, ends)])


def _schedule(peak: float, steps: int) -> keras.optimizers.schedules.LearningRateSchedule:
    warm = max(1, steps // 10)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        warmup_target=peak,
        warmup_steps=warm,
        decay_steps=max(1, steps - warm),
        alpha=0.01,
    )


class Batches(keras.utils.PyDataset):
    """Random crops with their targets; another order and other crops in every epoch.

    Args:
        spectrograms: of the clips.
        targets: for each output of a network, one row a clip.
        front_end: what the spectrograms were made with.
        config: size of a batch, length of a crop, how it is varied.
        seed: of crops and order.
    """

    def __init__(
        self,
        spectrograms: Sequence[Spectrogram],
        targets: Sequence[NDArray[np.float32]],
        front_end: FrontEnd,
        config: TrainingConfig,
        seed: int,
    ) -> None:
        super().__init__()
        self.spectrograms, self.targets = spectrograms, targets
        self.front_end, self.config = front_end, config
        self.rng = np.random.default_rng(seed)
        self.order = self.rng.permutation(len(spectrograms))

    def __len__(self) -> int:
        return -(-len(self.order) // self.config.batch_size)

    def on_epoch_end(self) -> None:
        """Shuffle the clips."""
        self.order = self.rng.permutation(len(self.order))

    def __getitem__(
        self, index: int
    ) -> tuple[NDArray[np.float32], tuple[NDArray[np.float32], ...]]:
        config, settings = self.config, self.config.augmentation
        chosen = self.order[
            np.arange(index * config.batch_size, (index + 1) * config.batch_size) % len(self.order)
        ]
        crops = np.stack(
            [
                augment(
                    crop(self.spectrograms[clip], config.crop_frames, settings, self.rng),
                    self.front_end,
                    settings,
                    self.rng,
                )
                for clip in chosen
            ]
        )
        return crops, tuple(rows[chosen] for rows in self.targets)


def genre_targets(
    training_set: TrainingSet, distillation_weight: float, smoothing: float = 0.0
) -> NDArray[np.float32]:
    """What the genre's output shall be, from labels and teacher, shape [clips, 16].

    Args:
        training_set: clips and genres.
        distillation_weight: share of the teacher's posterior, if there is a teacher; the rest is
            the label.
        smoothing: share of the label that is spread evenly over the genres.
    """
    count = len(GENRES)
    targets = (1 - smoothing) * np.eye(count)[training_set.genres] + smoothing / count
    if training_set.posteriors is not None:
        targets = (
            1 - distillation_weight
        ) * targets + distillation_weight * training_set.posteriors
    return targets.astype(np.float32)


class _Report(keras.callbacks.Callback):
    def __init__(self, log: Callable[[str], None]) -> None:
        super().__init__()
        self.log = log

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.log(
            f"epoch {epoch + 1}: " + ", ".join(f"{k} {v:.4f}" for k, v in (logs or {}).items())
        )
