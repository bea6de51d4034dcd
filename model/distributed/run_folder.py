"""The folder of a distributed run, from which the same command resumes.

Content of the folder:

- ``run.json``: everything that the predictions depend on. A run with other values is refused.
- ``blocks/N.jsonl``: the finished block N, one journal record (``model.run.journal``) for each of
  its clips, in their order. A block is finished when its file has an intact record for each clip.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from model.clips import Clip
from model.distributed.blocks import BLOCKS, Block
from model.distributed.storage import Folder, in_store
from model.errors import GenreError
from model.outputs.formats import in_groups
from model.results import Prediction, hash_texts
from model.run.journal import decode_prediction, decode_record, is_valid

RUN: Final = "run.json"
_FORMAT: Final = "blocks_format"


def split_into_blocks(clips: Sequence[Clip], size: int) -> list[Block]:
    """Blocks of ``size`` clips with absolute paths; the last block may be smaller."""
    absolute = (
        clip if in_store(clip.path) else Clip(clip.file_id, os.path.abspath(clip.path))  # noqa: PTH100
        for clip in clips
    )
    return [Block(number, tuple(group)) for number, group in enumerate(in_groups(absolute, size))]


def describe_run(
    blocks: Sequence[Block], fingerprint: Mapping[str, object], size: int
) -> dict[str, Any]:
    """Everything that the content of the blocks depends on, as json values.

    Args:
        blocks: all blocks of the run.
        fingerprint: everything that changes a clip's prediction, as json values.
        size: clips of a block.
    """
    clips = [clip for block in blocks for clip in block.clips]
    return {
        _FORMAT: 1,
        "clips": len(clips),
        "ids": hash_texts(clip.file_id for clip in clips),
        "paths": hash_texts(clip.path for clip in clips),
        "block": size,
        **fingerprint,
    }


@dataclass(frozen=True)
class RunFolder:
    """The finished blocks of a run.

    Attributes:
        folder: folder of the run.
        blocks: all blocks of the run, finished or not.
        description: result of ``describe_run``.
    """

    folder: Folder
    blocks: Sequence[Block]
    description: Mapping[str, Any]

    def open(self, resume: bool) -> None:
        """Check that the folder's content belongs to this run, or begin a new run there.

        Args:
            resume: whether finished blocks count; otherwise they are deleted.

        Raises:
            GenreError: the content belongs to another run or to no run.
            GenreError: the folder cannot be read or written.
        """
        self.folder.prepare()
        earlier = self._earlier_description()
        if earlier and resume:
            self._compare(earlier)
            return
        if earlier:
            self.folder.remove(BLOCKS)
        elif self.folder.names(BLOCKS):
            raise GenreError(
                f"{self.folder.name}: has files in {BLOCKS}, but no {RUN} of a run that wrote "
                "them; choose another folder"
            )
        self.folder.write(RUN, json.dumps(self.description, indent=1).encode() + b"\n")

    def unfinished(self) -> list[Block]:
        """Blocks whose file is missing or damaged, in order.

        Raises:
            GenreError: the folder cannot be read.
        """
        names = set(self.folder.names(BLOCKS))
        return [
            block
            for block in self.blocks
            if block.name not in names or self._records(block) is None
        ]

    def predictions(self) -> Iterator[Prediction]:
        """The prediction of each clip in the order of the blocks.

        Raises:
            GenreError: the file of a block is missing or damaged.
            GenreError: the folder cannot be read.
        """
        for block in self.blocks:
            records = self._records(block)
            if records is None:
                raise GenreError(
                    f"{self.folder.name}/{BLOCKS}/{block.name}: missing or damaged; run the same "
                    "command again, which computes this block again"
                )
            yield from map(decode_prediction, records)

    def _records(self, block: Block) -> list[dict[str, Any]] | None:
        """The records of a block, or None where its file is missing or damaged."""
        content = self.folder.read(f"{BLOCKS}/{block.name}") or b""
        decoded = map(decode_record, content.splitlines(keepends=True))
        records = [fields for fields in decoded if fields and is_valid(fields)]
        return records if len(records) == len(block.clips) == content.count(b"\n") else None

    def _earlier_description(self) -> dict[str, Any]:
        """The description of the run that wrote the folder; empty for a folder without a run."""
        content = self.folder.read(RUN)
        if content is None:
            return {}
        try:
            description = json.loads(content)
        except ValueError:
            description = None
        if not isinstance(description, dict) or _FORMAT not in description:
            raise GenreError(
                f"{self.folder.name}/{RUN}: damaged, or not of a run; choose another folder"
            )
        return description

    def _compare(self, earlier: Mapping[str, Any]) -> None:
        own = json.loads(json.dumps(self.description))
        names = sorted(n for n in {*earlier, *own} if earlier.get(n) != own.get(n))
        if names:
            raise GenreError(
                f"{self.folder.name}: holds the work of another run, with other "
                f"{', '.join(names)}; choose another folder, or add --no-resume to delete that "
                "work and begin anew"
            )
