"""Scores of a submission's table against the true genres."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from grader.errors import GraderError
from grader.judging import metrics
from model.genres import GENRES


@dataclass(frozen=True)
class TableScores:
    """Scores of a table and its errors.

    Attributes:
        scores: log loss, micro F1 and macro F1.
        confusion: clips by true genre (rows) and by top genre of the table (columns), 16 by 16.
    """

    scores: metrics.Scores
    confusion: tuple[tuple[int, ...], ...]

    def text(self, unlabelled: int = 0) -> str:
        """Scores as lines, with the five most frequent confusions.

        Args:
            unlabelled: number of the table's clips that have no label.
        """
        scores, more = self.scores, f" ({unlabelled} more have no label)" if unlabelled else ""
        lines = [
            f"clips     {scores.clips}{more}",
            f"log loss  {scores.log_loss:.4f}",
            f"F1        {scores.accuracy:.4f}  (micro average: the leaderboard's; equals accuracy)",
            f"macro F1  {scores.macro_f1:.4f}  (the paper's formula)",
        ]
        wrong = [
            (clips, GENRES[true], GENRES[top])
            for true, row in enumerate(self.confusion)
            for top, clips in enumerate(row)
            if clips and true != top
        ]
        for clips, true, top in sorted(wrong, key=lambda error: -error[0])[:5]:
            lines.append(f"confused  {clips} of {true} taken for {top}")
        return "\n".join(lines)


def score_rows(rows: Mapping[str, tuple[float, ...]], labels: Mapping[str, int]) -> TableScores:
    """Score the rows of the labelled clips.

    Args:
        rows: probabilities of each clip.
        labels: index of each clip's true genre, of clips with a row only.

    Raises:
        GraderError: there is no labelled clip.
    """
    if not labels:
        raise GraderError("no label is for a clip of the table; name the labels of its clips")
    truth = np.array(list(labels.values()))
    probabilities = np.array([rows[file_id] for file_id in labels])
    confusion = metrics.confusion(probabilities.argmax(axis=1), truth, len(GENRES))
    return TableScores(metrics.score(probabilities, truth), tuple(map(tuple, confusion.tolist())))
