"""Blocks of the documents about one system, from its card and its results.

Each public function returns the text of one block, from the name of a system.
"""

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, Final

import numpy as np

from model import systems
from model.genres import FMA_MEDIUM_CLIPS, GENRES
from model.probabilities.priors import SMOOTHING
from model.systems import cards
from training.data.folds import EACH_SOURCE, OFFICIAL, SOURCE
from training.documents import files
from training.documents.markdown import NONE, TEST_PART, number, table, with_interval
from training.evaluation import heldout
from training.evaluation.calibration import METHODS
from training.evaluation.measures import AS_IS, CONVERTED, SCORES, VIEWS
from training.evaluation.mixes import ESTIMATE, MAXIMUM, ORACLE, RANDOM_MIX, UNADAPTED, share_name
from training.evaluation.scorecard import cross_validated

_CANDIDATE_SCORES: Final = (
    (AS_IS, "log_loss"), (AS_IS, "accuracy"), (CONVERTED, "log_loss"),
)  # fmt: skip
_MOST_SOURCES: Final = 3
"""Sources of a genre that a table names."""
_MOST_PACKAGES: Final = 3
"""Packages of a genre in the table of recordings."""
_MOST_ERRORS: Final = 8
"""Clips in the table of worst errors."""
_LEAST_SHOWN: Final = 0.01
"""Smallest probability in the table of recordings."""
_SCHEMES: Final = {SOURCE: "sources left out, in {} parts", EACH_SOURCE: "each of {} sources"}
_FITTED: Final = {"none": "nothing", SOURCE: "held-out sources", OFFICIAL: "the other part"}
_SCORED: Final = {SOURCE: "sources left out", OFFICIAL: "validation and test parts"}
_PRIORS: Final = {
    UNADAPTED: "`train` (unadapted)",
    share_name(0.0): "fma_medium",
    share_name(0.1): "fma_medium, 10 % uniform",
    share_name(SMOOTHING): f"fma_medium, {SMOOTHING:.0%} uniform (`fma`)".replace("%", " %"),
    share_name(0.5): "fma_medium, 50 % uniform",
    "uniform": "`uniform`",
    ESTIMATE: "`estimate`",
    MAXIMUM: "EM without safeguard",
    ORACLE: "true mix (oracle)",
}
_NO_SOURCES: Final = "No network of `{}` was trained with whole sources left out."


def result(name: str, results: Path | None = None) -> dict[str, Any]:
    """The results of a system in a folder of results, None for the project's own.

    Raises:
        DatasetError: the system was not evaluated.
    """
    return files.read_json(f"{name}.json", f"evaluate --system {name}", results)


def scores(name: str, results: Path | None = None) -> str:
    """Scores of both views with intervals."""
    content = result(name, results)
    rows = [
        (label, *(with_interval(content["scores"][view][score]) for score in SCORES))
        for view, label in zip(VIEWS, ("as is", "fma_medium"), strict=True)
    ]
    repeats, missing = content["repeats"], content["genres_without_clips"]
    times = "one cross-validation" if repeats == 1 else f"{repeats} cross-validations"
    method = f"{times} of five folds, no artist in two folds"
    if OFFICIAL in content["calibration"]["across"]:
        method = TEST_PART
    return (
        f"{table('clips | log loss | accuracy | macro F1 | calibration error', rows)}\n\n"
        f"{content['clips']} clips of {content['groups']} artists or other groups, "
        f"{method}. In brackets: 95 % of "
        f"{content['draws']} draws of artists with replacement. fma_medium: clips weighted to its "
        f"mix of genres, which makes them worth {content['effective_clips_fma_medium']:.0f} equal "
        "clips, and probabilities converted to it."
        + (f" Genres without clips: {', '.join(missing)}." if missing else "")
    )


def sources_left_out(name: str) -> str:
    """Scores of clips by networks that were not trained on the clip's source."""
    rows = [
        (
            _SCHEMES[scheme].format(left_out["folds"]),
            str(left_out["clips"]),
            with_interval(left_out["log_loss"]),
            with_interval(left_out["accuracy"]),
        )
        for scheme, left_out in result(name)["source_out"].items()
    ]
    return table("scheme | clips | log loss | accuracy", rows) if rows else _NO_SOURCES.format(name)


