"""``python -m training.document``: write the tables of README.md and MODEL_CARD.md.

Every figure comes from a card, from ``training/results`` or from ``tests/recordings.tsv``. A block
begins with ``<!-- generated: NAME -->`` and ends with ``<!-- end -->``; the rest is left alone.
"""

import argparse
import csv
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from model import cards, systems
from model.cards import Card
from model.genres import GENRES

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = ("README.md", "MODEL_CARD.md")
_BLOCK = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> int:
    """Write the documents, or with ``--check`` say which are out of date; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.document", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, exit with 1 on drift")
    check = parser.parse_args().check
    drifted = []
    for name in DOCUMENTS:
        path = ROOT / name
        before = path.read_text(encoding="utf-8")
        after = rendered(before)
        if after != before:
            drifted.append(name)
            if not check:
                path.write_text(after, encoding="utf-8")
    for name in drifted:
        print(f"{name}: {'out of date; run python -m training.document' if check else 'written'}")
    return int(check and bool(drifted))


def rendered(text: str) -> str:
    """A document with all of its generated blocks renewed.

    Raises:
        KeyError: a block has an unknown name.
    """
    return _BLOCK.sub(lambda m: f"{m[1]}{BLOCKS[m[2]]()}\n{m[3]}", text)


def _default_card() -> Card:
    return cards.read(systems.DEFAULT, systems.WEIGHTS_FOLDER)


def _scores() -> str:
    validation = _default_card().validation
    rows = [
        (name, f"{s['log_loss']:.3f}", f"{s['accuracy']:.3f}", f"{s['macro_f1']:.3f}")
        for name, s in validation["scores"].items()
    ]
    clips = next(iter(validation["scores"].values()))["clips"]
    table = _table(("", "log loss", "accuracy", "macro F1"), rows)
    return f"{table}\n\nn = {clips} clips; {validation['method']}."


def _training() -> str:
    training = _default_card().training
    initial = training["initial_weights"]
    counts = training["clips_of_genre"].items()
    sources = ", ".join(f"{name} {count}" for name, count in training["clips_of_source"].items())
    lines = [
        f"{training['clips']} clips of {training['groups']} artists or other groups "
        f"(table SHA-256 `{training['table_sha256'][:16]}…`).",
        f"Sources: {sources}.",
        "",
        _table(("genre", "clips"), [(name, str(count)) for name, count in counts]),
        "",
        f"Initial weights: {initial['name']}, licence {initial['licence']}, "
        f"SHA-256 `{initial['sha256']}`.",
        f"Teachers (soft targets only): {', '.join(training['teachers']) or 'none'}.",
        f"Seed {training['seed']}, Keras {training['keras']}.",
    ]
    return "\n".join(lines)


def _weights() -> str:
    card = _default_card()
    front_end = card.front_end
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
    ]
    return _table(("", systems.DEFAULT), rows)


def _recordings() -> str:
    """Held-out predictions: the first recording of each package, and the total over all."""
    with (ROOT / "tests" / "recordings.tsv").open(encoding="utf-8", newline="") as file:
        recordings = [row for row in csv.DictReader(file, delimiter="\t") if row["clip_id"]]
    with (ROOT / "training" / "results" / "mobilenet.heldout.csv").open(encoding="utf-8") as file:
        predictions = {row["clip_id"]: row for row in csv.DictReader(file)}
    rows, shown, hits, near = [], set(), 0, 0
    for recording in recordings:
        prediction = predictions[recording["clip_id"]]
        ranked = sorted(GENRES, key=lambda genre: -float(prediction[genre]))[:3]
        hits += ranked[0] == recording["genre"]
        near += recording["genre"] in ranked
        if recording["package"] not in shown:
            shown.add(recording["package"])
            name = Path(recording["path_in_package"]).name
            top = ", ".join(f"{genre} {float(prediction[genre]):.2f}" for genre in ranked)
            mark = "hit" if ranked[0] == recording["genre"] else "miss"
            rows.append((f"{recording['package']}: {name}", recording["genre"], top, mark))
    table = _table(("recording", "label", "top 3", ""), rows)
    count = len(recordings)
    return (
        f"{table}\n\nThe first recording of each package; over all {count} recordings the first "
        f"genre is the label's for {hits}, and one of the first three for {near}."
    )


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    def lines() -> Iterator[str]:
        yield "| " + " | ".join(header) + " |"
        yield "|---" * len(header) + "|"
        for row in rows:
            yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"

    return "\n".join(lines())


BLOCKS: dict[str, Callable[[], str]] = {
    "scores": _scores,
    "training": _training,
    "weights": _weights,
    "recordings": _recordings,
}


if __name__ == "__main__":
    sys.exit(main())
