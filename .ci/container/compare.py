"""Compare a submission that was made in a container with one that was made outside.

    python compare.py OUTSIDE.csv INSIDE.csv

Both must be valid, with the same ids in the same order, probabilities within ``TOLERANCE`` and the
same notes in their errors files. Exits with 1 and says where they part.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from model.outputs.submission import SubmissionError, errors_path, read

TOLERANCE = 1e-5
"""Largest difference between two probabilities.

Spectrograms pass between processes in half precision, whose neighbours are a share of 2**-10 apart.
Where two builds of a library differ in a value's last bit of single precision, it may be rounded to
another neighbour; such values were seen to move a probability by up to 1.1e-6.
"""


def notes(submission: Path) -> Counter[tuple[str, str, str]]:
    """Count (file_id, reason, row) in the errors file of a submission; no file is no note."""
    path = errors_path(submission)
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    entries = [json.loads(line) for line in lines]
    return Counter((entry["file_id"], entry["reason"], entry["row"]) for entry in entries)


def differences(outside: Path, inside: Path) -> Iterator[str]:
    """Tell each difference in a line.

    Raises:
        SubmissionError: one of the tables is not valid, or is missing.
    """
    expected, found = read(outside), read(inside)
    if not expected:
        yield f"{outside}: no rows to compare"
    if [row.file_id for row in expected] != [row.file_id for row in found]:
        yield f"ids: {len(expected)} outside, {len(found)} inside, or in another order"
        return
    for row, other in zip(expected, found, strict=True):
        pairs = zip(row.probabilities, other.probabilities, strict=True)
        apart = max(abs(one - two) for one, two in pairs)
        if not apart <= TOLERANCE:
            yield f"{row.file_id!r}: probabilities {apart:.2g} apart"
    before, after = notes(outside), notes(inside)
    yield from (f"only outside: {note}" for note in (before - after).elements())
    yield from (f"only inside: {note}" for note in (after - before).elements())


def main(outside: Path, inside: Path) -> int:
    """Print the differences and return the exit code."""
    try:
        found = list(differences(outside, inside))
    except SubmissionError as error:
        found = [str(error)]
    for line in found:
        print(f"  {line}")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