def genres(name: str, results: Path | None = None) -> str:
    """Share in fma_medium, recall and log loss of each genre."""
    rows = [
        (
            entry["genre"],
            f"{100 * clips / sum(FMA_MEDIUM_CLIPS):.1f} %",
            with_interval(entry[AS_IS]["recall"], 2),
            number(entry[AS_IS]["log_loss"], 2),
            number(entry[CONVERTED]["recall"], 2),
        )
        for entry, clips in zip(result(name, results)["genres"], FMA_MEDIUM_CLIPS, strict=True)
    ]
    header = "genre | of fma_medium | recall | log loss | recall under fma_medium's prior"
    return table(header, rows)


def origins(name: str) -> str:
    """Number of clips and groups of each genre, the largest group, and the largest sources."""
    held_out, rows = heldout.read(heldout.path_of(files.RESULTS, name)), []
    for index, genre in enumerate(GENRES):
        clips = np.flatnonzero(held_out.genres == index).tolist()
        groups = Counter(held_out.groups[clip] for clip in clips)
        sources = Counter(held_out.sources[clip] for clip in clips)
        ordered = sorted(sources.items(), key=lambda item: (-item[1], item[0]))
        others = sum(count for _, count in ordered[_MOST_SOURCES:])
        named = [f"{source} {count}" for source, count in ordered[:_MOST_SOURCES]]
        rows.append(
            (
                genre,
                str(len(clips)),
                str(len(groups)),
                f"{max(groups.values(), default=0) / max(len(clips), 1):.0%}",
                ", ".join([*named, *([f"others {others}"] if others else [])]) or NONE,
            )
        )
    return table("genre | clips | artists | largest artist | clips by source", rows)


def sources(name: str) -> str:
    """Accuracy of each source that was left out, with its other clips in training or without."""
    content = result(name)
    left_out = content["source_out"].get(SOURCE, {}).get("accuracy_of_source", {})
    rows = [
        (
            entry["source"],
            str(entry["clips"]),
            f"{left_out[entry['source']]:.2f}",
            with_interval(entry[AS_IS]["accuracy"], 2),
        )
        for entry in content["sources"]
        if entry["source"] in left_out
    ]
    header = "source | clips | accuracy, source left out | accuracy, artist left out"
    return table(header, rows) if rows else _NO_SOURCES.format(name)


def calibration(name: str, results: Path | None = None) -> str:
    """Scores of calibrations fitted to clips of held-out artists, or of held-out sources."""
    content = result(name, results)["calibration"]
    scored = [_SCORED.get(scheme, "artists left out") for scheme in content["across"]["none"]]
    rows = [
        (
            _FITTED.get(fitted, "held-out artists"),
            *(f"{score:.3f}" for scored in row.values() for score in scored.values()),
        )
        for fitted, row in content["across"].items()
    ]
    columns = [f"log loss, {clips} | calibration error" for clips in scored]
    methods = ", ".join(
        f"{row['log_loss']:.3f} with {method}"
        for method, row in content["methods"].items()
        if method in METHODS
    )
    return (
        f"{table(' | '.join(['fitted to', *columns]), rows)}\n\n"
        f"Log loss by method, {scored[0]}: {methods}. Were the probabilities exact, so few "
        f"clips would still show a calibration error of {content['error_by_chance']:.3f} on "
        "average."
    )


