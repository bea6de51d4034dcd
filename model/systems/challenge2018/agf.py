"""Transfer learning of artist group factors, rank 1 of 2018 (J. Kim, M. Won, X. Serra, C. Liem).

Source: Kim et al., Transfer Learning of Artist Group Factors to Musical Genre Classification, WWW
2018 (arXiv 1805.02043), and the authors' public code. Several networks of the same design classify
one second of sound: one learns the genre, the others learn artist groups, which are topics of the
features of an artist's clips (``training.trainers.artist_groups``). A layer on their concatenated
features learns the genre again. Layers and sizes are those of the code. Deviations:

- Three networks instead of six: genre, and groups by MFCC and by differences of MFCC. Those by
  chroma, by Essentia's features and by sub-genre need what our clips do not come with.
- Windows follow each other, as in the versions of the last day (from v0.4 on); before them the code
  cut the same window every time.
- Hann window and librosa's transform, not the package lws; ln(x + 1e-5) where the original has a
  threshold at 1e-5; weight decay of the optimiser where it has an L2 loss.
"""

from typing import TYPE_CHECKING, Final

from model.frontends.spectrogram import FrontEnd
from model.systems.challenge2018 import patches
from model.systems.challenge2018.patches import Patches

if TYPE_CHECKING:
    import keras

PATCHES: Final = Patches(43, 10)
"""One second every 0.23 seconds."""

GENRE: Final = "genre"
FACTORS: Final = ("mfcc", "dmfcc")
"""Names of the networks for artist groups, by the feature that groups artists."""

FEATURES: Final = 256
"""Size of the output of each network."""


def network(front_end: FrontEnd, frames: int) -> "keras.Model":
    """The network, with random weights; see ``model.systems.challenge2018.patches.network``.

    Its layers ``genre_features``, ``mfcc_features`` and ``dmfcc_features`` give the features of
    each patch, shape [batch * patches, 256].
    """
    return patches.network(front_end, frames, PATCHES, _body)


connect: Final = patches.connector(network)


def _body(x: "keras.KerasTensor") -> "keras.KerasTensor":
    from keras import layers

    x = patches.image(patches.standardised(x, "standardised"))
    x = layers.Concatenate()([_features(x, name) for name in (GENRE, *FACTORS)])
    x = layers.Dropout(0.5)(x)
    x = layers.Dense(1024, activation="elu", name="fusion")(x)
    return layers.Dropout(0.5)(x)


_STAGES: Final = (
    (16, 5, (1, 2), False),
    (32, 3, (2, 2), True),
    (64, 3, (2, 2), False),
    (64, 3, (2, 2), True),
    (128, 3, (2, 2), False),
    (256, 3, None, False),
    (256, 1, None, True),
)
"""Filters, kernel, pooling in frames and bands, and whether there is a normalisation."""


def _features(x: "keras.KerasTensor", name: str) -> "keras.KerasTensor":
    """The layers of one network up to its features."""
    from keras import layers

    for number, (filters, kernel, pool, normalised) in enumerate(_STAGES, 1):
        x = layers.Conv2D(filters, kernel, padding="same", name=f"{name}_conv{number}")(x)
        if normalised:
            x = layers.BatchNormalization(name=f"{name}_norm{number}")(x)
        x = layers.ELU()(x)
        if pool is not None:
            x = layers.MaxPooling2D(pool)(x)
            x = layers.Dropout(0.1)(x) if normalised else x
    x = layers.BatchNormalization(name=f"{name}_pool_norm")(layers.GlobalAveragePooling2D()(x))
    x = layers.BatchNormalization(name=f"{name}_dense_norm")(
        layers.Dense(FEATURES, name=f"{name}_dense")(x)
    )
    return layers.ELU(name=f"{name}_features")(x)
