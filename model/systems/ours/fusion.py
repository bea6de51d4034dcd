"""Late fusion: the features of several branches on one spectrogram, and one linear layer on them.

Branches see the same log-mel spectrogram, so that the front end is paid once: ``mobilenet``, made
for all kinds of sound, and ``artist`` and ``musicnn`` (``model.systems.ours.branches``), made for
music.
"""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from model.frontends.spectrogram import FrontEnd
from model.genres import GENRES
from model.systems import runtime
from model.systems.base import Execution, Network, System
from model.systems.cards import Card
from model.systems.ours import branches, mobilenet

if TYPE_CHECKING:
    import keras

MOBILENET, ARTIST, MUSICNN = "mobilenet", "artist", "musicnn"


def system(card: Card, weights: Path) -> System:
    """The system that a card describes, from its checked file of weights."""
    return System(card.front_end, card.window_frames, partial(_connect, card, weights))


def _connect(card: Card, weights: Path, execution: Execution) -> Network:
    build = partial(network, card.spectrogram, card.window_frames, card.branches)
    return runtime.connected(execution, weights, build)


def network(front_end: FrontEnd, frames: int, names: tuple[str, ...]) -> "keras.Model":
    """The network, with random weights.

    Args:
        front_end: of the spectrograms.
        frames: length of the spectrograms; weights fit every length.
        names: of the branches, in the order of their features.

    Returns:
        A model from log-mel spectrograms, shape [batch, frames, bands], to logits, [batch, 16]. Its
        layer ``embedding`` gives the features of all branches.

    Raises:
        ValueError: a branch has an unknown name.
    """
    from keras import Input, Model, layers

    log_mel = Input((frames, front_end.mel_bands), name="log_mel")
    features = []
    for name in names:
        if name == MOBILENET:
            features.append(mobilenet.features(log_mel, front_end.mel_bands))
        elif name == ARTIST:
            features.append(branches.artist(log_mel, front_end, frames))
        elif name == MUSICNN:
            features.append(branches.musicnn(log_mel, front_end, frames))
        else:
            raise ValueError(f"no branch {name!r}")
    joined = layers.Concatenate(name="embedding")(features)
    return Model(log_mel, layers.Dense(len(GENRES), name="logits")(joined), name="fusion")