def priors(name: str) -> str:
    """Log loss by class mix of a test set and by prior."""
    content = result(name)["priors"]
    losses = content["losses"]
    drawn = [mix for mix in losses if mix.startswith(RANDOM_MIX)]
    columns = {mix: [mix] for mix in losses if mix not in drawn} | {"random mixes": drawn}
    sizes = list(next(iter(losses.values())))

    def mean(prior: str, mixes: Iterable[str], sizes: Iterable[str] = sizes) -> float:
        return fmean(losses[mix][size][prior] for mix in mixes for size in sizes)

    rows = [
        (
            label,
            *(f"{mean(prior, mixes):.2f}" for mixes in columns.values()),
            *(f"{content[key][prior]:.3f}" for key in ("mean", "largest_excess")),
        )
        for prior, label in _PRIORS.items()
    ]
    changes = [
        f"{mean(ESTIMATE, losses, [size]) - mean(UNADAPTED, losses, [size]):+.2f} with {size} clips"
        for size in sizes
    ]
    return (
        f"{table(' | '.join(['prior', *columns, 'mean', 'worst against `train`']), rows)}\n\n"
        f"Mean log loss over simulated test sets of {', '.join(sizes[:-1])} and {sizes[-1]} clips; "
        f"random mixes: {len(drawn)} draws from Dirichlet distributions. The mean change from "
        f"`train` to `estimate` is {', '.join(changes)}."
    )


def worst(name: str) -> str:
    """The clips with the largest log loss."""
    return _clips(result(name)["worst"][:_MOST_ERRORS])


def fma_clips(name: str) -> str:
    """Scores of the clips of the FMA data set under the prior ``fma``, and of the prior alone."""
    found = {key: scores for key, scores in result(name)["fma_clips"].items() if scores["clips"]}
    if not found:
        return "No clip is of the FMA data set."
    rows = [
        (
            "their source left out" if scheme == SOURCE else "their artists left out",
            str(scores["clips"]),
            str(scores["groups"]),
            with_interval(scores["log_loss"]),
            with_interval(scores["accuracy"]),
            f"{scores['calibration_error']:.3f} ({scores['error_by_chance']:.3f})",
        )
        for scheme, scores in found.items()
    ]
    one = next(iter(found.values()))
    rows.append(
        (
            "the prior alone, for every clip",
            str(one["clips"]),
            str(one["groups"]),
            f"{one['log_loss_of_prior']:.3f}",
            NONE,
            NONE,
        )
    )
    columns = "clips of FMA | clips | artists | log loss | accuracy | calibration error (by chance)"
    return table(columns, rows)


def _clips(rows: Sequence[Mapping[str, Any]]) -> str:
    cells = [
        (
            row["group"],
            row["genre"],
            f"{row['given']} {row['probability']:.2f}",
            f"{row['log_loss']:.2f}",
        )
        for row in rows
    ]
    return table("artist or group | label | given | log loss", cells)


def candidates(name: str) -> str:
    """One row for every system and probe, on the folds of the first repeat.

    Args:
        name: system whose results have the scores of predictions without listening.
    """
    rows = [_candidate(content) for content in _evaluated()]
    for prediction, views in result(name)["without_listening"].items():
        cells = [f"{views[view][score]:.3f}" for view, score in _CANDIDATE_SCORES]
        rows.append((f"{prediction}, for every clip", NONE, NONE, *cells))
    header = (
        "candidate | log loss, sources left out | accuracy, sources left out | "
        "log loss, artists left out | accuracy, artists left out | "
        "log loss, artists left out, fma_medium"
    )
    return table(header, rows)


def _evaluated() -> Iterator[dict[str, Any]]:
    """Results of all systems, then of all probes, by name; other json files are skipped."""
    paths = sorted(files.RESULTS.glob("*.json"))
    contents = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    yield from (content for content in contents if "first_repeat" in content)
    for content in contents:
        yield from content.get("probes", [])


def _candidate(content: Mapping[str, Any]) -> tuple[str, ...]:
    name, first = content["name"], content["first_repeat"]
    left_out = content["source_out"].get(SOURCE, {})
    return (
        f"probe {name}" if "features" in content else f"**{name}**",
        *(number(left_out.get(score)) for score in ("log_loss", "accuracy")),
        *(number(first[view][score]) for view, score in _CANDIDATE_SCORES),
    )


