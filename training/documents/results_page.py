"""A page with the tables of one folder of results, such as that of a training on FMA."""

import os
from pathlib import Path
from typing import Final

from model.systems import cards
from training.data.dataset import DatasetError
from training.documents import leaderboard_tables, system_tables
from training.evaluation import heldout
from training.evaluation.leaderboard import FILE as LEADERBOARD

FILE: Final = "results.md"


def page(results: Path, weights: Path, folder: Path) -> str:
    """The page: the leaderboard, then card, scores and calibration of each evaluated system.

    Args:
        results: folder of held-out logits and of what ``evaluate`` and ``leaderboard`` wrote.
        weights: folder of the systems' cards.
        folder: folder of the page, from which links to pictures lead.

    Raises:
        CardError: a system has no card.
        DatasetError: the leaderboard was not computed, or no system was evaluated.
    """
    suffix = heldout.path_of(results, "").name
    trained = sorted(path.name.removesuffix(suffix) for path in results.glob(f"*{suffix}"))
    names = [name for name in trained if (results / f"{name}.json").is_file()]
    if not names:
        example = trained[0] if trained else "NAME"
        raise DatasetError(
            f"{results}: no results of a system; run python -m training evaluate --system "
            f"{example} --results {results}"
        )
    if not (results / LEADERBOARD).is_file():
        raise DatasetError(
            f"{results / LEADERBOARD}: no such file; run python -m training leaderboard --weights "
            f"{weights} --results {results}"
        )
    sections = [
        "# Results\n\nMade by `python -m training document --results`.",
        "## All systems",
        leaderboard_tables.scores(results),
    ]
    for name in names:
        sections += _sections(name, results, weights, folder)
    return "\n\n".join(sections) + "\n"


def _sections(name: str, results: Path, weights: Path, folder: Path) -> list[str]:
    """Card, scores, genres and calibration of one system."""
    card = cards.read(name, weights)
    training = card.training
    pictures = [
        f"![{kind} of {name}]({os.path.relpath(path, folder)})"
        for kind in ("confusion", "reliability")
        if (path := results / f"{name}.{kind}.svg").is_file()
    ]
    return [
        f"## {name}",
        f"{card.summary}.\n\nTrained on {training['clips']} clips of {training['groups']} artists "
        f"or other groups. Method of validation: {card.validation['method']}.",
        system_tables.scores(name, results),
        "### By genre",
        system_tables.genres(name, results),
        "### Calibration",
        system_tables.calibration(name, results),
        *pictures,
    ]
