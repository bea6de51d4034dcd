"""One run: what is finished is kept in the journal, and the table is written from it.

The table comes from the journal alone, whether a clip was classified now or before an interruption,
so that its bytes are the same either way.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeVar

from model import __version__
from model.clips import Clip, Found, Notice, printable
from model.decoding.pool import DecoderPool
from model.files import AtomicFile
from model.frontends.spectrogram import FrontEnd
from model.options import EMBEDDING, THUMBNAIL, WINDOWS, Options
from model.outputs import formats, submission, table
from model.results import Result
from model.run import pipeline
from model.run.journal import Journal
from model.systems import cards
from model.systems.base import Execution, System
from model.systems.cards import Card

log = logging.getLogger(__name__)
T = TypeVar("T")

_PACKAGES = (
    "tensorflow",
    "tensorflow-cpu",
    "numpy",
    "scipy",
    "soundfile",
    "soxr",
    "av",
    "miniaudio",
)
"""Libraries whose versions may change a result."""

Show = Callable[[Iterable[T], int], Iterable[T]]


@dataclass(frozen=True)
class Stop:
    """A wish to end early.

    Attributes:
        wanted: set when the run shall end.
        reasons: why, the first counts.
    """

    wanted: threading.Event = field(default_factory=threading.Event)
    reasons: list[str] = field(default_factory=list)

    def ask(self, reason: str) -> None:
        """End the run soon."""
        self.reasons.append(reason)
        self.wanted.set()


@dataclass
class Summary:
    """What a run came to.

    Attributes:
        predicted: rows by the model.
        unpredicted: rows with the prior.
        named: for each reason of the errors file how many clips there were, and the first few.
    """

    predicted: int = 0
    unpredicted: int = 0
    named: dict[str, tuple[int, list[Clip]]] = field(default_factory=dict)

    def note(self, reason: str, clip: Clip) -> None:
        """Count a line of the errors file."""
        count, clips = self.named.get(reason, (0, []))
        self.named[reason] = (count + 1, clips if len(clips) > _NAMED else [*clips, clip])


_NAMED = 5


def card(options: Options) -> Card:
    """The card of the system that was asked for, with the calibration that was asked for.

    Raises:
        CardError: there is no such system.
    """
    return cards.read(options.system, options.weights_folder).choosing(options.calibration)


def keep(options: Options, card: Card) -> frozenset[str]:
    """What the journal must keep of each clip beside its posterior; only spectrograms are pictured.

    Both the journal and the pipeline have to be told.
    """
    wanted = {
        WINDOWS: options.per_window or options.report,
        EMBEDDING: options.embeddings,
        THUMBNAIL: options.report and isinstance(card.front_end, FrontEnd),
    }
    return frozenset(name for name, asked in wanted.items() if asked)


def classify(
    options: Options,
    found: Found,
    system: System,
    card: Card,
    execution: Execution,
    journal: Journal,
    stop: Stop,
    show: Show[None],
) -> None:
    """Classify the clips that the journal does not have yet, or as many as there is time for.

    Raises:
        EmbeddingError: embeddings were asked for, and the system has none.
        JournalError: the journal cannot be written.
    """
    indices = journal.unfinished()
    if len(indices) < len(found.clips):
        done = len(found.clips) - len(indices)
        log.info("%d of %d clips are in the journal already", done, len(found.clips))
    if not indices:
        return

    def journalled() -> Iterator[None]:
        with DecoderPool(system.front_end, min(options.workers, len(indices))) as pool:
            predictions = pipeline.predict(
                [found.clips[index] for index in indices],
                system,
                card.calibration,
                execution,
                pool,
                arrays=keep(options, card),
                stop=stop.wanted,
            )
            for index, prediction in zip(indices, predictions, strict=False):
                journal.add(index, prediction)
                yield

    for _ in show(journalled(), len(indices)):
        pass


def write_table(options: Options, found: Found, results: Iterable[Result]) -> Summary:
    """Write the submission and its errors file.

    Raises:
        OutputError: they cannot be written.
    """
    summary = Summary()
    beside = submission.errors_path(options.output)
    with AtomicFile(options.output) as file, AtomicFile(beside) as errors:
        for clip in found.duplicates:
            notice = Notice("duplicate", "another clip has this file_id and the row")
            errors.write(_error_line(clip, notice, "none"))
            summary.note(notice.reason, clip)

        def rows() -> Iterator[formats.Row]:
            for one in results:
                for notice in one.notices:
                    errors.write(
                        _error_line(one.clip, notice, "model" if one.predicted else "prior")
                    )
                    summary.note(notice.reason, one.clip)
                summary.predicted += one.predicted
                summary.unpredicted += not one.predicted
                yield table.row(one, options.min_confidence)

        columns = table.columns(options.min_confidence)
        form = options.format or formats.of(options.output)
        formats.append(file, form, columns, rows())
    if not summary.named:
        beside.unlink(missing_ok=True)
    return summary


def fingerprint(card: Card, options: Options) -> dict[str, Any]:
    """Everything that changes a clip's entry in the journal; the prior does not."""
    return {
        "journal": 3,
        "program": __version__,
        "packages": {name: _version(name) for name in _PACKAGES},
        "card": {**asdict(card), "training": None, "validation": None},
        "device": options.device,
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _error_line(clip: Clip, notice: Notice, row: str) -> str:
    return submission.error_line(
        file_id=clip.file_id,
        reason=notice.reason,
        detail=notice.detail,
        row=row,
        path=printable(clip.path),
    )
