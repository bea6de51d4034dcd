"""Genre weights from the tags that a branch's initial network predicts.

The initial network of ``mobilenet`` was trained on two million clips of many origins. It predicts
527 kinds of sound, genres of music among them; that of ``musicnn`` predicts fifty tags of songs.
The mean logit of a genre's tags is linear in the branch's features, so it can be added to the last
layer. These weights were not learned from our clips, so they cannot encode a clip's source. Gemmeke
et al., Audio Set: An Ontology and Human-Labeled Dataset for Audio Events, ICASSP 2017.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.genres import GENRES
from model.systems.ours import fusion
from training.initial import branches, checkpoint, music

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

MSD_TAGS: Final[Mapping[str, Mapping[str, int]]] = {
    "Blues": {"blues": 26},
    "Country": {"country": 36},
    "Easy Listening": {"easy listening": 37},
    "Electronic": {"electronic": 4, "dance": 6, "electronica": 18, "electro": 41, "House": 48},
    "Experimental": {"experimental": 30},
    "Folk": {"folk": 20, "acoustic": 29},
    "Hip-Hop": {"Hip-Hop": 33},
    "Instrumental": {"instrumental": 23, "ambient": 28},
    "Jazz": {"jazz": 9},
    "Old-Time / Historic": {"oldies": 25},
    "Pop": {"pop": 1, "indie pop": 46},
    "Rock": {"rock": 0, "alternative rock": 8, "metal": 11, "punk": 24, "hard rock": 27},
    "Soul-RnB": {"soul": 15, "funk": 40, "rnb": 45},
}
"""The same of the fifty tags of the Million Song Dataset (Bertin-Mahieux et al., ISMIR 2011), which
listeners gave on last.fm; Classical, International and Spoken have none."""

_LAYER: Final = "classifier.5.weight"


def genre_weights(branch: str, files: Mapping[str, Path]) -> NDArray[np.float64]:
    """Weights from the features of a branch to the mean logit of each genre's tags.

    Args:
        branch: name of the branch.
        files: path of each published file of initial weights, by its name.

    Returns:
        Shape [features of the branch, 16]; zero for genres without tags.

    Raises:
        CheckpointError: the file is missing, or not what ``initial.ORIGINS`` says.
        KeyError: the branch's initial network predicts no tags.
    """
    origin = branches.ORIGINS[branch]
    path = files.get(origin.file, Path(origin.file))
    if branch == fusion.MUSICNN:
        tags, kernel = MSD_TAGS, music.musicnn_tags(path, origin.sha256)
    else:
        tags = {fusion.MOBILENET: TAGS}[branch]
        kernel = checkpoint.read(path, origin.sha256)[_LAYER].T
    weights = np.zeros((len(kernel), len(GENRES)))
    for genre, numbers in tags.items():
        weights[:, GENRES.index(genre)] = kernel[:, list(numbers.values())].mean(axis=1)
    return weights
