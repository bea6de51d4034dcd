"""Blocks of the documents about one system, from its card and its results.

Each public function returns the text of one block, from the name of a system.
"""

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from model import systems
from model.genres import FMA_MEDIUM_CLIPS, GENRES
from model.probabilities.priors import SMOOTHING
from model.systems import cards
from training.data.folds import EACH_SOURCE, SOURCE
from training.documents import files
from training.documents.markdown import NONE, number, table, with_interval
from training.evaluation import costs, heldout
from training.evaluation.measures import AS_IS, CONVERTED, SCORES, VIEWS
from training.evaluation.mixes import ESTIMATE, MAXIMUM, ORACLE, SHARES, UNADAPTED, share_name
from training.evaluation.scorecard import cross_validated

_CANDIDATE_SCORES: Final = {AS_IS: SCORES, CONVERTED: ("log_loss", "accuracy")}
_SCHEMES: Final = {SOURCE: "sources left out in {} parts", EACH_SOURCE: "each of {} sources"}
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
_NO_SOURCES: Final = "No network of `{}` was trained with whole sources left out."


def result(name: str) -> dict[str, Any]:
    """The results of a system.

    Raises:
        DatasetError: the system was not evaluated.
    """
    return files.read_json(f"{name}.json", f"evaluate --system {name}")


