"""The reliability diagram and the confusion matrix of a result, as svg files that do not change."""

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
from training.measures import AS_IS, CONVERTED

_TITLES: Final = {AS_IS: "as is", CONVERTED: "converted to the prior of fma_medium"}
_BLUE: Final = "#1f5fa8"


def draw(result: dict[str, Any], folder: Path) -> list[Path]:
    """Write ``NAME.reliability.svg`` and ``NAME.confusion.svg``; returns their paths.

    The same result gives the same bytes with the same release of matplotlib.

    Args:
        result: of ``training.scorecard.of_system``.
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
