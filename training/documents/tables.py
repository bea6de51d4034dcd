"""Tables of the documents, from the results in ``training/results`` and the costs of the systems.

Every function gives the text of one block; ``python -m training document`` puts it in place.
"""

import itertools
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from model.genres import FMA_MEDIUM_CLIPS, GENRES
from model.probabilities.priors import SMOOTHING
from training.data.dataset import DatasetError
from training.data.folds import EACH_SOURCE, SOURCE
from training.documents import places
from training.evaluation import costs
from training.evaluation.heldout import HeldOut
from training.evaluation.mixes import ESTIMATE, MAXIMUM, ORACLE, SHARES, UNADAPTED, share_name

NONE: Final = "-"
"""What a cell says where nothing is known."""

_VIEWS: Final = {"as_is": "as is", "fma_medium": "fma_medium"}
_CANDIDATE_SCORES: Final = {
    "as_is": ("log_loss", "accuracy", "macro_f1", "calibration_error"),
    "fma_medium": ("log_loss", "accuracy"),
}
_SCHEMES: Final = {"source": "sources left out in {} parts", "each_source": "each of {} sources"}
_FITTED: Final = {"none": "nothing", SOURCE: "held-out sources"}
_PRIORS: Final = {
    UNADAPTED: "`train` (unadapted)",
    share_name(0.0): "fma_medium",
    **{
        share_name(share): f"fma_medium + {100 * share:.0f} %"
        + (" (`fma`)" if share == SMOOTHING else "")
        for share in SHARES[1:]
    },
    "uniform": "`uniform`",
    ESTIMATE: "`estimate`",
    MAXIMUM: "EM without safeguard",
    ORACLE: "true mix (oracle)",
}


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""

    def lines() -> Iterator[str]:
        yield "| " + " | ".join(header) + " |"
        yield "|---" * len(header) + "|"
        for row in rows:
            yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"

    return "\n".join(lines())


def result(name: str) -> dict[str, Any]:
    """The results of a system.

    Raises:
        DatasetError: it was not evaluated; the message says how to.
    """
    path = places.RESULTS / f"{name}.json"
    if not path.is_file():
        raise DatasetError(f"{path}: run python -m training evaluate --system {name}")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def scores(name: str) -> str:
    """Scores of both views with intervals, and with sources left out."""
    found = result(name)
    rows = [
        (
            label,
            *(
                with_interval(found["scores"][view][score])
                for score in ("log_loss", "accuracy", "macro_f1", "calibration_error")
            ),
        )
        for view, label in _VIEWS.items()
    ]
    header = ("clips", "log loss", "accuracy", "macro F1", "calibration error")
    missing = ", ".join(found["genres_without_clips"]) or "none"
    lines = [
        table(header, rows),
        "",
        f"{found['clips']} clips of {found['groups']} artists or other groups, "
        f"{_times(found['repeats'])} of five folds, no artist in two. In brackets: 95 % of "
        f"{found['draws']} draws of artists with replacement. Genres without clips: "
        f"{missing}. Weighted to fma_medium's mix the clips count like "
        f"{found['effective_clips_fma_medium']:.0f} equal ones.",
    ]
    return "\n".join(lines)


def sources_left_out(name: str) -> str:
    """Scores of clips by networks that saw no clip of their source."""
    left_out = result(name)["source_out"]
    if not left_out:
        return f"No network of `{name}` was trained with whole sources left out."
    rows = [
        (
            _SCHEMES[scheme].format(scores["folds"]),
            str(scores["clips"]),
            with_interval(scores["log_loss"]),
            with_interval(scores["accuracy"]),
        )
        for scheme, scores in left_out.items()
    ]
    return table(("scheme", "clips", "log loss", "accuracy"), rows)


def by_genre(name: str) -> str:
    """Clips, groups, recall and log loss of each genre."""
    rows = [
        (
            entry["genre"],
            str(entry["clips"]),
            str(entry["groups"]),
            f"{100 * share / sum(FMA_MEDIUM_CLIPS):.1f} %",
            with_interval(entry["as_is"]["recall"], 2),
            with_interval(entry["as_is"]["log_loss"], 2),
            number(entry["fma_medium"]["recall"], 2),
            number(entry["fma_medium"]["log_loss"], 2),
        )
        for entry, share in zip(result(name)["genres"], FMA_MEDIUM_CLIPS, strict=True)
    ]
    header = (
        "genre", "clips", "groups", "of fma_medium", "recall", "log loss",
        "recall, fma prior", "log loss, fma prior",
    )  # fmt: skip
    return table(header, rows)


