"""Blocks of the documents about all systems, from ``training/results/leaderboard.json``."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from training.data.folds import OFFICIAL
from training.documents import files
from training.documents.markdown import NONE, TEST_PART, number, table, with_interval
from training.evaluation.leaderboard import FILE
from training.evaluation.measures import AS_IS, CONVERTED
from training.evaluation.published import BY_ARCHITECTURE


def board(results: Path | None = None) -> dict[str, Any]:
    """The content of ``leaderboard.json`` in a folder of results, None for the project's own.

    Raises:
        DatasetError: the leaderboard was not computed.
    """
    return files.read_json(FILE, "leaderboard", results)


def scores(results: Path | None = None) -> str:
    """Scores of all systems: calibrated, and the log loss without calibration."""
    content = board(results)
    rows = [
        (
            f"`{row['name']}`",
            *(with_interval(row["calibrated"][AS_IS][score]) for score in ("log_loss", "accuracy")),
            number(row["calibrated"][AS_IS]["macro_f1"]),
            number(row["calibrated"][CONVERTED]["log_loss"]),
            number(row["raw"][AS_IS]["log_loss"]),
            _on_fma(row["fma_clips"]),
            row["ships"],
            NONE if row["training_clips"] is None else str(row["training_clips"]),
        )
        for row in content["systems"]
    ]
    header = (
        "system | log loss | accuracy | macro F1 | log loss, fma_medium | raw log loss "
        "| FMA clips | default | training clips"
    )
    split = content["scheme"] == OFFICIAL
    method = TEST_PART if split else "held out of every system, no artist in two folds"
    return (
        f"{table(header, rows)}\n\n"
        f"{content['clips']} clips of {content['groups']} artists or other groups, {method}. "
        f"In brackets: 95 % of {content['draws']} draws of artists with replacement."
    )


def _on_fma(scores: Mapping[str, Any]) -> str:
    """Log loss and accuracy of the clips of FMA."""
    if not scores["clips"]:
        return NONE
    return f"{scores['log_loss']['value']:.2f}, {scores['accuracy']['value']:.0%}"


def costs() -> str:
    """What every system is, and what it costs."""
    rows = [(f"`{row['name']}`", row["summary"], *_cost(row["cost"])) for row in board()["systems"]]
    return table("system | what | parameters | weights MB | CPU ms | CPU ms, Keras", rows)


def published() -> str:
    """The table of 2018, and the systems here that re-implement its rows."""
    names: dict[str, list[str]] = {}
    for row in board()["systems"]:
        names.setdefault(row["architecture"], []).append(f"`{row['name']}`")
    rows = [
        (
            entry.team,
            ", ".join(names.get(architecture, [NONE])),
            str(entry.rank),
            *(f"{loss:.2f}" for loss in entry.log_loss),
            *(f"{f1:.0%}" for f1 in entry.f1),
        )
        for architecture, entry in sorted(BY_ARCHITECTURE.items(), key=lambda item: item[1].rank)
    ]
    columns = [f"{score}, {part}" for score in ("log loss", "F1") for part in "123"]
    return table(" | ".join(["team", "here", "rank", *columns]), rows)


def _cost(cost: Mapping[str, float] | None) -> Sequence[str]:
    """Parameters, megabytes of weights, and CPU milliseconds, also on TensorFlow."""
    if cost is None:
        return (NONE,) * 4
    on_keras = cost.get("keras_ms")
    return (
        f"{cost['parameters']:,}",
        f"{cost['weights_bytes'] / 1e6:.2g}" if cost["weights_bytes"] >= 1e5 else "<0.1",
        f"{cost['front_end_ms'] + cost['network_ms']:,.0f}",
        NONE if on_keras is None else f"{cost['front_end_ms'] + on_keras:,.0f}",
    )


BLOCKS: Final[dict[str, Callable[[], str]]] = {
    "leaderboard_costs": costs,
    "leaderboard_published": published,
    "leaderboard_scores": scores,
}
"""Functions that return the text of a block, by name of the block."""
