"""The sixteen genres of the challenge, their order, and the known mix of fma_medium."""

from typing import Final

GENRES: Final[tuple[str, ...]] = (
    "Blues",
    "Classical",
    "Country",
    "Easy Listening",
    "Electronic",
    "Experimental",
    "Folk",
    "Hip-Hop",
    "Instrumental",
    "International",
    "Jazz",
    "Old-Time / Historic",
    "Pop",
    "Rock",
    "Soul-RnB",
    "Spoken",
)
"""Top genres of the Free Music Archive in the column order of a submission (alphabetical)."""

FMA_MEDIUM_CLIPS: Final[tuple[int, ...]] = (
    74,
    619,
    178,
    21,
    6314,
    2251,
    1519,
    2201,
    1350,
    1018,
    384,
    510,
    1186,
    7103,
    154,
    118,
)
"""Clips of each genre in fma_medium, 25,000 in all (Defferrard et al., FMA, ISMIR 2017)."""
