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
from training.data.augmentation import Augmentation, crop, vary
from training.data.dataset import Spectrogram
from training.trainers.distillation import Probe, fit_probe


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    Attributes:
        epochs: passes over the clips.
        rate: peak of the learning rate, reached after a tenth of the steps, then a half cosine.
        batch: crops a step.
        crop_frames: length of a training crop, in frames.
        weight_decay: of AdamW (Loshchilov and Hutter, 2019).
        dropout: share of the features that is dropped before the last layer.
        smoothing: share of a hard label that is spread evenly over the genres.
        teaching: share of the teacher's posterior in a target; the rest is the smoothed label.
        imitation: weight of the squared error to the teacher's standardised embeddings.
        kept: share of the starting weights in the final ones; weights between both ends carry over
            better to other sources than the fitted ones (Wortsman et al., Robust Fine-tuning of
            Zero-shot Models, CVPR 2022).
        refitted: whether the last layer is fitted anew at the end; it must be where any of the
            starting weights are kept, because they were none for genres.
        probe_strength: inverse regularisation (C) of the probe that the last layer starts from.
        refit_strength: the same of the probe that it is fitted anew to.
        refit_teaching: share of the teacher's posterior in the targets of that.
        quiet: of that: see ``fit_probe``.
        tagged: how much of each genre's tags is added to that (``training.initial.tags``).
        teacher_strength: the same for the teacher.
        augmentation: how crops are varied.
    """

    epochs: int = 6
    rate: float = 5e-4
    batch: int = 32
    crop_frames: int = 500
    weight_decay: float = 0.01
    dropout: float = 0.2
    smoothing: float = 0.05
    teaching: float = 0.8
    imitation: float = 1.0
    kept: float = 0.5
    refitted: bool = True
    probe_strength: float = 0.01
    refit_strength: float = 0.03
    refit_teaching: float = 0.5
    quiet: float = 0.3
    tagged: float = 0.5
    teacher_strength: float = 0.003
    augmentation: Augmentation = field(default_factory=Augmentation)


SCRATCH = Recipe(epochs=60, rate=1e-3, teaching=0.0, imitation=0.0, kept=0.0, refitted=False)
"""From random weights."""


@dataclass(frozen=True)
class Lesson:
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


Log = Callable[[str], None]


def fit(
    model: keras.Model, lesson: Lesson, front_end: FrontEnd, recipe: Recipe, seed: int, log: Log
) -> None:
    """Train all layers of a network in place; what comes after it is ``average`` and ``refit``.

    Args:
        model: from ``fusion.network``, for spectrograms of ``recipe.crop_frames``.
        lesson: clips and targets.
        front_end: what the spectrograms were made with.
        recipe: how.
        seed: of crops, order and dropout.
        log: is told one line an epoch.
    """
    keras.utils.set_random_seed(seed)
    features, head = model.get_layer("embedding").output, model.get_layer("logits")
    if lesson.start:
        start = np.concatenate(list(lesson.start.values()), axis=1)
        _set_probe(head, fit_probe(start, lesson.genres, recipe.probe_strength))
    outputs = [head(keras.layers.Dropout(recipe.dropout)(features))]
    losses: list[keras.losses.Loss] = [keras.losses.CategoricalCrossentropy(from_logits=True)]
    weights, targets = [1.0], [genre_targets(lesson, recipe.teaching, recipe.smoothing)]
    if lesson.embeddings is not None:
        outputs.append(keras.layers.Dense(lesson.embeddings.shape[1], name="imitation")(features))
        losses.append(keras.losses.MeanSquaredError())
        weights.append(recipe.imitation)
        targets.append(lesson.embeddings)
    student = keras.Model(model.input, outputs)
    batches = Batches(lesson.spectrograms, targets, front_end, recipe, seed)
    learn(student, batches, losses, weights, recipe, log)


def learn(
    student: keras.Model,
    batches: "Batches",
    losses: list[keras.losses.Loss],
    weights: list[float],
    recipe: Recipe,
    log: Log,
) -> None:
    """Train what is trainable of a network in place.

    Args:
        student: has an output for each target of the batches.
        batches: crops and targets.
        losses: of each output.
        weights: of each loss.
        recipe: epochs, rate and weight decay.
        log: is told one line an epoch.
    """
    student.compile(
        optimizer=keras.optimizers.AdamW(
            _schedule(recipe.rate, recipe.epochs * len(batches)),
            weight_decay=recipe.weight_decay,
            global_clipnorm=1.0,
        ),
        loss=losses,
        loss_weights=weights,
        jit_compile=False,  # XLA is many times slower for depthwise convolutions on a CPU
    )
    student.fit(batches, epochs=recipe.epochs, verbose=0, shuffle=False, callbacks=[_Report(log)])


def average(start: keras.Model, trained: keras.Model, kept: float) -> None:
    """Move the weights of a trained network in place towards those that it started from.

    Args:
        start: network with the weights before training.
        trained: the same network after it.
        kept: share of the starting weights.
    """
    trained.set_weights(
        [
            kept * before + (1 - kept) * after
            for before, after in zip(start.get_weights(), trained.get_weights(), strict=True)
        ]
    )


def refit(model: keras.Model, lesson: Lesson, recipe: Recipe) -> None:
    """Fit the last layer anew to the features of whole clips.

    Args:
        model: trained, for the windows of prediction.
        lesson: clips, genres, and the teacher's posteriors if there are any.
        recipe: how.
    """
    features = keras.Model(model.input, model.get_layer("embedding").output)
    made = predict(features, lesson.spectrograms, model.input_shape[1])
    targets = genre_targets(lesson, recipe.refit_teaching)
    probe = fit_probe(made, targets, recipe.refit_strength, recipe.quiet)
    if lesson.tags is not None:
        added = recipe.tagged * lesson.tags
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
    model: keras.Model, branches: tuple[str, ...], spectrograms: list[Spectrogram]
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
        recipe: size of a batch, length of a crop, how it is varied.
        seed: of crops and order.
    """

    def __init__(
        self,
        spectrograms: Sequence[Spectrogram],
        targets: Sequence[NDArray[np.float32]],
        front_end: FrontEnd,
        recipe: Recipe,
        seed: int,
    ) -> None:
        super().__init__()
        self.spectrograms, self.targets = spectrograms, targets
        self.front_end, self.recipe = front_end, recipe
        self.rng = np.random.default_rng(seed)
        self.order = self.rng.permutation(len(spectrograms))

    def __len__(self) -> int:
        return -(-len(self.order) // self.recipe.batch)

    def on_epoch_end(self) -> None:
        """Shuffle the clips."""
        self.order = self.rng.permutation(len(self.order))

    def __getitem__(
        self, index: int
    ) -> tuple[NDArray[np.float32], tuple[NDArray[np.float32], ...]]:
        recipe, settings = self.recipe, self.recipe.augmentation
        chosen = self.order[
            np.arange(index * recipe.batch, (index + 1) * recipe.batch) % len(self.order)
        ]
        crops = np.stack(
            [
                vary(
                    crop(self.spectrograms[clip], recipe.crop_frames, settings, self.rng),
                    self.front_end,
                    settings,
                    self.rng,
                )
                for clip in chosen
            ]
        )
        return crops, tuple(rows[chosen] for rows in self.targets)


def genre_targets(lesson: Lesson, teaching: float, smoothing: float = 0.0) -> NDArray[np.float32]:
    """What the genre's output shall be, from labels and teacher, shape [clips, 16].

    Args:
        lesson: clips and genres.
        teaching: share of the teacher's posterior, if there is a teacher; the rest is the label.
        smoothing: share of the label that is spread evenly over the genres.
    """
    count = len(GENRES)
    targets = (1 - smoothing) * np.eye(count)[lesson.genres] + smoothing / count
    if lesson.posteriors is not None:
        targets = (1 - teaching) * targets + teaching * lesson.posteriors
    return targets.astype(np.float32)


class _Report(keras.callbacks.Callback):
    def __init__(self, log: Callable[[str], None]) -> None:
        super().__init__()
        self.log = log

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.log(
            f"epoch {epoch + 1}: " + ", ".join(f"{k} {v:.4f}" for k, v in (logs or {}).items())
        )
