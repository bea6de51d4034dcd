"""Genre weights from AudioSet's tags, which a branch's initial network predicts.

The initial network was trained on two million clips of many origins. It predicts 527 kinds of
sound, genres of music among them. The mean logit of a genre's tags is linear in the branch's
features, so it can be added to the last layer. These weights were not learned from our clips, so
they cannot encode a clip's source. Gemmeke et al., Audio Set: An Ontology and Human-Labeled Dataset
for Audio Events, ICASSP 2017.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.genres import GENRES
from training.initial import branches, checkpoint

TAGS: Final[Mapping[str, Mapping[str, int]]] = {
    "Blues": {"Blues": 251},
    "Classical": {"Classical music": 237, "Opera": 238},
    "Country": {"Country": 229, "Bluegrass": 231},
    "Easy Listening": {"Swing music": 230, "Background music": 267},
    "Electronic": {
        "Electronic music": 239,
        "House music": 240,
        "Techno": 241,
        "Dubstep": 242,
        "Drum and bass": 243,
        "Electronica": 244,
        "Electronic dance music": 245,
        "Trance music": 247,
    },
    "Experimental": {"Ambient music": 246, "Noise": 513},
    "Folk": {"Folk music": 233, "Traditional music": 264},
    "Hip-Hop": {"Hip hop music": 217, "Rapping": 36, "Beatboxing": 218},
    "Instrumental": {
        "Video game music": 272,
        "Soundtrack music": 270,
        "Theme music": 268,
        "New-age music": 253,
    },
    "International": {
        "Middle Eastern music": 234,
        "Music of Latin America": 248,
        "Music of Africa": 256,
        "Music of Asia": 260,
        "Flamenco": 250,
        "Reggae": 228,
        "Salsa music": 249,
        "Carnatic music": 261,
        "Music of Bollywood": 262,
        "Ska": 263,
    },
    "Jazz": {"Jazz": 235, "Swing music": 230},
    "Old-Time / Historic": {"Bluegrass": 231, "Swing music": 230},
    "Pop": {"Pop music": 216, "Song": 266},
    "Rock": {
        "Rock music": 219,
        "Heavy metal": 220,
        "Punk rock": 221,
        "Grunge": 222,
        "Progressive rock": 223,
        "Rock and roll": 224,
        "Psychedelic rock": 225,
    },
    "Soul-RnB": {
        "Soul music": 227,
        "Rhythm and blues": 226,
        "Funk": 232,
        "Disco": 236,
        "Gospel music": 259,
    },
    "Spoken": {"Speech": 0, "Narration, monologue": 5, "Conversation": 4},
}
"""Tags of each genre by AudioSet's name and number. Old-Time / Historic, Easy Listening and
Experimental have none of their own; what is nearest stands in."""

_LAYER: Final = "classifier.5.weight"


def genre_weights(
    start: Mapping[str, NDArray[np.float32]], branch: str, files: Mapping[str, Path]
) -> NDArray[np.float64]:
    """Weights from the features of all branches to the mean logit of each genre's tags.

    Args:
        start: features of each branch by name, shape [clips, features] each.
        branch: name of the branch that starts from the network with the tags.
        files: path of each published file of initial weights, by its name.

    Returns:
        Shape [features of all branches, 16]; zero for the features of other branches.

    Raises:
        CheckpointError: the file is missing, or not what ``initial.ORIGINS`` says.
    """
    origin = branches.ORIGINS[branch]
    kernel = checkpoint.read(files.get(origin.file, Path(origin.file)), origin.sha256)[_LAYER]
    weights = np.stack(
        [kernel[list(TAGS[genre].values())].mean(axis=0) for genre in GENRES], axis=1
    )
    parts = [
        weights if name == branch else np.zeros((features.shape[1], len(GENRES)))
        for name, features in start.items()
    ]
    return np.concatenate(parts).astype(np.float64)
