"""Half of the bits for most of the weights: a file half as large that answers the same."""

from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np
from numpy.typing import NDArray

from model.errors import GenreError

TOLERANCE: Final = 1e-3
"""Most that a probability may change by."""


class PrecisionError(GenreError):
    """Weights do not fit in half precision; the message says which."""


def halve(source: Path, target: Path) -> None:
    """Copy a file of weights with all arrays of two or more axes in half precision.

    Vectors stay as they are: they are small, and the variance of a normalisation may be too large.

    Args:
        source: a file that Keras wrote.
        target: the copy; Keras reads it into single precision again.

    Raises:
        PrecisionError: a number is too large.
    """
    with h5py.File(source) as full, h5py.File(target, "w") as half:

        def copy(name: str, node: h5py.Group | h5py.Dataset) -> None:
            if isinstance(node, h5py.Group):
                made = half.require_group(name)
            else:
                made = half.create_dataset(name, data=_halved(name, node[()]))
            made.attrs.update(node.attrs)

        half.attrs.update(full.attrs)
        full.visititems(copy)


def _halved(name: str, values: NDArray[Any]) -> NDArray[Any]:
    if values.ndim < 2 or values.dtype != np.float32:
        return values
    if np.abs(values).max() > np.finfo(np.float16).max:
        raise PrecisionError(f"{name}: a weight of {np.abs(values).max():.0f} is too large")
    return values.astype(np.float16)
