"""Columns and rows of the table of a run, and of the table of windows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from model.genres import GENRES
from model.options import Options
from model.outputs.formats import Columns, Value
from model.results import Result

GENRE: Final = "genre"
"""Name of the column with the most probable genre."""

UNSURE: Final = "unsure"

DIGITS: Final = 6
"""Digits of a table with further columns, which people read."""

_EXTRA: Final[Columns] = {GENRE: str, "probability": float, "predicted": str}
_PROBABILITIES: Final = dict.fromkeys(GENRES, float)
_SUBMISSION: Final[Columns] = {"file_id": str, **_PROBABILITIES}
WINDOW_COLUMNS: Final[Columns] = {"file_id": str, "start": float, **_PROBABILITIES}


@dataclass(frozen=True)
class Layout:
    """What a table has beside the columns of a submission.

    Attributes:
        extra: names of further columns.
        confidence: least probability of a genre in the column ``genre``, in [0, 1].
        digits: digits behind the decimal point of a probability; None for all.
    """

    extra: tuple[str, ...] = ()
    confidence: float = 0.0
    digits: int | None = None

    @property
    def columns(self) -> Columns:
        """Names and types of the values of a row."""
        return {**_SUBMISSION, **{name: _EXTRA[name] for name in self.extra}}

    def row(self, result: Result) -> list[Value]:
        """Values of ``columns`` for a clip."""
        values: dict[str, Value] = {
            GENRE: genre(result, self.confidence),
            "probability": self._rounded(max(result.probabilities)),
            "predicted": "yes" if result.predicted else "no",
        }
        probabilities = map(self._rounded, result.probabilities)
        return [result.clip.file_id, *probabilities, *(values[name] for name in self.extra)]

    def _rounded(self, probability: float) -> float:
        return probability if self.digits is None else round(probability, self.digits)


def layout(options: Options) -> Layout:
    """The layout that the options of a run ask for."""
    extra = options.columns
    if options.min_confidence is not None and GENRE not in extra:
        extra = (GENRE, *extra)
    digits = DIGITS if options.digits is None and options.columns else options.digits
    return Layout(extra, options.min_confidence or 0.0, digits)


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
