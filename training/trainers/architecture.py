"""Functions that build and train networks, by architecture."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from model.frontends.spectrogram import FrontEnd
from model.systems import import_architecture
from training.architectures.front_ends import SPECTROGRAMS, WINDOW_FRAMES
from training.architectures.systems import FUSION, SystemSpec
from training.data.store import Spectrogram
from training.initial import branches as initial
from training.log import Log
from training.optimization import prediction
from training.optimization.config import TrainingConfig
from training.trainers import challenge2018, fine_tuning
from training.trainers.fine_tuning import TrainingSet

FitNetwork = Callable[
    [keras.Model, TrainingSet, FrontEnd, TrainingConfig, int, Path, Log, Path | None], None
]
Predict = Callable[[keras.Model, Sequence[Spectrogram], int], NDArray[np.float32]]


@dataclass(frozen=True)
class Architecture:
    """How networks of an architecture are built, trained and used.

    Attributes:
        front_end: front end of the spectrograms.
        window_frames: length of the windows of prediction in frames.
        network: builds a network for spectrograms of a number of frames.
        random_network: builds a network with random starting weights, for a number of frames and a
            seed.
        fit: trains a network in place; for the arguments see ``training.trainers.fine_tuning.fit``.
        predict: computes outputs for clips, shape [clips, outputs], from windows of a number of
            frames.
    """

    front_end: FrontEnd
    window_frames: int
    network: Callable[[int], keras.Model]
    random_network: Callable[[int, int], keras.Model]
    fit: FitNetwork
    predict: Predict


def find_architecture(spec: SystemSpec, band_limit_hz: float = 0.0) -> Architecture:
    """The functions for the architecture of a system, with a front end of that band limit."""
    front_end = replace(SPECTROGRAMS[spec.architecture], band_limit_hz=band_limit_hz)
    module = import_architecture(spec.architecture)
    network = partial(module.network, front_end, **spec.parameters)
    ours = spec.architecture == FUSION
    return Architecture(
        front_end=front_end,
        window_frames=WINDOW_FRAMES[spec.architecture],
        network=network,
        random_network=partial(_random_fusion, spec, front_end, network)
        if ours
        else partial(_random, network),
        fit=fine_tuning.fit if ours else challenge2018.fit,
        predict=prediction.predict if ours else challenge2018.predict,
    )


def _random_fusion(
    spec: SystemSpec,
    front_end: FrontEnd,
    build: Callable[[int], keras.Model],
    frames: int,
    seed: int,
) -> keras.Model:
    network = build(frames)
    initial.load_band_maps(network, front_end, spec.branches)
    fine_tuning.scale_at_random(network, front_end, seed)
    return network


def _random(build: Callable[[int], keras.Model], frames: int, seed: int) -> keras.Model:
    keras.utils.set_random_seed(seed)
    return build(frames)
