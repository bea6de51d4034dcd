"""Pictures of results, as svg files that do not change.

The reliability diagram and the confusion matrix of a system, and all systems' log loss over cost.
"""

import itertools
from collections.abc import Iterator
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
_BOARD_INCHES: Final = (8.0, 5.0)


def draw(result: dict[str, Any], folder: Path) -> list[Path]:
    """Write ``NAME.reliability.svg`` and ``NAME.confusion.svg``; returns their paths.

    The same result gives the same bytes with the same release of matplotlib.

    Args:
        result: of ``training.evaluation.scorecard.of_system``.
        folder: where to; it is made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{result['name']}.{kind}.svg" for kind in ("reliability", "confusion")]
    with _steady():
        for path, paint, size in zip(
            paths, (_reliability, _confusion), ((8.0, 4.2), (13.0, 6.6)), strict=True
        ):
            figure = Figure(figsize=size, layout="constrained")
            FigureCanvasSVG(figure)
            for axes, view in zip(figure.subplots(1, 2), _TITLES, strict=True):
                paint(axes, result["pictures"][view])
                axes.set_title(_TITLES[view])
            figure.savefig(path, metadata={"Date": None, "Creator": None})
    return paths


def draw_leaderboard(board: dict[str, Any], folder: Path) -> Path:
    """Write ``leaderboard.svg``: log loss over CPU time of the systems with costs.

    Args:
        board: of ``training.evaluation.leaderboard``.
        folder: where to; it is made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "leaderboard.svg"
    with _steady():
        figure = Figure(figsize=_BOARD_INCHES, layout="constrained")
        FigureCanvasSVG(figure)
        _standings(figure.subplots(), [row for row in board["systems"] if row["cost"]])
        figure.savefig(path, metadata={"Date": None, "Creator": None})
    return path


@contextmanager
def _steady() -> Iterator[None]:
    """Settings under which a picture depends on its numbers alone; text stays text."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update({"svg.hashsalt": "genres", "svg.fonttype": "none", "font.size": 9})
        yield


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
    for true, given in zip(*np.nonzero(counts), strict=True):
        color = "white" if shares[true, given] > 0.5 else "black"
        text = str(counts[true, given])
        axes.text(given, true, text, ha="center", va="center", color=color, fontsize=7)
    axes.set_xticks(range(len(GENRES)), GENRES, rotation=90)
    axes.set_yticks(range(len(GENRES)), GENRES)
    axes.set_xlabel("given")
    axes.set_ylabel("true")


def _standings(axes: Axes, rows: list[dict[str, Any]]) -> None:
    """A dot with its interval for the calibrated log loss, and a ring for the raw one."""
    costs = [row["cost"]["front_end_ms"] + row["cost"]["network_ms"] for row in rows]
    dots, lines = [], []
    for cpu, row in zip(costs, rows, strict=True):
        calibrated, raw = (row[kind][AS_IS]["log_loss"] for kind in ("calibrated", "raw"))
        axes.plot([cpu] * 2, [calibrated["low"], calibrated["high"]], color=_BLUE, linewidth=1)
        axes.scatter(cpu, calibrated["value"], 30, color=_BLUE, zorder=3)
        axes.scatter(cpu, raw["value"], 30, facecolors="none", edgecolors="grey", zorder=2)
        dots.append((cpu, calibrated["value"]))
        lines += [(cpu, calibrated["low"], calibrated["high"]), (cpu, raw["value"], raw["value"])]
    axes.scatter([], [], 30, color=_BLUE, label="calibrated, with 95 % of the draws of artists")
    axes.scatter([], [], 30, facecolors="none", edgecolors="grey", label="raw")
    axes.set(xscale="log")
    axes.margins(x=0.15)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("CPU milliseconds of a clip of 30 s, one thread, without decoding")
    axes.set_ylabel("log loss of held-out clips")
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False)
    axes.grid(which="both", alpha=0.2)
    _name(axes, dots, lines, [row["name"] for row in rows])


def _name(
    axes: Axes,
    dots: list[tuple[float, float]],
    lines: list[tuple[float, float, float]],
    names: list[str],
) -> None:
    """Write names beside dots, each at the first place where it covers no line and no name.

    Args:
        axes: with limits that stay; the first axis is logarithmic.
        dots: x and y of each.
        lines: x, and y from and to, of what must not be covered.
        names: of the dots.
    """
    width, height = (72 * inches for inches in _BOARD_INCHES)  # about the axes', in points
    (left, right), (bottom, top) = np.log(axes.get_xlim()), axes.get_ylim()

    def across(x: float) -> float:
        return float((np.log(x) - left) / (right - left) * width)

    def along(y: float) -> float:
        return float((y - bottom) / (top - bottom) * height)

    taken = [
        (across(x) - 4, along(low) - 4, across(x) + 4, along(high) + 4) for x, low, high in lines
    ]
    for (x, y), name in zip(dots, names, strict=True):
        length = 5.5 * len(name)
        boxes = {}
        for up, side in itertools.product((0, 9, -9, 18, -18), ("left", "right")):
            start = across(x) + 6 if side == "left" else across(x) - 6 - length
            boxes[side, up] = (start, along(y) + up - 5, start + length, along(y) + up + 5)
        free = (place for place, box in boxes.items() if not any(_meet(box, o) for o in taken))
        side, up = next(free, ("left", 0))
        taken.append(boxes[side, up])
        offset = (6 if side == "left" else -6, up)
        axes.annotate(name, (x, y), offset, textcoords="offset points", ha=side, va="center")


def _meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether two boxes (left, bottom, right, top) overlap."""
    return all(one[i] < other[i + 2] and other[i] < one[i + 2] for i in (0, 1))
