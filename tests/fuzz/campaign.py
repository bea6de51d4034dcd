"""Run recipes through the real decoding processes and judge what comes back."""

import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from model import systems
from model.clips import LONGEST_SECONDS
from model.decoding.pool import Decoded, DecoderPool
from model.systems import cards
from model.workers.pool import Limits
from tests.conftest import ROOT
from tests.fuzz import measured
from tests.fuzz.mutations import Recipe, mutant

FRONT_END = cards.read(systems.DEFAULT, systems.WEIGHTS_FOLDER).spectrogram
MOST_MEGABYTES = 1000
"""Peak memory of a decoding process or of a decoder apart; libraries alone are about 150 MB."""

_CLIP_SECONDS = 30.0
_BATCH = 500
_MOST_FRAMES = FRONT_END.frames(round(LONGEST_SECONDS * FRONT_END.sample_rate) + 1)
_FINDINGS = frozenset({"crash", "timeout", "failure", "memory"})
"""Reasons that keep one clip from harming others, but that no file should be able to cause."""


@dataclass(frozen=True)
class Finding:
    """A mutant with which something is wrong."""

    recipe: Recipe
    what: str


@dataclass
class Summary:
    """What a campaign gave.

    Attributes:
        mutants: number of answers.
        reasons: how many mutants have each reason; "ordinary" for none, "row" for a spectrogram.
        slowest: CPU milliseconds and recipe of the dearest mutant.
        megabytes: peak memory of a decoding process.
        contained: how often a second or third decoder crashed or hung in its own process.
        findings: mutants with which something is wrong.
    """

    mutants: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    slowest: tuple[int, Recipe | None] = (0, None)
    megabytes: int = 0
    contained: int = 0
    findings: list[Finding] = field(default_factory=list)

    def add(self, recipe: Recipe, answer: Decoded) -> None:
        """Count and judge one answer."""
        self.mutants += 1
        milliseconds, megabytes, deaths = measured.cost(answer.notices)
        if milliseconds > self.slowest[0]:
            self.slowest = (milliseconds, recipe)
        self.megabytes = max(self.megabytes, megabytes)
        reasons = {notice.reason for notice in answer.notices} - {measured.REASON}
        self.reasons.update(reasons or {"ordinary"})
        self.contained += deaths
        if answer.frames is not None:
            self.reasons["row"] += 1
        self.findings += [Finding(recipe, what) for what in wrong(answer)]


def vocabulary() -> frozenset[str]:
    """The reasons that docs/errors.md explains."""
    text = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    return frozenset(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))


def wrong(answer: Decoded) -> Iterator[str]:
    """What is not as it should be with an answer."""
    known = vocabulary() | {measured.REASON}
    for notice in answer.notices:
        if notice.reason in _FINDINGS or notice.reason not in known or not notice.detail:
            yield f"{notice.reason}: {notice.detail}"
    if measured.cost(answer.notices).megabytes > MOST_MEGABYTES:
        yield f"more than {MOST_MEGABYTES} MB"
    if answer.frames is None:
        if not answer.notices:
            yield "no spectrogram and no reason why"
    elif answer.frames.dtype != np.float16 or not np.isfinite(answer.frames).all():
        yield "the spectrogram is not of finite float16"
    elif not 1 <= len(answer.frames) <= _MOST_FRAMES:
        yield f"the spectrogram has {len(answer.frames)} frames"


def run(recipes: Sequence[Recipe], workers: int, seconds: float = float("inf")) -> Summary:
    """Decode the mutants of recipes; ends early, after a batch, when the time is over."""
    summary, end = Summary(), time.monotonic() + seconds
    limits = Limits(seconds=_CLIP_SECONDS)
    for start in range(0, len(recipes), _BATCH):
        batch = recipes[start : start + _BATCH]
        if time.monotonic() > end:
            break
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder, f"{number}.mp3") for number in range(len(batch))]
            for path, recipe in zip(paths, batch, strict=True):
                path.write_bytes(mutant(recipe))
            with DecoderPool(FRONT_END, workers, limits, measured.__name__) as pool:
                answers = pool.map([str(path) for path in paths], 2 * workers)
                for recipe, answer in zip(batch, answers, strict=True):
                    summary.add(recipe, answer)
    return summary
