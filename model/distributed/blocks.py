"""Blocks of clips, and their classification by one actor of the cluster.

An actor loads the network and starts its worker processes once. It writes each finished block into
the run's folder as one file of journal records (``model.run.journal``).
"""

import json
import tempfile
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

from model import systems
from model.clips import Clip
from model.decoding.pool import DecoderPool
from model.distributed.fetching import Fetched
from model.distributed.storage import Folder
from model.errors import GenreError
from model.options import Options
from model.results import Prediction
from model.run import identity, pipeline
from model.run.journal import encode_record
from model.systems.base import Execution

BLOCKS: Final = "blocks"
"""Subfolder of a run's folder that holds the files of finished blocks."""


@dataclass(frozen=True)
class Block:
    """Clips that one actor classifies in one call.

    Attributes:
        number: index of the block in the run.
        clips: clips in the order of the table, with paths that every machine can open.
    """

    number: int
    clips: tuple[Clip, ...]

    @property
    def name(self) -> str:
        """Name of the block's file in the subfolder ``BLOCKS``; names sort as numbers do."""
        return f"{self.number:08d}.jsonl"

    def packed(self) -> str:
        """The block as ASCII text, whatever bytes the names of its clips contain."""
        return json.dumps([self.number, [[clip.file_id, clip.path] for clip in self.clips]])

    @classmethod
    def unpacked(cls, text: str) -> "Block":
        """The block that ``packed`` turned into text."""
        number, clips = json.loads(text)
        return cls(number, tuple(Clip(*clip) for clip in clips))


@dataclass(frozen=True)
class Job:
    """What all actors of a run need to know.

    Attributes:
        options: options of the run.
        folder: address of the folder to write to.
        fingerprint: result of ``identity.fingerprint`` on the machine that started the run.
        threads: CPUs of an actor.
        decoder: module that the worker processes of an actor use to decode.
    """

    options: Options
    folder: str
    fingerprint: dict[str, Any]
    threads: int
    decoder: str = "model.decoding.worker"


class BlockClassifier:
    """Classifies blocks with a network and worker processes that serve all of them.

    Args:
        job: the run's job.

    Raises:
        GenreError: this machine has other versions than the machine that started the run.
        CardError: this machine lacks the system or its weights.
    """

    def __init__(self, job: Job) -> None:
        card = identity.read_card(job.options)
        own = json.loads(json.dumps(identity.fingerprint(card, job.options)))
        if own != job.fingerprint:
            names = ", ".join(sorted(n for n in own if own[n] != job.fingerprint.get(n)))
            raise GenreError(
                f"a machine of the cluster differs from this one in: {names}; install the same "
                "files and packages on all machines"
            )
        execution = Execution(
            job.options.device, job.threads, job.options.batch_size, job.options.runtime
        )
        system = systems.load(card, systems.WEIGHTS_FOLDER)
        system = replace(system, connect=cache(system.connect))
        system.connect(execution)
        pool = DecoderPool(system.front_end, job.threads, decoder=job.decoder)
        self._predict = partial(
            pipeline.predict,
            system=system,
            calibration=card.calibration,
            execution=execution,
            pool=pool,
        )
        self._folder = Folder(job.folder)

    def __call__(self, block: Block) -> None:
        """Classify a block and write its file.

        Raises:
            GenreError: worker processes do not start, an object store does not respond, or the
                folder cannot be written.
        """
        lines = []
        with (
            tempfile.TemporaryDirectory(prefix="clips") as folder,
            Fetched(block.clips, Path(folder)) as fetched,
        ):
            predictions = self._predict(block.clips, paths=fetched)
            for index, (clip, prediction) in enumerate(zip(block.clips, predictions, strict=True)):
                fetched.release(index)
                if denied := fetched.refused.get(index):
                    prediction = Prediction(None, (denied,))
                lines.append(encode_record(clip.path, prediction))
        self._folder.write(f"{BLOCKS}/{block.name}", b"".join(lines))
