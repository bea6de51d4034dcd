"""The leaderboard as tables of the documents, from ``training/results/leaderboard.json``."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from training.data.dataset import DatasetError
from training.documents import places
from training.documents.tables import NONE, number, table, with_interval
from training.evaluation.leaderboard import FILE
from training.evaluation.measures import AS_IS, CONVERTED
from training.evaluation.published import BY_ARCHITECTURE

_SCORES: Final = ("log_loss", "accuracy", "macro_f1")
_PUBLISHED: Final = ("2018: rank", "2018: log loss", "2018: F1")


def board() -> dict[str, Any]:
    """The content of ``leaderboard.json``.

    Raises:
        DatasetError: it was not computed; the message says how to.
    """
    path = places.RESULTS / FILE
    if not path.is_file():
        raise DatasetError(f"{path}: run python -m training leaderboard")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def summary() -> str:
    """One row for every system: calibrated scores, costs, and what was published in 2018."""
    found = board()
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
        for row in found["systems"]
    ]
    header = (
        "system", "log loss", "log loss, raw", "accuracy", "macro F1", "log loss, fma_medium",
        "parameters", "weights MB", "CPU ms", *_PUBLISHED,
    )  # fmt: skip
    return f"{table(header, rows)}\n\n{_measured(found)}"


def scores(kind: str) -> str:
    """Scores of all systems with intervals, ``raw`` or ``calibrated``, in both views."""
    rows = [
        (
            f"`{row['name']}`",
            *(with_interval(row[kind][AS_IS][score]) for score in _SCORES),
            *(with_interval(row[kind][CONVERTED][score]) for score in _SCORES),
            "yes" if row["ships"] == kind else "",
        )
        for row in board()["systems"]
    ]
    views = ("", ", fma_medium")
    columns = [f"{name}{view}" for view in views for name in ("log loss", "accuracy", "macro F1")]
    return table(("system", *columns, "as shipped"), rows)


def costs() -> str:
    """What every system costs, and whether its training began with public weights."""
    rows = [
        (
            f"`{row['name']}`",
            *_cost(row["cost"]),
            "public weights" if row["public_weights"] else NONE,
            row["summary"],
        )
        for row in board()["systems"]
    ]
    header = (
        "system", "parameters", "weights MB", "CPU ms", "front end", "network", "begun with",
        "what",
    )  # fmt: skip
    return table(header, rows)


def published() -> str:
    """What was published in 2018, and the systems here that re-implement it."""
    names: dict[str, list[str]] = {}
    for row in board()["systems"]:
        names.setdefault(row["architecture"], []).append(f"`{row['name']}`")
    rows = [
        (
            row.team,
            ", ".join(names.get(architecture, [NONE])),
            str(row.rank),
            *(f"{loss:.2f}" for loss in row.log_loss),
            *(f"{f1:.0%}" for f1 in row.f1),
        )
        for architecture, row in sorted(BY_ARCHITECTURE.items(), key=lambda known: known[1].rank)
    ]
    columns = [f"{score}, {of}" for score in ("log loss", "F1") for of in ("1", "2", "3")]
    return table(("team", "here", "rank", *columns), rows)


def _cost(cost: Mapping[str, float] | None) -> Sequence[str]:
    """Parameters, megabytes, CPU milliseconds, and those of front end and network."""
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


def _measured(found: Mapping[str, Any]) -> str:
    return (
        f"{found['clips']} clips of {found['groups']} artists or other groups, {found['folds']} "
        f"folds, no artist in two, the same for all. In brackets: 95 % of {found['draws']} draws "
        "of artists with replacement. CPU ms: of a clip of 30 s on one thread, after decoding. "
        "2018: as published, on the board of the first round, on a part of its clips, and on the "
        "secret clips of the second round."
    )
