"""Outputs of a network for whole clips, as in prediction: means over windows."""

from collections.abc import Sequence

import keras
import numpy as np
from numpy.typing import NDArray

from grader.judging.metrics import clip_losses
from model.probabilities.calibration import Calibration
from model.systems.base import cut_windows
from training.data.store import Spectrogram

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


def branch_features(
    model: keras.Model, branches: Sequence[str], spectrograms: Sequence[Spectrogram]
) -> dict[str, NDArray[np.float32]]:
    """Features of each branch, averaged over windows, shape [clips, features] each.

    Args:
        model: fusion network.
        branches: names of its branches, in order.
        spectrograms: spectrograms of the clips.
    """
    layer = model.get_layer("embedding")
    parts = layer.input if isinstance(layer.input, list) else [layer.input]
    joined = predict(keras.Model(model.input, layer.output), spectrograms, model.input_shape[1])
    ends = np.cumsum([part.shape[-1] for part in parts])[:-1]
    return dict(zip(branches, np.split(joined, ends, axis=1), strict=True))
