"""Architectures as training sees them: front end, window, networks, and how they are fitted."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import keras
import numpy as np
from numpy.typing import NDArray

from model.frontends.spectrogram import FrontEnd
from model.systems import import_architecture
from model.systems.ours import fusion
from training.architectures.systems import FUSION
from training.data.dataset import Spectrogram
from training.initial import branches as initial
from training.trainers import challenge2018
from training.trainers import fine_tuning as fit
from training.trainers.trainer import Log

FUSION_WINDOW_FRAMES: Final = 1000
"""Frames of one pass of a network of ``fusion``: ten seconds, as in AudioSet."""

FitNetwork = Callable[[keras.Model, fit.TrainingSet, FrontEnd, fit.TrainingConfig, int, Log], None]
Predict = Callable[[keras.Model, list[Spectrogram], int], NDArray[np.float32]]


@dataclass(frozen=True)
class Architecture:
    """What training has to know of an architecture.

    Attributes:
        front_end: of its spectrograms.
        window_frames: length of the windows of prediction.
        network: makes a network for spectrograms of so many frames.
        random_network: the same with random weights to start from, by a seed.
        fit: trains a network in place; the arguments are those of
        ``training.trainers.fine_tuning.fit``.
        predict: outputs for clips, shape [clips, outputs], from windows of so many frames.
    """

    front_end: FrontEnd
    window_frames: int
    network: Callable[[int], keras.Model]
    random_network: Callable[[int, int], keras.Model]
    fit: FitNetwork
    predict: Predict


def find_architecture(architecture: str, branches: tuple[str, ...], size: str) -> Architecture:
    """What training needs to know of an architecture.

    Args:
        architecture: module of ``model.systems``: ``fusion``, or one that has ``FRONT_END``,
            ``WINDOW_FRAMES`` and ``network(front_end, frames, size)``.
        branches: of a network of ``fusion``.
        size: of an architecture that comes in several.
    """
    if architecture == FUSION:
        return Architecture(
            front_end=initial.FRONT_END,
            window_frames=FUSION_WINDOW_FRAMES,
            network=partial(fusion.network, initial.FRONT_END, names=branches),
            random_network=partial(_random_fusion, branches),
            fit=fit.fit,
            predict=fit.predict,
        )
    module = import_architecture(architecture)
    network = partial(module.network, module.FRONT_END, size=size)
    return Architecture(
        front_end=module.FRONT_END,
        window_frames=module.WINDOW_FRAMES,
        network=network,
        random_network=partial(_random, network),
        fit=challenge2018.fit,
        predict=challenge2018.predict,
    )


def _random_fusion(branches: tuple[str, ...], frames: int, seed: int) -> keras.Model:
    network = fusion.network(initial.FRONT_END, frames, branches)
    fit.scale_at_random(network, initial.FRONT_END, seed)
    return network


def _random(network: Callable[[int], keras.Model], frames: int, seed: int) -> keras.Model:
    keras.utils.set_random_seed(seed)
    return network(frames)