def origins(held_out: HeldOut) -> str:
    """Sources of each genre's clips, the largest first."""
    rows = []
    for number, genre in enumerate(GENRES):
        clips = np.flatnonzero(held_out.genres == number).tolist()
        counts = Counter(held_out.sources[clip] for clip in clips)
        listed = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
        groups = Counter(held_out.groups[clip] for clip in clips)
        largest = max(groups.values(), default=0) / max(len(clips), 1)
        named = ", ".join(f"{source} {count}" for source, count in listed)
        rows.append((genre, named or NONE, f"{largest:.0%}"))
    return table(("genre", "clips by source", "of the largest group"), rows)


def by_source(name: str) -> str:
    """Clips, groups, accuracy and log loss of each source, and accuracy when it is left out."""
    found = result(name)
    left_out = found["source_out"].get("source", {}).get("accuracy_of_source", {})
    rows = [
        (
            entry["source"],
            str(entry["clips"]),
            str(entry["groups"]),
            with_interval(entry["as_is"]["accuracy"], 2),
            with_interval(entry["as_is"]["log_loss"], 2),
            f"{left_out[entry['source']]:.2f}" if entry["source"] in left_out else NONE,
        )
        for entry in found["sources"]
    ]
    header = ("source", "clips", "groups", "accuracy", "log loss", "accuracy, source left out")
    return table(header, rows)


def calibration(name: str) -> str:
    """What calibration does to held-out clips, and which was chosen."""
    found = result(name)["calibration"]
    rows = [(method, *_calibrated(row)) for method, row in found["methods"].items()]
    lines = [
        table(("calibration", "log loss", "calibration error"), rows),
        "",
        f"Chosen: {found['chosen']}. Were the probabilities exact, so few clips would still show "
        f"a calibration error of {found['error_by_chance']:.3f} on average.",
    ]
    return "\n".join(lines)


def calibration_across(name: str) -> str:
    """What a calibration fitted to clips of held-out artists, or sources, does on both."""
    found = result(name)["calibration"]["across"]
    if SOURCE not in found:
        return f"No network of `{name}` was trained with whole sources left out."
    rows = [
        (_FITTED.get(fitted, "held-out artists"), *itertools.chain(*map(_calibrated, row.values())))
        for fitted, row in found.items()
    ]
    header = (
        "fitted to", "log loss, artists out", "calibration error", "log loss, sources out",
        "calibration error",
    )  # fmt: skip
    return table(header, rows)


def _calibrated(row: Mapping[str, float]) -> tuple[str, str]:
    return (f"{row['log_loss']:.3f}", f"{row['calibration_error']:.3f}")


def priors(name: str) -> str:
    """Log loss by class mix of a payload and by prior, and what a wrong prior costs at most."""
    found = result(name)["priors"]
    mixes = found["losses"]
    sizes = list(next(iter(mixes.values())))
    rows = []
    for prior, label in _PRIORS.items():
        losses = [_mean([cell[prior] for cell in cells.values()]) for cells in mixes.values()]
        overall = (found["mean"][prior], found["largest_excess"][prior])
        rows.append((label, *(f"{loss:.2f}" for loss in losses), *(f"{x:.3f}" for x in overall)))
    header = ("prior", *mixes, "mean", "worst against `train`")
    sized = [
        (mix, *(f"{cells[size][ESTIMATE] - cells[size][UNADAPTED]:+.3f}" for size in sizes))
        for mix, cells in mixes.items()
    ]
    lines = [
        table(header, rows),
        "",
        f"Mean log loss over payloads of {', '.join(sizes[:-1])} and {sizes[-1]} clips. What "
        "`estimate` changes against `train`, by the number of clips of the payload:",
        "",
        table(("mix", *(f"{size} clips" for size in sizes)), sized),
    ]
    return "\n".join(lines)


def worst(name: str) -> str:
    """The clips with the largest log loss."""
    return _clips(result(name)["worst"])


