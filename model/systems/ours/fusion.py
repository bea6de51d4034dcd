"""Late fusion: the features of several branches on one spectrogram, and one linear layer on them.

All branches get the same log-mel spectrogram, so that it is computed once: ``mobilenet``, made for
all kinds of sound (``model.systems.ours.mobilenet``), and ``artist`` and ``musicnn``, made for
music (``model.systems.ours.music_branches``).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from model.frontends.spectrogram import FrontEnd
from model.genres import GENRES
from model.systems.base import Execution, Network
from model.systems.cards import Card
from model.systems.ours import mobilenet, music_branches
from model.systems.runtimes import choice

if TYPE_CHECKING:
    import keras

MOBILENET, ARTIST, MUSICNN = "mobilenet", "artist", "musicnn"

MUSICNN_BATCH = 3
"""Windows in a call; on a CPU six take the same time and half a gigabyte more."""


def network(front_end: FrontEnd, frames: int, branches: Sequence[str]) -> "keras.Model":
    """The network, with random weights.

    Args:
        front_end: front end of the spectrograms.
        frames: length of the spectrograms; weights fit every length.
        branches: names of the branches, in the order of their features.

    Returns:
        A model from log-mel spectrograms, shape [batch, frames, bands], to logits, [batch, 16]. Its
        layer ``embedding`` gives the features of all branches.

    Raises:
        ValueError: a branch has an unknown name.
    """
    from keras import Input, Model, layers

    log_mel = Input((frames, front_end.mel_bands), name="log_mel")
    features = []
    for name in branches:
        if name == MOBILENET:
            features.append(mobilenet.features(log_mel, front_end.mel_bands))
        elif name == ARTIST:
            features.append(music_branches.artist(log_mel, front_end, frames))
        elif name == MUSICNN:
            features.append(music_branches.musicnn(log_mel, front_end, frames))
        else:
            raise ValueError(f"no branch {name!r}")
    joined = layers.Concatenate(name="embedding")(features)
    return Model(log_mel, layers.Dense(len(GENRES), name="logits")(joined), name="fusion")


def connect(card: Card, weights: Path, execution: Execution) -> Network:
    """Create the network of a card; see ``model.systems``.

    With the branch ``musicnn`` a call gets few windows, on a GPU as well, because the outputs of
    the branch's first two layers alone take 41 MB a window.
    """
    batch = MUSICNN_BATCH if MUSICNN in card.parameters.get("branches", ()) else None
    return choice.connector(network, batch)(card, weights, execution)
