"""ConvNet on STFT spectrograms, rank 4 of 2018 (P. Pushnyakov and D. Chumbalov).

Source: the authors' public repository, whose layers, sizes and front end are known: a linear
magnitude spectrogram without logarithm, kernels as high as the spectrum, a shortcut past four
convolutions, average and maximum over time. 2,186,468 parameters. Deviations:

- Patches are cut from the spectrogram of the whole clip, to the nearest frame; the original cut the
  samples and transformed each part on its own, with its edges reflected.
- Hann window: periodic here, symmetric there. Resampling: soxr here, resampy there.
- Kernels as high as the spectrum are written as convolutions over time: the same function.
- Trained with AdamW for a fixed number of epochs (``training.trainers.challenge2018``). The
  original used Adadelta and stopped on the accuracy of the training clips.
"""

from typing import TYPE_CHECKING, Final

from model.frontends.spectrogram import FrontEnd
from model.systems.challenge2018 import patches
from model.systems.challenge2018.patches import Patches

if TYPE_CHECKING:
    import keras

PATCHES: Final = Patches(128, 33_075 / 512)
"""Three seconds, less two frames, every one and a half: 19 of a clip."""

_FILTERS: Final = 256
_KERNEL: Final = 4
_DROPPED: Final = 0.2


def network(front_end: FrontEnd, frames: int) -> "keras.Model":
    """The network, with random weights; see ``model.systems.challenge2018.patches.network``."""
    return patches.network(front_end, frames, PATCHES, _body)


connect: Final = patches.connector(network)


def _body(x: "keras.KerasTensor") -> "keras.KerasTensor":
    from keras import layers

    length, bands = x.shape[1:]
    x = layers.BatchNormalization(name="norm")(patches.image(x))
    x = layers.Reshape((length, bands))(x)
    shortcut = layers.Conv1D(_FILTERS, _KERNEL, activation="relu", name="conv1")(x)
    x = shortcut
    for number in range(2, 6):
        x = layers.Conv1D(
            _FILTERS, _KERNEL, padding="same", activation="relu", name=f"conv{number}"
        )(x)
    x = layers.Concatenate()([x, shortcut])
    x = layers.Concatenate()([layers.GlobalAveragePooling1D()(x), layers.GlobalMaxPooling1D()(x)])
    x = layers.Dropout(_DROPPED)(x)
    for number, units in enumerate((480, 240), 1):
        x = layers.Dense(units, activation="relu", name=f"dense{number}")(x)
        x = layers.Dropout(_DROPPED)(x)
    return x
