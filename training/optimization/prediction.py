"""Outputs of a network for whole clips, as in prediction: means over windows."""

from collections.abc import Sequence

import keras
import numpy as np
from numpy.typing import NDArray

from grader.judging.metrics import clip_losses
from model.frontends.spectrogram import FrontEnd
from model.probabilities.calibration import Calibration
from model.systems.base import cut_windows
from training.data.store import Spectrogram
from training.optimization.augmentation import Augmentation, augment, crop

_CLIPS_AT_ONCE = 32
"""Clips whose windows are in memory together."""


def predict(
    model: keras.Model, spectrograms: Sequence[Spectrogram], window_frames: int, batch: int = 16
) -> NDArray[np.float32]:
    """Outputs of ``model``, averaged over the windows of each clip, shape [clips, outputs].

    Args:
        model: network for windows of ``window_frames``.
        spectrograms: spectrograms of the clips, shape [frames, bands] each.
        window_frames: length of a window in frames.
        batch: windows that the network receives at once.
    """
    rows: list[NDArray[np.float32]] = []
    for first in range(0, len(spectrograms), _CLIPS_AT_ONCE):
        clips = range(first, min(first + _CLIPS_AT_ONCE, len(spectrograms)))
        windows = [cut_windows(spectrograms[clip], window_frames) for clip in clips]
        outputs = model.predict(np.concatenate(windows), batch_size=batch, verbose=0)
        ends = np.cumsum([len(part) for part in windows])[:-1]
        rows += [part.mean(axis=0) for part in np.split(outputs, ends)]
    return np.stack(rows)


def middle_scores(
    model: keras.Model, spectrograms: Sequence[Spectrogram], genres: NDArray[np.int_]
) -> dict[str, float]:
    """Validation log loss in nats and accuracy from the middle window of each clip.

    Args:
        model: network whose output are logits of shape [clips, 16] for windows of its input length.
        spectrograms: spectrograms of the clips, shape [frames, bands] each.
        genres: index of each clip's genre, shape [clips].
    """
    frames = model.input_shape[1]
    rows = []
    for first in range(0, len(spectrograms), _CLIPS_AT_ONCE):
        clips = range(first, min(first + _CLIPS_AT_ONCE, len(spectrograms)))
        windows = [cut_windows(spectrograms[clip], frames) for clip in clips]
        rows.append(model.predict_on_batch(np.stack([part[len(part) // 2] for part in windows])))
    posteriors = Calibration().posteriors(np.concatenate(rows))
    return {
        "validation_log_loss": float(clip_losses(posteriors, genres).mean()),
        "validation_accuracy": float((posteriors.argmax(axis=1) == genres).mean()),
    }


def view_features(
    model: keras.Model,
    spectrograms: Sequence[Spectrogram],
    front_end: FrontEnd,
    augmentation: Augmentation,
    seed: Sequence[int],
) -> NDArray[np.float32]:
    """Features of one augmented crop of each clip, shape [clips, features].

    Args:
        model: network with a layer ``embedding``.
        spectrograms: spectrograms of the clips, shape [frames, bands] each.
        front_end: front end of the spectrograms.
        augmentation: how a crop is augmented.
        seed: seed of crops and augmentation.
    """
    network, frames = embedding_network(model), model.input_shape[1]
    rng = np.random.default_rng(seed)
    rows = []
    for first in range(0, len(spectrograms), _CLIPS_AT_ONCE):
        clips = range(first, min(first + _CLIPS_AT_ONCE, len(spectrograms)))
        crops = [crop(spectrograms[clip], frames, augmentation, rng) for clip in clips]
        varied = [augment(each, front_end, augmentation, rng) for each in crops]
        rows.append(network.predict_on_batch(np.stack(varied)))
    return np.concatenate(rows)


def embedding_network(model: keras.Model) -> keras.Model:
    """The network up to its layer ``embedding``, whose outputs are the features."""
    return keras.Model(model.input, model.get_layer("embedding").output)


def branch_widths(model: keras.Model) -> list[int]:
    """Number of features of each branch of a fusion network, in order."""
    inputs = model.get_layer("embedding").input
    return [part.shape[-1] for part in (inputs if isinstance(inputs, list) else [inputs])]
