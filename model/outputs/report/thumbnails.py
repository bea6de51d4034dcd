"""Small pictures of spectrograms: how they are computed, and their encoding in the report.

The report holds four bits for each pixel, and fewer pixels where there are many clips. A picture of
96 by 320 pixels takes 20 kB, one of 48 by 160 takes 5 kB, and one of 24 by 48 less than 1 kB, so
that the pictures of 200 clips take 4 MB, of 1,000 clips 5 MB and of 10,000 clips 8 MB.
"""

import base64
from typing import Final

import numpy as np
from numpy.typing import NDArray

SIZES: Final = ((200, 96, 320), (1_000, 48, 160), (20_000, 24, 48))
"""Up to so many clips a picture has so many bands and columns; more clips have no pictures."""


def size(clips: int) -> tuple[int, int] | None:
    """Most bands and columns of a picture in a report of so many clips; None for no pictures."""
    return next(((bands, columns) for most, bands, columns in SIZES if clips <= most), None)


def thumbnail(log_mel: NDArray[np.floating], clips: int) -> NDArray[np.uint8]:
    """A log-mel spectrogram small enough to store for every clip.

    Neighbouring bands and frames are averaged. The smallest value of each clip becomes 0 and its
    largest 255, so that soft clips show as much detail as loud clips.

    Args:
        log_mel: shape [frames, bands], both at least 1; float16 is precise enough.
        clips: number of clips of the run.

    Returns:
        Shape [bands, columns], the lowest band first, at most ``size(clips)``; shape [0, 0] where
        the report has no pictures. A constant spectrogram becomes 0 everywhere.
    """
    most = size(clips)
    if most is None:
        return np.zeros((0, 0), np.uint8)
    picture = np.nan_to_num(log_mel.astype(np.float32), posinf=0.0, neginf=0.0)
    pooled = _reduced(picture.T, *most)
    low, high = float(pooled.min()), float(pooled.max())
    if high <= low:
        return np.zeros(pooled.shape, np.uint8)
    return np.asarray(np.rint((pooled - low) * (255.0 / (high - low))), np.uint8)


def encoded(picture: NDArray[np.uint8], most: tuple[int, int]) -> str:
    """Base64 of the numbers of bands and columns, two bytes each, and the pixels.

    Pixels are ordered by band, the lowest first, then by time; two to a byte, the first in the high
    bits. Numbers of two bytes begin with the low one.

    Args:
        picture: shape [bands, columns].
        most: most bands and columns that are kept.
    """
    reduced = _reduced(picture.astype(np.float32), *most)
    pixels = np.rint(reduced.ravel() / np.float32(17.0)).astype(np.uint8)
    pairs = np.append(pixels, np.zeros(pixels.size % 2, np.uint8)).reshape(-1, 2)
    packed = np.array(reduced.shape, "<u2").tobytes() + (pairs[:, 0] << 4 | pairs[:, 1]).tobytes()
    return base64.b64encode(packed).decode("ascii")


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
