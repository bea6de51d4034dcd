"""What is finished of a run on many machines, so that the same command goes on after anything.

Layout of the folder of a run:

- ``run.json``: what the rows depend on. Another value makes the rest worthless.
- ``rows/N.parquet``: the posteriors of a block's clips under the training clips' class mix.
- ``errors/N.parquet``: what was odd about them; missing where nothing was.
- ``finished/N.json``: the receipt: block N is done, and these are the hashes of its files.

Only the process that was started writes receipts, and only after an actor has written the files.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from model.clips import Clip
from model.distributed.blocks import ERRORS, ROWS, Block, Receipt, entries
from model.distributed.places import Folder, in_store
from model.errors import GenreError
from model.outputs.formats import in_groups
from model.probabilities.calibration import Vector
from model.results import Prediction, Result, hash_ids
from model.run.results import make_result

FINISHED: Final = "finished"
RUN: Final = "run.json"
_VERSION: Final = "manifest"


class ManifestError(GenreError):
    """The folder holds another run's work; the message says what differs and what to do."""


def blocks(clips: Sequence[Clip], size: int) -> list[Block]:
    """Clips in blocks of ``size``, the last one smaller; their paths are made absolute."""
    ready = (
        clip if in_store(clip.path) else Clip(clip.file_id, os.path.abspath(clip.path))  # noqa: PTH100
        for clip in clips
    )
    return [Block(number, tuple(group)) for number, group in enumerate(in_groups(ready, size))]


def described(
    parts: Sequence[Block], fingerprint: Mapping[str, object], size: int
) -> dict[str, Any]:
    """What the rows of a run depend on, as json values."""
    paths = hashlib.sha256()
    for block in parts:
        for clip in block.clips:
            paths.update(os.fsencode(clip.path) + b"\0")
    return {
        _VERSION: 1,
        "clips": sum(len(block.clips) for block in parts),
        "ids": hash_ids(clip for block in parts for clip in block.clips),
        "paths": paths.hexdigest(),
        "block": size,
        **fingerprint,
    }


@dataclass(frozen=True)
class Manifest:
    """The finished blocks of a run.

    Attributes:
        folder: of the run.
        blocks: all of it.
        described: what the rows depend on.
    """

    folder: Folder
    blocks: Sequence[Block]
    described: Mapping[str, Any]

    def open(self, resume: bool) -> None:
        """See whose work the folder holds, and begin where it holds none.

        Args:
            resume: go on from there; else begin anew.

        Raises:
            ManifestError: it is another run's.
            PlaceError: the folder cannot be read or written.
        """
        self.folder.prepare()
        known = self._known()
        if known and resume:
            self._compare(known)
            return
        names = (FINISHED, ROWS, ERRORS)  # receipts first: no file without them counts
        for name in names:
            if known:
                self.folder.remove(name)
            elif self.folder.names(name):
                raise ManifestError(
                    f"{self.folder.name}: has files in {name}, but no {RUN} of a run that wrote "
                    "them; choose another folder"
                )
        self.folder.write(RUN, json.dumps(self.described, indent=1).encode() + b"\n")

    def unfinished(self) -> list[Block]:
        """Blocks without a receipt, in order.

        Raises:
            PlaceError: the folder cannot be read.
        """
        done = set(self.folder.names(FINISHED))
        return [block for block in self.blocks if f"{block.name}.json" not in done]

    def add(self, receipt: Receipt) -> None:
        """Note that a block is finished.

        Raises:
            PlaceError: the folder cannot be written.
        """
        name = self.blocks[receipt.number].name
        self.folder.write(f"{FINISHED}/{name}.json", json.dumps(asdict(receipt)).encode() + b"\n")

    def receipt(self, block: Block) -> Receipt:
        """The receipt of a finished block.

        Raises:
            ManifestError: it is missing or damaged.
            PlaceError: it cannot be read.
        """
        name = f"{FINISHED}/{block.name}.json"
        try:
            return Receipt(**json.loads(self.folder.read(name) or b""))
        except (ValueError, TypeError):
            raise ManifestError(
                f"{self.folder.name}/{name}: missing or damaged; delete it and run the same "
                "command again"
            ) from None

    def _known(self) -> dict[str, Any]:
        """What the rows in the folder depend on; nothing where no run wrote any."""
        content = self.folder.read(RUN)
        if content is None:
            return {}
        try:
            known = json.loads(content)
        except ValueError:
            known = None
        if not isinstance(known, dict) or _VERSION not in known:
            raise ManifestError(
                f"{self.folder.name}/{RUN}: damaged, or not of a run; choose another folder"
            )
        return known

    def _compare(self, known: Mapping[str, Any]) -> None:
        wanted = json.loads(json.dumps(self.described))
        names = sorted(n for n in {*known, *wanted} if known.get(n) != wanted.get(n))
        if names:
            raise ManifestError(
                f"{self.folder.name}: holds the work of another run, with other "
                f"{', '.join(names)}; choose another folder, or give --no-resume to delete that "
                "work and begin anew"
            )


@dataclass(frozen=True)
class Results:
    """The results of a finished run in the order of its clips, read block by block.

    Attributes:
        manifest: all of whose blocks are finished.
        clips: as the person named them.
        training_prior: class mix behind the posteriors, shape [16].
        prior: class mix that is expected, shape [16].
    """

    manifest: Manifest
    clips: Sequence[Clip]
    training_prior: Vector
    prior: Vector

    def __iter__(self) -> Iterator[Result]:
        """Raises ``ManifestError``, ``BlockError`` or ``PlaceError`` where files are damaged."""
        for clip, entry in zip(self.clips, self._entries(), strict=True):
            yield make_result(clip, entry, self.training_prior, self.prior)

    def _entries(self) -> Iterator[Prediction]:
        for block in self.manifest.blocks:
            yield from entries(self.manifest.folder, block, self.manifest.receipt(block))