def scores(name: str) -> str:
    """Scores of both views with intervals."""
    content = result(name)
    rows = [
        (label, *(with_interval(content["scores"][view][score]) for score in SCORES))
        for view, label in zip(VIEWS, ("as is", "fma_medium"), strict=True)
    ]
    repeats = content["repeats"]
    times = "one cross-validation" if repeats == 1 else f"{repeats} cross-validations"
    return (
        f"{table('clips | log loss | accuracy | macro F1 | calibration error', rows)}\n\n"
        f"{content['clips']} clips of {content['groups']} artists or other groups, "
        f"{times} of five folds, no artist in two. In brackets: 95 % of "
        f"{content['draws']} draws of artists with replacement. Genres without clips: "
        f"{', '.join(content['genres_without_clips']) or 'none'}. Weighted to fma_medium's mix the "
        f"clips count like {content['effective_clips_fma_medium']:.0f} equal ones."
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


def genres(name: str) -> str:
    """Clips, groups, recall and log loss of each genre."""
    rows = [
        (
            entry["genre"],
            str(entry["clips"]),
            str(entry["groups"]),
            f"{100 * clips / sum(FMA_MEDIUM_CLIPS):.1f} %",
            *(with_interval(entry[AS_IS][score], 2) for score in ("recall", "log_loss")),
            *(number(entry[CONVERTED][score], 2) for score in ("recall", "log_loss")),
        )
        for entry, clips in zip(result(name)["genres"], FMA_MEDIUM_CLIPS, strict=True)
    ]
    header = (
        "genre | clips | groups | of fma_medium | recall | log loss | recall, fma prior | "
        "log loss, fma prior"
    )
    return table(header, rows)


def origins(name: str) -> str:
    """Sources of each genre's clips, the largest first."""
    held_out, rows = heldout.read(heldout.path_of(files.RESULTS, name)), []
    for index, genre in enumerate(GENRES):
        clips = np.flatnonzero(held_out.genres == index).tolist()
        sources = Counter(held_out.sources[clip] for clip in clips)
        largest = max(Counter(held_out.groups[clip] for clip in clips).values(), default=0)
        ordered = sorted(sources.items(), key=lambda item: (-item[1], item[0]))
        named = ", ".join(f"{source} {count}" for source, count in ordered)
        rows.append((genre, named or NONE, f"{largest / max(len(clips), 1):.0%}"))
    return table("genre | clips by source | of the largest group", rows)


def sources(name: str) -> str:
    """Clips, groups, accuracy and log loss of each source, and accuracy when it is left out."""
    content = result(name)
    left_out = content["source_out"].get(SOURCE, {}).get("accuracy_of_source", {})
    rows = [
        (
            entry["source"],
            str(entry["clips"]),
            str(entry["groups"]),
            *(with_interval(entry[AS_IS][score], 2) for score in ("accuracy", "log_loss")),
            f"{left_out[entry['source']]:.2f}" if entry["source"] in left_out else NONE,
        )
        for entry in content["sources"]
    ]
    header = "source | clips | groups | accuracy | log loss | accuracy, source left out"
    return table(header, rows)


def calibration(name: str) -> str:
    """Log loss and calibration error of held-out clips by method, and the chosen method."""
    content = result(name)["calibration"]
    rows = [(method, *_calibrated(row)) for method, row in content["methods"].items()]
    return (
        f"{table('calibration | log loss | calibration error', rows)}\n\n"
        f"Chosen: {content['chosen']}. Were the probabilities exact, so few clips would still show "
        f"a calibration error of {content['error_by_chance']:.3f} on average."
    )


def calibration_across(name: str) -> str:
    """Scores of calibrations fitted to clips of held-out artists, or of held-out sources."""
    across = result(name)["calibration"]["across"]
    if SOURCE not in across:
        return _NO_SOURCES.format(name)
    rows = [
        (
            _FITTED.get(fitted, "held-out artists"),
            *(cell for scored in row.values() for cell in _calibrated(scored)),
        )
        for fitted, row in across.items()
    ]
    header = (
        "fitted to | log loss, artists out | calibration error | log loss, sources out | "
        "calibration error"
    )
    return table(header, rows)


def _calibrated(row: Mapping[str, float]) -> tuple[str, str]:
    return (f"{row['log_loss']:.3f}", f"{row['calibration_error']:.3f}")


def priors(name: str) -> str:
    """Log loss by class mix of a test set and by prior."""
    content = result(name)["priors"]
    mixes = content["losses"]
    sizes = list(next(iter(mixes.values())))
    rows = []
    for prior, label in _PRIORS.items():
        means = [sum(cell[prior] for cell in mix.values()) / len(sizes) for mix in mixes.values()]
        overall = (content["mean"][prior], content["largest_excess"][prior])
        rows.append((label, *(f"{x:.2f}" for x in means), *(f"{x:.3f}" for x in overall)))
    changes = [
        (mix, *(f"{cells[size][ESTIMATE] - cells[size][UNADAPTED]:+.3f}" for size in sizes))
        for mix, cells in mixes.items()
    ]
    return (
        f"{table(' | '.join(['prior', *mixes, 'mean', 'worst against `train`']), rows)}\n\n"
        f"Mean log loss over simulated test sets of {', '.join(sizes[:-1])} and {sizes[-1]} clips. "
        "Change from `train` to `estimate`, by the number of clips of the test set:\n\n"
        f"{table(' | '.join(['mix', *(f'{size} clips' for size in sizes)]), changes)}"
    )


def worst(name: str) -> str:
    """The clips with the largest log loss."""
    return _clips(result(name)["worst"])


def fma_tracks(name: str) -> str:
    """Every clip that is a track of the Free Music Archive."""
    return _clips(result(name)["fma_tracks"])


def _clips(rows: Sequence[Mapping[str, Any]]) -> str:
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
    return table("clip | artist or group | label | given | log loss", cells)


def candidates(name: str) -> str:
    """One row for every system and probe, on the folds of the first repeat.

    Args:
        name: system whose results have the scores of predictions without listening.
    """
    rows = [_candidate(content) for content in _evaluated()]
    for prediction, views in result(name)["without_listening"].items():
        cells = [f"{views[v][score]:.3f}" for v in VIEWS for score in _CANDIDATE_SCORES[v]]
        rows.append((f"{prediction}, for every clip", *cells, *[NONE] * 5))
    header = (
        "candidate | log loss | accuracy | macro F1 | calibration error | log loss, fma | "
        "accuracy, fma | log loss, sources out | accuracy, sources out | each source out | "
        "CPU ms | weights MB"
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
    name, first, left_out = content["name"], content["first_repeat"], content["source_out"]
    cost = costs.read().get(name)
    return (
        f"probe {name}" if "features" in content else f"**{name}**",
        *(number(first[view][score]) for view in VIEWS for score in _CANDIDATE_SCORES[view]),
        *(number(left_out.get(SOURCE, {}).get(score)) for score in ("log_loss", "accuracy")),
        number(left_out.get(EACH_SOURCE, {}).get("accuracy")),
        *((f"{cost.cpu_ms:.0f}", f"{cost.weights_bytes / 1e6:.1f}") if cost else (NONE, NONE)),
    )


def ablation(_: str) -> str:
    """Scores with one part of the training configuration changed, one row for each variation."""
    rows = []
    for entry in files.read_json("ablation.json", "ablate")["variations"]:
        as_is, excess = entry["scores"][AS_IS], entry["excess"]
        rows.append(
            (
                entry["name"],
                number(as_is["log_loss"]),
                f"{excess['value']:+.3f} ({excess['low']:+.3f} to {excess['high']:+.3f})",
                number(as_is["accuracy"]),
                number(as_is["macro_f1"]),
                number(entry["scores"][CONVERTED]["log_loss"]),
            )
        )
    header = "recipe | log loss | against the first row | accuracy | macro F1 | log loss, fma"
    return table(header, rows)


def training(name: str) -> str:
    """Clips, initial weights, teachers and versions that a card names."""
    content = cards.read(name, systems.WEIGHTS_FOLDER).training
    origins_of_weights = [
        f"{origin['title']}, licence {origin['licence']}, SHA-256 `{origin['sha256']}`"
        for origin in content["initial_weights"]
    ]
    return (
        f"{content['clips']} clips of {content['groups']} artists or other groups "
        f"(table SHA-256 `{content['table_sha256'][:16]}…`).\n\n"
        f"Initial weights: {'; '.join(origins_of_weights) or 'random'}.\n"
        f"Teachers (soft targets only): {', '.join(content['teachers']) or 'none'}.\n"
        f"Seed {content['seed']}, Keras {content['keras']}."
    )


def weights(name: str) -> str:
    """File of weights, spectrogram and calibration of a card."""
    card = cards.read(name, systems.WEIGHTS_FOLDER)
    front_end, bias = card.spectrogram, card.calibration.bias
    rows = [
        ("file", f"`weights/{card.weights.file}`, {card.weights.size / 1e6:.1f} MB"),
        ("SHA-256", f"`{card.weights.sha256}`"),
        ("licence", card.licence),
        ("sample rate", f"{front_end.sample_rate} Hz"),
        (
            "spectrogram",
            f"{front_end.mel_bands} mel bands to {front_end.fmax:.0f} Hz, window "
            f"{front_end.window_length}, hop {front_end.hop_length}, FFT {front_end.fft_length}",
        ),
        ("window", f"{card.window_frames} frames, averaged over the clip"),
        ("temperature", f"{card.calibration.temperature}"),
        ("floor", f"{card.calibration.floor}"),
        ("bias", ", ".join(f"{g} {b:+.2f}" for g, b in zip(GENRES, bias, strict=False)) or "none"),
    ]
    return table(f" | {name}", rows)


def recordings(name: str) -> str:
    """Held-out predictions: the first recording of each package, and the total over all."""
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
            ", ".join(f"{GENRES[genre]} {posterior[genre]:.2f}" for genre in order),
            "hit" if top[0] == label else "miss",
        )
        rows.setdefault(recording["package"], cells)
    return (
        f"{table('recording | label | top 3 | ', rows.values())}\n\n"
        f"The first recording of each package; over all {len(listed)} recordings the first "
        f"genre is the label's for {hits}, and one of the first three for {near}."
    )


def pictures(name: str) -> str:
    """Links to the reliability diagram and the confusion matrix."""
    kinds = {"reliability": "Reliability diagram", "confusion": "Confusion matrix"}
    return "\n\n".join(
        f"![{title} of {name}](docs/pictures/{name}.{kind}.svg)" for kind, title in kinds.items()
    )


BLOCKS: Final[dict[str, Callable[[str], str]]] = {
    function.__name__: function
    for function in (
        ablation, calibration, calibration_across, candidates, fma_tracks, genres, origins,
        pictures, priors, recordings, scores, sources, sources_left_out, training, weights, worst,
    )
}  # fmt: skip
"""Functions that return the text of a block from the name of a system, by name of the block."""
