"""``score CSV --truth LABELS``: the challenge's log loss and F1."""

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from grader.errors import GraderError
from grader.judging.labels import read_labels
from grader.judging.table import read_table
from model.files import AtomicFile
from model.genres import GENRES

if TYPE_CHECKING:
    from grader.judging.metrics import Scores


@dataclass(frozen=True)
class Judgement:
    """Scores of a table and where it errs.

    Attributes:
        scores: log loss, micro F1 and macro F1.
        confusion: clips by true genre (rows) and by top genre of the table (columns), 16 by 16.
    """

    scores: "Scores"
    confusion: tuple[tuple[int, ...], ...]


def judge_rows(rows: Mapping[str, tuple[float, ...]], labels: Mapping[str, int]) -> Judgement:
    """Score the rows of the labelled clips.

    Raises:
        GraderError: a labelled clip has no row, or there is no labelled clip.
    """
    import numpy as np

    from grader.judging import metrics

    missing = [file_id for file_id in labels if file_id not in rows]
    if missing or not labels:
        names = ", ".join(map(repr, missing[:3])) or "no label fits"
        raise GraderError(
            f"{len(missing)} labelled clip(s) have no row ({names}); "
            "see `validate`, or --subset to score the rows that are there"
        )
    truth = np.array(list(labels.values()))
    probabilities = np.array([rows[file_id] for file_id in labels])
    confusion = metrics.confusion(probabilities.argmax(axis=1), truth, len(GENRES))
    return Judgement(
        metrics.score(probabilities, truth), tuple(map(tuple, confusion.tolist()))
    )  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command line."""
    parser.add_argument("table", metavar="CSV", type=Path, help="the table to score")
    parser.add_argument(
        "--truth", metavar="LABELS", type=Path, required=True,
        help="CSV with the columns file_id (or track_id) and genre",
    )  # fmt: skip
    parser.add_argument(
        "--subset", action="store_true", help="score the labelled clips that have a row"
    )
    parser.add_argument("--name", help="name on the leaderboard (default: the file's name)")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write a result for leaderboard")


def command(arguments: argparse.Namespace) -> int:
    """Print the scores; 1 when the table breaks a rule that has nothing to do with the clips."""
    table = read_table(arguments.table)
    for breach in table.breaches:
        print(f"{arguments.table}: {breach}")
    if table.breaches:
        print(f"{arguments.table}: not scored; a table must be valid first")
        return 1
    labels = read_labels(arguments.truth)
    if arguments.subset:
        labels = {file_id: genre for file_id, genre in labels.items() if file_id in table.rows}
    judgement = judge_rows(table.rows, labels)
    print(describe(judgement, len(table.rows) - len(labels)))
    if arguments.json:
        name = arguments.name or arguments.table.stem
        result = {"name": name, "scores": judgement.scores.as_dict()}
        with AtomicFile(arguments.json) as file:
            json.dump(result, file, indent=2)
            file.write("\n")
    return 0


def describe(judgement: Judgement, unlabelled: int = 0) -> str:
    """Scores as text, with the commonest confusions."""
    scores = judgement.scores
    lines = [
        f"clips     {scores.clips}" + (f" ({unlabelled} more have no label)" if unlabelled else ""),
        f"log loss  {scores.log_loss:.4f}",
        f"F1        {scores.accuracy:.4f}  (micro average: the leaderboard's; equals accuracy)",
        f"macro F1  {scores.macro_f1:.4f}  (the paper's formula)",
    ]
    wrong = [
        (clips, GENRES[true], GENRES[given])
        for true, row in enumerate(judgement.confusion)
        for given, clips in enumerate(row)
        if clips and true != given
    ]
    for clips, true, given in sorted(wrong, key=lambda entry: -entry[0])[:5]:
        lines.append(f"confused  {clips} of {true} taken for {given}")
    return "\n".join(lines)
