"""Training batches: random crops of spectrograms with their targets."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from model.frontends.spectrogram import FrontEnd
from training.data.store import Spectrogram
from training.optimization.augmentation import augment, crop
from training.optimization.config import TrainingConfig

Batch = tuple[NDArray[np.float32], tuple[NDArray[np.float32], ...]]
"""Crops, shape [batch, frames, bands], and targets for each output, shape [batch, outputs]."""

_ORDER, _CROPS = 0, 1
"""Numbers that keep the two kinds of random numbers of a seed apart."""


@dataclass(frozen=True, eq=False)
class Batches:
    """Batches by optimizer step; the same step of the same seed is always the same batch.

    An epoch has each clip once; its last batch is filled up with clips of the epoch's beginning.

    Attributes:
        spectrograms: spectrograms of the clips.
        targets: for each output of the network, one row for each clip.
        front_end: front end of the spectrograms.
        config: size of a batch, length of a crop, augmentation.
        seed: seed of order, crops and augmentation.
    """

    spectrograms: Sequence[Spectrogram]
    targets: Sequence[NDArray[np.float32]]
    front_end: FrontEnd
    config: TrainingConfig
    seed: int

    @property
    def steps_per_epoch(self) -> int:
        """Optimizer steps of an epoch."""
        return -(-len(self.spectrograms) // self.config.batch_size)

    def batch(self, step: int) -> Batch:
        """Batch of an optimizer step, counted from 0 over all epochs."""
        epoch, index = divmod(step, self.steps_per_epoch)
        order = _order(len(self.spectrograms), self.seed, epoch)
        first = index * self.config.batch_size
        chosen = order[np.arange(first, first + self.config.batch_size) % len(order)]
        rng = np.random.default_rng([self.seed, _CROPS, step])
        crops = np.stack([self._crop(clip, rng) for clip in chosen])
        return crops, tuple(rows[chosen] for rows in self.targets)

    def dataset(self, first: int, end: int, workers: int) -> tf.data.Dataset:
        """Batches of the steps from ``first`` to before ``end``, computed in background threads.

        Args:
            first: first step.
            end: step after the last one.
            workers: number of threads.
        """
        outputs = [tf.float32] * (1 + len(self.targets))

        def load(step: tf.Tensor) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
            crops, *targets = tf.numpy_function(self._flat_batch, [step], outputs)
            size, frames = self.config.batch_size, self.config.crop_frames
            crops.set_shape((size, frames, self.front_end.width))
            for tensor, rows in zip(targets, self.targets, strict=True):
                tensor.set_shape((size, rows.shape[1]))
            return crops, tuple(targets)

        steps = tf.data.Dataset.range(first, end)
        return steps.map(load, num_parallel_calls=workers, deterministic=True).prefetch(workers)

    def _flat_batch(self, step: np.int64) -> list[NDArray[np.float32]]:
        crops, targets = self.batch(int(step))
        return [crops, *targets]

    def _crop(self, clip: int, rng: np.random.Generator) -> NDArray[np.float32]:
        config = self.config
        cropped = crop(self.spectrograms[clip], config.crop_frames, config.augmentation, rng)
        if config.augmentation is None:
            return cropped
        return augment(cropped, self.front_end, config.augmentation, rng)


@lru_cache(maxsize=4)
def _order(clips: int, seed: int, epoch: int) -> NDArray[np.int_]:
    return np.random.default_rng([seed, _ORDER, epoch]).permutation(clips)
