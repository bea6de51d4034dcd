"""The table of a run: the submission's columns, and what was asked for beside them."""

from collections.abc import Iterable, Iterator
from typing import Final

from model.genres import GENRES
from model.outputs.formats import Cell, Columns
from model.results import Result

GENRE: Final = "genre"
"""Name of the column that says in a word what a clip is."""

UNSURE: Final = "unsure"

_PLAIN: Final[Columns] = {"file_id": str, **dict.fromkeys(GENRES, float)}


def columns(confidence: float | None) -> Columns:
    """Columns of the table; the submission's alone unless a confidence is given."""
    return _PLAIN if confidence is None else {**_PLAIN, GENRE: str}


def row(one: Result, confidence: float | None) -> list[Cell]:
    """A clip's cells; the arguments of ``columns`` and ``genre``."""
    cells: list[Cell] = [one.clip.file_id, *one.probabilities]
    return cells if confidence is None else [*cells, genre(one, confidence)]


def genre(one: Result, confidence: float) -> str:
    """The likeliest genre of a clip, or ``unsure``.

    Args:
        one: the clip's result; without a prediction it is always unsure.
        confidence: least probability, in [0, 1].
    """
    best = max(one.probabilities)
    if not one.predicted or best < confidence:
        return UNSURE
    return GENRES[one.probabilities.index(best)]


WINDOW_COLUMNS: Final[Columns] = {"file_id": str, "start": float, **dict.fromkeys(GENRES, float)}


def window_rows(results: Iterable[Result]) -> Iterator[list[Cell]]:
    """For each window of each clip: the clip's id, the second where it starts, probabilities."""
    for one in results:
        for window in one.windows:
            yield [one.clip.file_id, window.start, *window.probabilities]
