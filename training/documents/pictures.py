"""Pictures of results as svg files; the same numbers give the same bytes.

The reliability diagram and the confusion matrix of a system, and the log loss and CPU time of all
systems.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from numpy.typing import NDArray

from model.genres import GENRES
from training.evaluation.measures import AS_IS, CONVERTED

_TITLES: Final = {AS_IS: "as is", CONVERTED: "converted to the prior of fma_medium"}
_BLUE: Final = "#1f5fa8"


def draw(result: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write ``NAME.reliability.svg`` and ``NAME.confusion.svg``; returns their paths.

    Args:
        result: content from ``training.evaluation.scorecard.of_system``.
        folder: folder to write to; it is created.
    """
    paths = []
    for kind, paint, size in (
        ("reliability", _reliability, (8.0, 4.2)),
        ("confusion", _confusion, (13.0, 6.6)),
    ):
        paths.append(folder / f"{result['name']}.{kind}.svg")
        with _two_panels(paths[-1], size) as panels:
            for axes, view in zip(panels, _TITLES, strict=True):
                paint(axes, result["pictures"][view])
                axes.set_title(_TITLES[view])
    return paths


def draw_leaderboard(board: Mapping[str, Any], folder: Path) -> Path:
    """Write ``leaderboard.svg``: log loss and CPU time of the systems whose costs are measured.

    Args:
        board: content from ``training.evaluation.leaderboard``.
        folder: folder to write to; it is created.
    """
    path = folder / "leaderboard.svg"
    with _two_panels(path, (9.0, 4.0), sharey=True) as (losses, costs):
        _compare(losses, costs, [row for row in board["systems"] if row["cost"]])
    return path


@contextmanager
def _two_panels(
    path: Path, size: tuple[float, float], sharey: bool = False
) -> Iterator[Sequence[Axes]]:
    """Axes of a figure that is written at the end, with text as text and settings that are fixed.

    Args:
        path: svg file to write.
        size: width and height in inches.
        sharey: whether the panels share the vertical axis.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update({"svg.hashsalt": "genres", "svg.fonttype": "none", "font.size": 9})
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasSVG(figure)
        yield figure.subplots(1, 2, sharey=sharey)
        figure.savefig(path, metadata={"Date": None, "Creator": None})


def _reliability(axes: Axes, view: dict[str, Any]) -> None:
    """Accuracy over confidence; the area of a point is the share of the clips in its bin."""
    share, confidence, accuracy = (
        np.array(view[key]) for key in ("share", "confidence", "accuracy")
    )
    filled = share > 0
    error = float(share @ np.abs(confidence - accuracy))
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1, linestyle="--")
    axes.plot(confidence[filled], accuracy[filled], color=_BLUE, linewidth=1)
    axes.scatter(confidence[filled], accuracy[filled], 1000 * share[filled], color=_BLUE, alpha=0.5)
    axes.text(0.04, 0.93, f"expected calibration error {error:.3f}")
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    axes.set_xlabel("probability of the top genre")
    axes.set_ylabel("share that is right")


def _confusion(axes: Axes, view: dict[str, Any]) -> None:
    """Counts, shaded by the share of the true genre's clips."""
    counts: NDArray[np.int_] = np.array(view["confusion"])
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for true, predicted in zip(*np.nonzero(counts), strict=True):
        color = "white" if shares[true, predicted] > 0.5 else "black"
        text = str(counts[true, predicted])
        axes.text(predicted, true, text, ha="center", va="center", color=color, fontsize=7)
    axes.set_xticks(range(len(GENRES)), GENRES, rotation=90)
    axes.set_yticks(range(len(GENRES)), GENRES)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")


def _compare(losses: Axes, costs: Axes, rows: Sequence[Mapping[str, Any]]) -> None:
    """Log loss with its interval, raw log loss, and CPU time, one line for each system."""
    lines = range(len(rows))
    calibrated = [row["calibrated"][AS_IS]["log_loss"] for row in rows]
    values = [figure["value"] for figure in calibrated]
    ends = [[figure["low"] for figure in calibrated], [figure["high"] for figure in calibrated]]
    losses.hlines(lines, *ends, color=_BLUE, linewidth=1)
    label = "calibrated, with 95 % of the draws of artists"
    losses.scatter(values, lines, 30, color=_BLUE, label=label, zorder=3)
    raw = [row["raw"][AS_IS]["log_loss"]["value"] for row in rows]
    losses.scatter(raw, lines, 30, facecolors="none", edgecolors="grey", label="raw", zorder=2)
    losses.set_yticks(lines, [row["name"] for row in rows])
    losses.invert_yaxis()
    losses.set_xlabel("log loss of held-out clips")
    losses.figure.legend(loc="outside upper left", ncols=2, frameon=False)
    milliseconds = [row["cost"]["front_end_ms"] + row["cost"]["network_ms"] for row in rows]
    costs.bar_label(costs.barh(lines, milliseconds, 0.6, color=_BLUE), fmt="{:.0f}", padding=2)
    costs.margins(x=0.12)
    costs.set_xlabel("CPU ms of a clip of 30 s, one thread, without decoding")
    for axes in (losses, costs):
        axes.grid(axis="x", alpha=0.2)
