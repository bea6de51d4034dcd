"""The sixteen genres of the challenge, their order, and their counts in fma_medium."""

from typing import Final

_CLIPS: Final = {
    "Blues": 74,
    "Classical": 619,
    "Country": 178,
    "Easy Listening": 21,
    "Electronic": 6314,
    "Experimental": 2251,
    "Folk": 1519,
    "Hip-Hop": 2201,
    "Instrumental": 1350,
    "International": 1018,
    "Jazz": 384,
    "Old-Time / Historic": 510,
    "Pop": 1186,
    "Rock": 7103,
    "Soul-RnB": 154,
    "Spoken": 118,
}

GENRES: Final = tuple(_CLIPS)
"""Top genres of the Free Music Archive in the column order of a submission (alphabetical)."""

FMA_MEDIUM_CLIPS: Final = tuple(_CLIPS.values())
"""Clips of each genre in fma_medium, 25,000 in all (Defferrard et al., FMA, ISMIR 2017)."""