def fma_tracks(name: str) -> str:
    """Every clip that is a track of the Free Music Archive itself."""
    return _clips(result(name)["fma_tracks"])


def candidates(name: str) -> str:
    """One row for every system and probe, on the folds of the first repeat.

    Args:
        name: the system whose results tell what an answer without listening scores.
    """
    rows = [_candidate(found) for found in _evaluated()]
    for answer, views in result(name)["without_listening"].items():
        as_is, converted = (
            [f"{views[view][score]:.3f}" for score in _CANDIDATE_SCORES[view]] for view in _VIEWS
        )
        rows.append((f"{answer}, for every clip", *as_is, *converted, *[NONE] * 5))
    header = (
        "candidate", "log loss", "accuracy", "macro F1", "calibration error", "log loss, fma",
        "accuracy, fma", "log loss, sources out", "accuracy, sources out", "each source out",
        "CPU ms", "weights MB",
    )  # fmt: skip
    return table(header, rows)


def ablation(_: str) -> str:
    """What each part of the recipe is worth; one row a variation."""
    rows = []
    for entry in result("ablation")["variations"]:
        as_is, converted = (entry["scores"][view] for view in _VIEWS)
        excess = entry["excess"]
        rows.append(
            (
                entry["name"],
                number(as_is["log_loss"]),
                f"{excess['value']:+.3f} ({excess['low']:+.3f} to {excess['high']:+.3f})",
                number(as_is["accuracy"]),
                number(as_is["macro_f1"]),
                number(converted["log_loss"]),
            )
        )
    header = (
        "recipe",
        "log loss",
        "against the first row",
        "accuracy",
        "macro F1",
        "log loss, fma",
    )
    return table(header, rows)


def _evaluated() -> Iterator[dict[str, Any]]:
    """Results of all systems, then of all probes, by name; other json files are left alone."""
    files = sorted(places.RESULTS.glob("*.json"))
    found = [json.loads(path.read_text(encoding="utf-8")) for path in files]
    yield from (entry for entry in found if "first_repeat" in entry)
    for entry in found:
        yield from entry.get("probes", [])


def _candidate(found: dict[str, Any]) -> tuple[str, ...]:
    as_is, converted = (found["first_repeat"][view] for view in _VIEWS)
    left_out = found["source_out"]
    is_probe = "features" in found
    size, cpu = (NONE, NONE) if is_probe else _cost(found["name"])
    return (
        f"probe {found['name']}" if is_probe else f"**{found['name']}**",
        *(number(as_is[score]) for score in _CANDIDATE_SCORES["as_is"]),
        *(number(converted[score]) for score in _CANDIDATE_SCORES["fma_medium"]),
        *(number(left_out.get(SOURCE, {}).get(score)) for score in ("log_loss", "accuracy")),
        number(left_out.get(EACH_SOURCE, {}).get("accuracy")),
        cpu,
        size,
    )


def _clips(rows: Sequence[Mapping[str, Any]]) -> str:
    """Clips by name, with what was given for them."""
    cells = [
        (
            row["clip"],
            row["group"],
            row["genre"],
            f"{row['given']} {row['probability']:.2f}",
            f"{row['log_loss']:.2f}",
        )
        for row in rows
    ]
    return table(("clip", "artist or group", "label", "given", "log loss"), cells)


def _cost(name: str) -> tuple[str, str]:
    """Megabytes of weights and CPU milliseconds a clip, where they were measured."""
    cost = costs.read().get(name)
    if cost is None:
        return (NONE, NONE)
    return (f"{cost.weights_bytes / 1e6:.1f}", f"{cost.cpu_ms:.0f}")


def number(figure: Mapping[str, float | None] | None, digits: int = 3) -> str:
    """A figure without its interval."""
    value = None if figure is None else figure["value"]
    return NONE if value is None else f"{value:.{digits}f}"


def with_interval(figure: Mapping[str, float | None], digits: int = 3) -> str:
    """A figure with its interval, where it has one."""
    if figure["value"] is None or figure["low"] is None:
        return number(figure, digits)
    return f"{figure['value']:.{digits}f} ({figure['low']:.2f} to {figure['high']:.2f})"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _times(repeats: int) -> str:
    return "one cross-validation" if repeats == 1 else f"{repeats} cross-validations"
