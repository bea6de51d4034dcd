"""Columns and rows of the table of a run, and of the table of windows."""

from collections.abc import Iterable, Iterator
from typing import Final

from model.genres import GENRES
from model.outputs.formats import Columns, Value
from model.results import Result

GENRE: Final = "genre"
"""Name of the optional last column, the most probable genre."""

UNSURE: Final = "unsure"

_PROBABILITIES: Final = dict.fromkeys(GENRES, float)
_SUBMISSION: Final[Columns] = {"file_id": str, **_PROBABILITIES}
WINDOW_COLUMNS: Final[Columns] = {"file_id": str, "start": float, **_PROBABILITIES}


def columns(confidence: float | None) -> Columns:
    """Columns of the table: those of a submission, and ``genre`` unless ``confidence`` is None."""
    return _SUBMISSION if confidence is None else {**_SUBMISSION, GENRE: str}


def row(result: Result, confidence: float | None) -> list[Value]:
    """Values of ``columns`` for a clip."""
    values: list[Value] = [result.clip.file_id, *result.probabilities]
    return values if confidence is None else [*values, genre(result, confidence)]


def genre(result: Result, confidence: float) -> str:
    """The most probable genre of a clip, or ``unsure``.

    Args:
        result: result of the clip; a clip without a prediction is always ``unsure``.
        confidence: least probability of a genre, in [0, 1].
    """
    best = max(result.probabilities)
    if not result.predicted or best < confidence:
        return UNSURE
    return GENRES[result.probabilities.index(best)]


def window_rows(results: Iterable[Result]) -> Iterator[list[Value]]:
    """Values of ``WINDOW_COLUMNS`` for each window of each clip."""
    for result in results:
        for window in result.windows:
            yield [result.clip.file_id, window.start, *window.probabilities]
