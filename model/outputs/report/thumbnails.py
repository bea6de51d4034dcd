"""Thumbnails of spectrograms: how they are computed, and their encoding in the report.

The report holds four bits for each pixel, and fewer pixels where there are many clips. A thumbnail
of 48 by 96 pixels takes 3,076 characters and a thumbnail of 24 by 48 pixels 772 characters, so that
the thumbnails of 1,000 clips take 3 MB, of 10,000 clips 8 MB and of 20,000 clips 15 MB.
"""

import base64
from typing import Final

import numpy as np
from numpy.typing import NDArray

BANDS: Final = 48
COLUMNS: Final = 96
"""Largest size of a thumbnail."""

FULL_SIZE_CLIPS: Final = 1_000
"""Number of clips up to which the report has thumbnails of full size."""

MOST_CLIPS: Final = 20_000
"""Number of clips up to which the report has thumbnails."""


def thumbnail(log_mel: NDArray[np.floating]) -> NDArray[np.uint8]:
    """A log-mel spectrogram small enough to store for every clip.

    Neighbouring bands and frames are averaged. The smallest value of each clip becomes 0 and its
    largest 255, so that soft clips show as much detail as loud clips.

    Args:
        log_mel: shape [frames, bands], both at least 1; float16 is precise enough.

    Returns:
        Shape [bands, columns], the lowest band first, at most ``BANDS`` by ``COLUMNS``. A constant
        spectrogram becomes 0 everywhere.
    """
    picture = np.nan_to_num(log_mel.astype(np.float32), posinf=0.0, neginf=0.0)
    pooled = _reduced(picture.T, BANDS, COLUMNS)
    low, high = float(pooled.min()), float(pooled.max())
    if high <= low:
        return np.zeros(pooled.shape, np.uint8)
    return np.asarray(np.rint((pooled - low) * (255.0 / (high - low))), np.uint8)


class Thumbnails:
    """Encoded thumbnails of all clips, in the size that their number allows."""

    def __init__(self) -> None:
        self._count = 0
        self._full: list[str] = []
        self._half: list[str] = []

    def add(self, picture: NDArray[np.uint8] | None) -> None:
        """Add the next clip's thumbnail, shape [bands, columns], if it has one.

        Raises:
            ValueError: the thumbnail is larger than ``BANDS`` by ``COLUMNS``, or empty.
        """
        if picture is not None and not (
            0 < picture.shape[0] <= BANDS and 0 < picture.shape[1] <= COLUMNS
        ):
            size = " by ".join(map(str, picture.shape))
            raise ValueError(f"a thumbnail of {size} pixels; at most {BANDS} by {COLUMNS} may be")
        self._count += 1
        if self._count <= FULL_SIZE_CLIPS:
            self._full.append("" if picture is None else encoded(picture))
        if self._count <= MOST_CLIPS:
            self._half.append("" if picture is None else encoded(_halved(picture)))

    def texts(self) -> list[str]:
        """An encoded thumbnail or an empty text for each clip; empty with too many clips."""
        if self._count <= FULL_SIZE_CLIPS:
            return self._full
        return self._half if self._count <= MOST_CLIPS else []


def encoded(picture: NDArray[np.uint8]) -> str:
    """Base64 of the numbers of bands and columns, a byte each, and the pixels.

    Pixels are ordered by band, the lowest first, then by time; two to a byte, the first in the high
    bits.
    """
    pixels = np.rint(picture.ravel() / 17.0).astype(np.uint8)
    pairs = np.append(pixels, np.zeros(pixels.size % 2, np.uint8)).reshape(-1, 2)
    packed = bytes(picture.shape) + (pairs[:, 0] << 4 | pairs[:, 1]).tobytes()
    return base64.b64encode(packed).decode("ascii")


def _halved(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    small = _reduced(picture.astype(np.float32), BANDS // 2, COLUMNS // 2)
    return np.rint(small).astype(np.uint8)


def _reduced(picture: NDArray[np.float32], bands: int, columns: int) -> NDArray[np.float32]:
    """A picture of at most ``bands`` by ``columns``: means of neighbouring rows and columns."""
    return _pooled(_pooled(picture.T, columns).T, bands)


def _pooled(rows: NDArray[np.float32], most: int) -> NDArray[np.float32]:
    """Means of neighbouring rows, so that at most ``most`` rows are left."""
    if len(rows) <= most:
        return rows
    starts = np.arange(most) * len(rows) // most
    sizes = np.diff(starts, append=len(rows)).astype(np.float32)
    return np.asarray(np.add.reduceat(rows, starts, axis=0) / sizes[:, None])