def ablation(_: str) -> str:
    """Scores with one part of the training configuration changed, one row for each variation."""
    rows = []
    for entry in files.read_json("ablation.json", "ablate")["variations"]:
        as_is, excess = entry["scores"][AS_IS], entry["excess"]
        left_out = entry["source_out"].get(SOURCE, {})
        rows.append(
            (
                entry["name"],
                *(number(left_out.get(score)) for score in ("log_loss", "accuracy")),
                number(as_is["log_loss"]),
                f"{excess['value']:+.3f} ({excess['low']:+.3f} to {excess['high']:+.3f})",
                number(as_is["accuracy"]),
            )
        )
    header = (
        "configuration | log loss, sources left out | accuracy, sources left out | "
        "log loss, artists left out | against the first row | accuracy, artists left out"
    )
    return table(header, rows)


def weights(name: str) -> str:
    """File, input and calibration of a card, and what its weights were trained from."""
    card = cards.read(name, systems.WEIGHTS_FOLDER)
    front_end, calibration, training = card.spectrogram, card.calibration, card.training
    origins_of_weights = [
        f"{origin['title']}, licence {origin['licence']}, SHA-256 `{origin['sha256']}`"
        for origin in training["initial_weights"]
    ]
    rows = [
        ("file", f"`weights/{card.weights.file}`, {card.weights.size / 1e6:.1f} MB"),
        ("SHA-256", f"`{card.weights.sha256}`"),
        ("licence", card.licence),
        (
            "input",
            f"{card.window_frames} frames of {front_end.mel_bands} mel bands to "
            f"{front_end.fmax:.0f} Hz at {front_end.sample_rate} Hz",
        ),
        (
            "calibration",
            f"temperature {calibration.temperature}, floor {calibration.floor}, "
            f"{'a bias for each genre' if calibration.bias else 'no bias'}",
        ),
        ("training clips", f"{training['clips']} of {training['groups']} artists or other groups"),
        ("initial weights", "; ".join(origins_of_weights) or "random"),
        ("teachers (soft targets only)", ", ".join(training["teachers"]) or "none"),
    ]
    return table(f" | {name}", rows)


def recordings(name: str) -> str:
    """Held-out predictions: one recording of some packages of each genre, and the total."""
    with (files.ROOT / "tests" / "recordings.tsv").open(encoding="utf-8", newline="") as file:
        listed = [row for row in csv.DictReader(file, delimiter="\t") if row["clip_id"]]
    held_out = heldout.read(heldout.path_of(files.RESULTS, name))
    posteriors = dict(zip(held_out.ids, cross_validated(held_out)[0], strict=True))
    rows: dict[str, tuple[str, ...]] = {}
    hits, near = 0, 0
    for recording in listed:
        posterior, label = posteriors[recording["clip_id"]], recording["genre"]
        order = np.argsort(-posterior, kind="stable")[:3].tolist()
        top = [GENRES[genre] for genre in order]
        hits += top[0] == label
        near += label in top
        cells = (
            f"{recording['package']}: {Path(recording['path_in_package']).name}",
            label,
            ", ".join(
                f"{GENRES[genre]} {posterior[genre]:.2f}"
                for genre in order
                if posterior[genre] >= _LEAST_SHOWN
            ),
            "hit" if top[0] == label else "miss",
        )
        rows.setdefault(recording["package"], cells)
    of_genre = Counter[str]()
    shown = []
    for row in rows.values():
        of_genre[row[1]] += 1
        if of_genre[row[1]] <= _MOST_PACKAGES:
            shown.append(row)
    return (
        f"{table('recording | label | top 3 | ', shown)}\n\n"
        f"The first recording of the first {_MOST_PACKAGES} packages of each label. Over all "
        f"{len(listed)} recordings the first genre is the label's for {hits}, and one of the first "
        f"three for {near}."
    )


BLOCKS: Final[dict[str, Callable[[str], str]]] = {
    function.__name__: function
    for function in (
        ablation, calibration, candidates, fma_clips, genres, origins,
        priors, recordings, scores, sources, sources_left_out, weights, worst,
    )
}  # fmt: skip
"""Functions that return the text of a block from the name of a system, by name of the block."""
