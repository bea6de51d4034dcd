"""What an actor does: a block of clips in, files of rows and notices out, and a receipt for them.

Actors are told all they need when they are made, and load the network once.
"""

import hashlib
import io
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from model import systems
from model.clips import Clip, Notice, printable
from model.decoding.pool import DecoderPool
from model.distributed.fetching import Fetched
from model.distributed.places import Folder
from model.errors import GenreError
from model.genres import GENRES
from model.options import Options
from model.results import Prediction
from model.run import identity, pipeline
from model.systems.base import Execution

ROWS: Final = "rows"
ERRORS: Final = "errors"
_ERROR_COLUMNS: Final = ("file_id", "reason", "detail", "row", "path")


class BlockError(GenreError):
    """A block cannot be done, or is not what its receipt says; the message says why."""


@dataclass(frozen=True)
class Block:
    """Some clips that are done together.

    Attributes:
        number: its place among the blocks of the run.
        clips: in the order of the table, with paths that every machine understands.
    """

    number: int
    clips: tuple[Clip, ...]

    @property
    def name(self) -> str:
        """Of its files, without a suffix; the names sort as the blocks do."""
        return f"{self.number:08d}"

    def packed(self) -> str:
        """As text of ASCII, which holds file names of any bytes."""
        return json.dumps([self.number, [[clip.file_id, clip.path] for clip in self.clips]])

    @classmethod
    def unpacked(cls, text: str) -> "Block":
        """The block of a text."""
        number, clips = json.loads(text)
        return cls(number, tuple(Clip(*clip) for clip in clips))


@dataclass(frozen=True)
class Receipt:
    """What a finished block left behind.

    Attributes:
        number: of the block.
        clips: how many there are.
        files: hash of each file in hexadecimal, by its name in the folder of the run.
    """

    number: int
    clips: int
    files: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """What all actors of a run must know.

    Attributes:
        options: of the run.
        folder: where to write.
        fingerprint: what ``identity.fingerprint`` says where the run was started.
        threads: processors of an actor.
        decoder: module that decodes, in processes of its own.
    """

    options: Options
    folder: str
    fingerprint: dict[str, Any]
    threads: int
    decoder: str = "model.decoding.worker"


class BlockClassifier:
    """Classifies blocks.

    Args:
        job: what to do.

    Raises:
        BlockError: this machine has other versions than the one that started the run.
        CardError: this machine lacks the system or its weights.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._card = identity.read_card(job.options)
        here = json.loads(json.dumps(identity.fingerprint(self._card, job.options)))
        if here != job.fingerprint:
            names = ", ".join(sorted(n for n in here if here[n] != job.fingerprint.get(n)))
            raise BlockError(
                f"a machine of the cluster differs from this one in: {names}; give all of them "
                "the same files and packages"
            )
        self._system = systems.load(self._card, job.options.weights_folder)
        self._execution = Execution(job.options.device, job.threads, job.options.batch_size)
        self._system = replace(self._system, connect=cache(self._system.connect))
        self._system.connect(self._execution)
        self._folder = Folder(job.folder)

    def __call__(self, block: Block) -> Receipt:
        """Classify a block and write its files.

        Raises:
            WorkerError: decoding processes do not start.
            FetchError: a store does not answer.
            PlaceError: the folder cannot be written.
        """
        predictions = list(self._predictions(block.clips))
        files = {f"{ROWS}/{block.name}.parquet": rows_file(block.clips, predictions)}
        if any(prediction.notices for prediction in predictions):
            files[f"{ERRORS}/{block.name}.parquet"] = _errors(block.clips, predictions)
        for name, content in files.items():
            self._folder.write(name, content)
        hashes = {name: _hash(content) for name, content in files.items()}
        return Receipt(block.number, len(block.clips), hashes)

    def _predictions(self, clips: Sequence[Clip]) -> Iterator[Prediction]:
        job, system = self._job, self._system
        with (
            tempfile.TemporaryDirectory(prefix="clips") as folder,
            DecoderPool(system.front_end, job.threads, decoder=job.decoder) as pool,
        ):
            fetched = Fetched(clips, Path(folder))
            predictions = pipeline.predict(
                clips, system, self._card.calibration, self._execution, pool, paths=fetched
            )
            for index, prediction in enumerate(predictions):
                fetched.release(index)
                if fetched.failure:
                    raise fetched.failure
                refused = fetched.refused.get(index)
                yield Prediction(None, (refused,)) if refused else prediction


def entries(folder: Folder, block: Block, receipt: Receipt) -> Iterator[Prediction]:
    """What is known of the clips of a finished block, in their order.

    Raises:
        BlockError: a file is missing, or is not what was written.
        PlaceError: the folder cannot be read.
    """
    from pyarrow import parquet

    tables = {}
    for name, wanted in receipt.files.items():
        content = folder.read(name)
        if content is None or _hash(content) != wanted:
            what = "missing" if content is None else "not what was written"
            raise BlockError(
                f"{folder.name}/{name}: {what}; delete "
                f"{folder.name}/finished/{block.name}.json and run the same command again"
            )
        tables[name.partition("/")[0]] = parquet.read_table(io.BytesIO(content))
    notices: dict[str, list[Notice]] = {}
    for line in tables[ERRORS].to_pylist() if ERRORS in tables else ():
        notices.setdefault(line["file_id"], []).append(Notice(line["reason"], line["detail"]))
    rows = tables[ROWS].select(list(GENRES)).to_pydict()
    values = zip(*(rows[genre] for genre in GENRES), strict=True)
    for clip, posterior in zip(block.clips, values, strict=True):
        known = None if posterior[0] is None else posterior
        yield Prediction(known, tuple(notices.get(clip.file_id, ())))


def rows_file(clips: Sequence[Clip], predictions: Sequence[Prediction]) -> bytes:
    """The parquet file of a block: ids and posteriors, none of them for a clip without audio."""
    import pyarrow as pa

    columns: dict[str, Any] = {"file_id": pa.array([clip.file_id for clip in clips])}
    for index, genre in enumerate(GENRES):
        cells = [None if p.posterior is None else p.posterior[index] for p in predictions]
        columns[genre] = pa.array(cells, pa.float64())
    return _parquet(pa.table(columns))


def _errors(clips: Sequence[Clip], predictions: Sequence[Prediction]) -> bytes:
    import pyarrow as pa

    lines = [
        (
            clip.file_id,
            notice.reason,
            notice.detail,
            "prior" if prediction.posterior is None else "model",
            printable(clip.path),
        )
        for clip, prediction in zip(clips, predictions, strict=True)
        for notice in prediction.notices
    ]
    cells = zip(*lines, strict=True)
    named = zip(_ERROR_COLUMNS, cells, strict=True)
    return _parquet(pa.table({name: pa.array(column, pa.string()) for name, column in named}))


def _parquet(table: Any) -> bytes:
    from pyarrow import parquet

    content = io.BytesIO()
    parquet.write_table(table, content)
    return content.getvalue()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
