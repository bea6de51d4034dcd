"""Renders the generated blocks of the documents; ``python -m training document`` runs it.

A block begins with ``<!-- generated: NAME -->``, or ``<!-- generated: NAME SYSTEM -->`` for another
system than the default, and ends with ``<!-- end -->``. Text outside of blocks is not changed. All
figures come from cards, from ``training/results``, and from ``tests/recordings.tsv``.
"""

import re
from typing import Final

from model import systems
from training.documents import files, leaderboard_tables, system_tables

DOCUMENTS: Final = (
    "README.md",
    "MODEL_CARD.md",
    "docs/evaluation.md",
    "docs/leaderboard.md",
    "docs/probabilities.md",
    "docs/recordings.md",
)
_BLOCK: Final = re.compile(r"(<!-- generated: (\w+)(?: (\w+))? -->\n).*?(<!-- end -->)", re.DOTALL)


def renew(check: bool = False) -> list[str]:
    """Write the documents that are out of date, and return their names.

    Args:
        check: only return the names.

    Raises:
        KeyError, DatasetError, CardError, CostsError: as ``rendered``.
    """
    outdated = []
    for name in DOCUMENTS:
        path = files.ROOT / name
        if files.write_changed(path, rendered(path.read_text(encoding="utf-8")), check):
            outdated.append(name)
    return outdated


def rendered(text: str) -> str:
    """A document with all of its generated blocks renewed.

    Raises:
        KeyError: a block has an unknown name.
        CardError: a system has no card.
        CostsError: the file of costs is damaged.
        DatasetError: a system was not evaluated or has no held-out logits.
    """
    return _BLOCK.sub(lambda match: f"{match[1]}{_block(match[2], match[3])}\n{match[4]}", text)


def _block(name: str, system: str | None) -> str:
    if name in leaderboard_tables.BLOCKS:
        return leaderboard_tables.BLOCKS[name]()
    return system_tables.BLOCKS[name](system or systems.DEFAULT)
