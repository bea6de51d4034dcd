"""How much answers change with the bandwidth, bit rate, channels and sample rate of a file.

Takes full-band recordings, best true clips of FMA (44.1 kHz, stereo). Each is written anew in
several ways, and every system classifies all files. The page counts how often the most likely genre
stays the same as that of the file as it is, and how much probability moves to other genres. Above a
limit of changes between full band and 16 kHz low pass the exit code is 1.
"""

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring import Report, markdown_table
from model import systems
from model.systems import cards

if TYPE_CHECKING:
    from training.data.dataset import ClipTable

Samples = NDArray[np.float32]
"""Audio, shape [samples, channels]."""


@dataclass(frozen=True)
class Variant:
    """A way to write a clip anew.

    Attributes:
        low_pass: highest frequency that is kept in Hz, 0 for all.
        rate: sample rate in Hz, 0 for that of the clip.
        mono: whether the channels are mixed into one.
        kbit: constant bit rate of an mp3 in kbit/s, 0 for samples as they are.
    """

    low_pass: int = 0
    rate: int = 0
    mono: bool = False
    kbit: int = 0


BAND_16_KHZ: Final = "16 kHz low pass"
VARIANTS: Final[Mapping[str, Variant]] = {
    BAND_16_KHZ: Variant(low_pass=16_000),
    "10 kHz low pass": Variant(low_pass=10_000),
    "mono": Variant(mono=True),
    "mp3 320 kbit/s": Variant(kbit=320),
    "mp3 128 kbit/s": Variant(kbit=128),
    "mp3 64 kbit/s": Variant(kbit=64),
    "48 kHz": Variant(rate=48_000),
    "22.05 kHz": Variant(rate=22_050),
    "16 kHz": Variant(rate=16_000),
    "8 kHz": Variant(rate=8_000),
}
LIMITS: Final = {"ours": 0.95, "others": 0.90}
"""Least share of clips whose most likely genre survives ``BAND_16_KHZ``."""

_LOWEST_KBIT, _HIGHEST_KBIT = 32, 320
"""Range of libsndfile's compression level for MPEG-1, from 1 to 0."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the measurement."""
    parser.add_argument("--data", type=Path, required=True, help="folder that holds clips.csv")
    parser.add_argument("--source", default="fma", help="source of the clips (default: fma)")
    parser.add_argument("--systems", help="names, joined by commas (default: all that listen)")


def measure(args: argparse.Namespace) -> Report:
    """Measure all systems."""
    import model
    from training.architectures.systems import FUSION
    from training.data.dataset import read_table

    table = read_table(args.data / "clips.csv")
    names = args.systems.split(",") if args.systems else _listening()
    rows, problems = [], []
    with tempfile.TemporaryDirectory() as folder:
        files = _written(table, args.source, Path(folder))
        if not files:
            return Report("", problem=f"{args.data}: no clip has the source {args.source!r}")
        flat = [path for paths in files.values() for path in paths]
        for name in names:
            with model.load(name, prior="fma", device="cpu") as classifier:
                found = classifier.predict(list(map(str, flat)), any_audio=True)
                ours = classifier.card.architecture == FUSION
            probabilities = found.to_numpy(np.float64).reshape(len(files), -1, found.shape[1])
            cells = {
                variant: compare(probabilities[0], changed)
                for variant, changed in zip(list(files)[1:], probabilities[1:], strict=True)
            }
            rows.append((name, *(f"{same:.0%}, {moved:.2f}" for same, moved in cells.values())))
            print(*rows[-1], flush=True)
            limit = LIMITS["ours" if ours else "others"]
            if cells[BAND_16_KHZ][0] < limit:
                problems.append(
                    f"{name}: {cells[BAND_16_KHZ][0]:.0%} at {BAND_16_KHZ}, not {limit:.0%}"
                )
    count = len(next(iter(files.values())))
    return Report(_page(rows, count, args.source), problem="; ".join(problems))


def compare(before: NDArray[np.float64], after: NDArray[np.float64]) -> tuple[float, float]:
    """Share of clips with the same most likely genre, and mean share of probability that moves.

    Args:
        before: probabilities, shape [clips, 16].
        after: probabilities of the same clips written anew.
    """
    same = (before.argmax(axis=1) == after.argmax(axis=1)).mean()
    return float(same), float(np.abs(before - after).sum(axis=1).mean() / 2)


def rewritten(samples: Samples, rate: int, variant: Variant) -> tuple[Samples, int]:
    """Samples and sample rate of a variant; the bit rate is up to ``write``."""
    import soxr

    if variant.mono:
        samples = samples.mean(axis=1, keepdims=True)
    if variant.low_pass:
        narrow = soxr.resample(samples, rate, 2 * variant.low_pass, quality="VHQ")
        samples = soxr.resample(narrow, 2 * variant.low_pass, rate, quality="VHQ")
    if variant.rate:
        samples, rate = soxr.resample(samples, rate, variant.rate, quality="VHQ"), variant.rate
    return samples, rate


def write(path: Path, samples: Samples, rate: int, kbit: int) -> None:
    """Write samples as mp3 of a constant bit rate, or as they are for 0 kbit/s."""
    import soundfile

    if not kbit:
        soundfile.write(path, samples, rate, format="WAV", subtype="FLOAT")
        return
    level = (_HIGHEST_KBIT - kbit) / (_HIGHEST_KBIT - _LOWEST_KBIT)
    soundfile.write(
        path, samples, rate, format="MP3", bitrate_mode="CONSTANT", compression_level=level
    )


def _listening() -> list[str]:
    from training.evaluation import baselines

    found = [cards.read(name, systems.WEIGHTS_FOLDER) for name in systems.summaries()]
    return [card.name for card in found if card.architecture not in baselines.ARCHITECTURES]


def _written(table: "ClipTable", source: str, folder: Path) -> dict[str, list[Path]]:
    """Files of each variant, the clips as they are first; empty without clips of the source."""
    import soundfile

    chosen = [path for path, own in zip(table.files, table.sources, strict=True) if own == source]
    if not chosen:
        return {}
    files: dict[str, list[Path]] = {"as it is": chosen} | {name: [] for name in VARIANTS}
    for number, path in enumerate(chosen):
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        for place, (name, variant) in enumerate(VARIANTS.items()):
            target = folder / f"{place}_{number}.mp3"
            write(target, *rewritten(samples, rate, variant), variant.kbit)
            files[name].append(target)
    return files


def _page(rows: Sequence[Sequence[str]], clips: int, source: str) -> str:
    table = markdown_table(("system", *VARIANTS), rows)
    return f"""# Answers and the coding of a file

You want to know whether a system's answer depends on how a file was coded. Made by
`python -m benchmarks robustness --data DATA`, from {clips} clips of the source {source}, mp3s with
the full bandwidth of their recordings.

Each cell: share of clips whose most likely genre is that of the file as it is, and mean share of
the probability that moves to other genres (half of the sum of absolute differences, under the
prior `fma`).

{table}

The training clips end at 10 kHz. Every front end therefore treats what is above as silence
(`band_limit_hz` in the card of a system). What a file loses below 10 kHz, at a sample rate of
8 kHz for instance, still changes answers.
"""
