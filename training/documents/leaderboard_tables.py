"""Blocks of the documents about all systems, from ``training/results/leaderboard.json``."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from training.documents import files
from training.documents.markdown import NONE, number, table, with_interval
from training.evaluation.leaderboard import FILE
from training.evaluation.measures import AS_IS, CONVERTED
from training.evaluation.published import BY_ARCHITECTURE

_SCORES: Final = ("log_loss", "accuracy", "macro_f1")


def board() -> dict[str, Any]:
    """The content of ``leaderboard.json``.

    Raises:
        DatasetError: the leaderboard was not computed.
    """
    return files.read_json(FILE, "leaderboard")


def summary() -> str:
    """One row for every system: calibrated scores, costs, and the result of 2018."""
    content = board()
    rows = [
        (
            f"`{row['name']}`",
            with_interval(row["calibrated"][AS_IS]["log_loss"]),
            number(row["raw"][AS_IS]["log_loss"]),
            number(row["calibrated"][AS_IS]["accuracy"]),
            number(row["calibrated"][AS_IS]["macro_f1"]),
            number(row["calibrated"][CONVERTED]["log_loss"]),
            *_cost(row["cost"])[:3],
            *_published(row["published"]),
        )
        for row in content["systems"]
    ]
    header = (
        "system | log loss | log loss, raw | accuracy | macro F1 | log loss, fma_medium | "
        "parameters | weights MB | CPU ms | 2018: rank | 2018: log loss | 2018: F1"
    )
    return (
        f"{table(header, rows)}\n\n"
        f"{content['clips']} clips of {content['groups']} artists or other groups, "
        f"{content['folds']} folds, no artist in two, the same for all. In brackets: 95 % of "
        f"{content['draws']} draws of artists with replacement. CPU ms: of a clip of 30 s on one "
        "thread, after decoding. 2018: as published, on the board of the first round, on a part of "
        "its clips, and on the secret clips of the second round."
    )


def scores(kind: str) -> str:
    """Scores of all systems with intervals in both views.

    Args:
        kind: ``raw`` or ``calibrated``.
    """
    rows = [
        (
            f"`{row['name']}`",
            *(with_interval(row[kind][view][s]) for view in (AS_IS, CONVERTED) for s in _SCORES),
            "yes" if row["ships"] == kind else "",
        )
        for row in board()["systems"]
    ]
    header = (
        "system | log loss | accuracy | macro F1 | log loss, fma_medium | accuracy, fma_medium | "
        "macro F1, fma_medium | as shipped"
    )
    return table(header, rows)


def costs() -> str:
    """Costs of every system, and whether its training began with public weights."""
    rows = [
        (
            f"`{row['name']}`",
            *_cost(row["cost"]),
            "public weights" if row["public_weights"] else NONE,
            row["summary"],
        )
        for row in board()["systems"]
    ]
    header = "system | parameters | weights MB | CPU ms | front end | network | begun with | what"
    return table(header, rows)


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
    """Parameters, megabytes, and CPU milliseconds in total, of the front end, of the network."""
    if cost is None:
        return (NONE,) * 5
    front_end, network = cost["front_end_ms"], cost["network_ms"]
    return (
        f"{cost['parameters']:,}",
        f"{cost['weights_bytes'] / 1e6:.2g}" if cost["weights_bytes"] >= 1e5 else "<0.1",
        *(f"{milliseconds:,.0f}" for milliseconds in (front_end + network, front_end, network)),
    )


def _published(row: Mapping[str, Any] | None) -> Sequence[str]:
    if row is None:
        return (NONE, NONE, NONE)
    return (
        str(row["rank"]),
        ", ".join(f"{loss:.2f}" for loss in row["log_loss"]),
        ", ".join(f"{f1:.0%}" for f1 in row["f1"]),
    )


BLOCKS: Final[dict[str, Callable[[], str]]] = {
    "leaderboard": summary,
    "leaderboard_calibrated": lambda: scores("calibrated"),
    "leaderboard_costs": costs,
    "leaderboard_published": published,
    "leaderboard_raw": lambda: scores("raw"),
}
"""Functions that return the text of a block, by name of the block."""
