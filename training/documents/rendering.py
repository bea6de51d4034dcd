"""The generated tables of README.md, MODEL_CARD.md and other documents.

Every figure comes from a card, from ``training/results`` or from ``tests/recordings.tsv``. A block
begins with ``<!-- generated: NAME -->``, or ``<!-- generated: NAME SYSTEM -->`` for another system
than the default, and ends with ``<!-- end -->``; the rest is left alone.
"""

import csv
import re
from collections.abc import Callable
from pathlib import Path

from model import systems
from model.genres import GENRES
from model.systems import cards
from training.documents import leaderboard_tables, places, tables
from training.documents.tables import table
from training.evaluation import heldout
from training.evaluation.scorecard import cross_validated

DOCUMENTS = ("README.md", "MODEL_CARD.md", "docs/leaderboard.md", "docs/recordings.md")
_BLOCK = re.compile(r"(<!-- generated: (\w+)(?: (\w+))? -->\n).*?(<!-- end -->)", re.DOTALL)


def renew(check: bool = False) -> list[str]:
    """Write the documents that are out of date, and return their names.

    Args:
        check: write nothing.

    Raises:
        KeyError, DatasetError, CardError, CostsError: as ``rendered``.
    """
    drifted = []
    for name in DOCUMENTS:
        path = places.ROOT / name
        before = path.read_text(encoding="utf-8")
        after = rendered(before)
        if after != before:
            drifted.append(name)
            if not check:
                path.write_text(after, encoding="utf-8")
    return drifted


def rendered(text: str) -> str:
    """A document with all of its generated blocks renewed.

    Raises:
        KeyError: a block has an unknown name.
        CardError: a system has no card.
        CostsError: the file of costs is damaged.
        DatasetError: a system was not evaluated or has no held-out logits.
    """
    return _BLOCK.sub(lambda m: f"{m[1]}{BLOCKS[m[2]](m[3] or systems.DEFAULT)}\n{m[4]}", text)


def _training(name: str) -> str:
    training = cards.read(name, systems.WEIGHTS_FOLDER).training
    origins = [
        f"{origin['title']}, licence {origin['licence']}, SHA-256 `{origin['sha256']}`"
        for origin in training["initial_weights"]
    ]
    lines = [
        f"{training['clips']} clips of {training['groups']} artists or other groups "
        f"(table SHA-256 `{training['table_sha256'][:16]}…`).",
        "",
        f"Initial weights: {'; '.join(origins) or 'random'}.",
        f"Teachers (soft targets only): {', '.join(training['teachers']) or 'none'}.",
        f"Seed {training['seed']}, Keras {training['keras']}.",
    ]
    return "\n".join(lines)


def _weights(name: str) -> str:
    card = cards.read(name, systems.WEIGHTS_FOLDER)
    front_end = card.spectrogram
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
        ("bias", _bias(card.calibration.bias)),
    ]
    return table(("", name), rows)


def _bias(bias: tuple[float, ...]) -> str:
    named = zip(GENRES, bias, strict=True) if bias else ()
    return ", ".join(f"{genre} {value:+.2f}" for genre, value in named) or "none"


def _recordings(name: str) -> str:
    """Held-out predictions: the first recording of each package, and the total over all."""
    with (places.ROOT / "tests" / "recordings.tsv").open(encoding="utf-8", newline="") as file:
        recordings = [row for row in csv.DictReader(file, delimiter="\t") if row["clip_id"]]
    held_out = heldout.read(heldout.path_of(places.RESULTS, name))
    predictions = dict(zip(held_out.ids, cross_validated(held_out)[0], strict=True))
    rows, shown, hits, near = [], set(), 0, 0
    for recording in recordings:
        prediction = dict(zip(GENRES, predictions[recording["clip_id"]], strict=True))
        ranked = sorted(GENRES, key=lambda genre: -prediction[genre])[:3]
        hits += ranked[0] == recording["genre"]
        near += recording["genre"] in ranked
        if recording["package"] not in shown:
            shown.add(recording["package"])
            file_name = Path(recording["path_in_package"]).name
            top = ", ".join(f"{genre} {prediction[genre]:.2f}" for genre in ranked)
            mark = "hit" if ranked[0] == recording["genre"] else "miss"
            rows.append((f"{recording['package']}: {file_name}", recording["genre"], top, mark))
    listed = table(("recording", "label", "top 3", ""), rows)
    count = len(recordings)
    return (
        f"{listed}\n\nThe first recording of each package; over all {count} recordings the first "
        f"genre is the label's for {hits}, and one of the first three for {near}."
    )


def _pictures(name: str) -> str:
    kinds = {"reliability": "Reliability diagram", "confusion": "Confusion matrix"}
    return "\n\n".join(
        f"![{title} of {name}](docs/pictures/{name}.{kind}.svg)" for kind, title in kinds.items()
    )


BLOCKS: dict[str, Callable[[str], str]] = {
    "ablation": tables.ablation,
    "calibration": tables.calibration,
    "calibration_across": tables.calibration_across,
    "candidates": tables.candidates,
    "fma_tracks": tables.fma_tracks,
    "genres": tables.by_genre,
    "leaderboard": lambda _: leaderboard_tables.summary(),
    "leaderboard_calibrated": lambda _: leaderboard_tables.scores("calibrated"),
    "leaderboard_costs": lambda _: leaderboard_tables.costs(),
    "leaderboard_published": lambda _: leaderboard_tables.published(),
    "leaderboard_raw": lambda _: leaderboard_tables.scores("raw"),
    "origins": lambda name: tables.origins(heldout.read(heldout.path_of(places.RESULTS, name))),
    "pictures": _pictures,
    "priors": tables.priors,
    "recordings": _recordings,
    "scores": tables.scores,
    "sources": tables.by_source,
    "sources_left_out": tables.sources_left_out,
    "training": _training,
    "weights": _weights,
    "worst": tables.worst,
}
"""Text of a block by its name, from the name of a system; leaderboards are of all systems."""
