"""Thumbnails as text: four bits a point, and fewer points where there are many clips.

A thumbnail of 48 by 96 points takes 3,076 characters and one of half the height and width 772, so
that all of 1,000 clips take 3 MB, of 10,000 clips 8 MB and of 20,000 clips 15 MB.
"""

import base64
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.outputs.report.content import THUMBNAIL_BANDS, THUMBNAIL_COLUMNS, reduced

FULL_SIZE_CLIPS: Final = 1_000
"""Up to this many clips keep thumbnails of full size."""

MOST_CLIPS: Final = 20_000
"""With more clips than this none has a thumbnail."""


class Pictures:
    """Thumbnails of all clips, of the size that their number allows."""

    def __init__(self) -> None:
        self._count = 0
        self._full: list[str] = []
        self._half: list[str] = []

    def add(self, thumbnail: NDArray[np.uint8] | None) -> None:
        """Take the next clip's thumbnail, shape [bands, columns], if it has one.

        Raises:
            ValueError: it is larger than a thumbnail may be, or not of this form.
        """
        if thumbnail is not None:
            _check(thumbnail)
        self._count += 1
        if self._count <= FULL_SIZE_CLIPS:
            self._full.append("" if thumbnail is None else encoded(thumbnail))
        if self._count <= MOST_CLIPS:
            self._half.append("" if thumbnail is None else encoded(_halved(thumbnail)))

    def texts(self) -> list[str]:
        """For each clip its picture or an empty text; an empty list when there are too many."""
        if self._count <= FULL_SIZE_CLIPS:
            return self._full
        return self._half if self._count <= MOST_CLIPS else []


def encoded(thumbnail: NDArray[np.uint8]) -> str:
    """Base64 of the numbers of bands and columns, a byte each, and the points.

    Points go from the lowest band up and through time, two to a byte, the first in the high bits.
    """
    points = np.rint(thumbnail.ravel() / 17.0).astype(np.uint8)
    pairs = np.append(points, np.zeros(points.size % 2, np.uint8)).reshape(-1, 2)
    packed = bytes(thumbnail.shape) + (pairs[:, 0] << 4 | pairs[:, 1]).tobytes()
    return base64.b64encode(packed).decode("ascii")


def _halved(thumbnail: NDArray[np.uint8]) -> NDArray[np.uint8]:
    small = reduced(thumbnail.astype(np.float32), THUMBNAIL_BANDS // 2, THUMBNAIL_COLUMNS // 2)
    return np.rint(small).astype(np.uint8)


def _check(thumbnail: NDArray[np.uint8]) -> None:
    bands, columns = thumbnail.shape
    if not (0 < bands <= THUMBNAIL_BANDS and 0 < columns <= THUMBNAIL_COLUMNS):
        most = f"{THUMBNAIL_BANDS} by {THUMBNAIL_COLUMNS}"
        raise ValueError(f"a thumbnail of {bands} by {columns} points; at most {most} may be")
