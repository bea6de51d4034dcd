"""``python -m training.cli.labels tracks.csv -o train_labels.csv``: top genres of fma_medium.

Writes the columns ``track_id`` and ``genre``, one row for each of the 25,000 tracks whose subset is
small or medium, in the order of tracks.csv, faulty clips included (``training.data.fma`` lists
them).
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from model.files import AtomicFile, OutputError


def main() -> int:
    """Read tracks.csv and write the labels; returns the exit code."""
    given = _parser().parse_args()
    from training.data.fma import FmaError, genres_of_tracks

    try:
        genres = genres_of_tracks(given.tracks)
        write(genres.to_dict(), given.output)
    except (FmaError, OutputError) as error:
        print(f"labels: {error}", file=sys.stderr)
        return 1
    print(f"{len(genres)} labels written at {given.output}")
    return 0


def write(genres: Mapping[int, str], path: Path) -> None:
    """Write genre by track id as a csv file, whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    with AtomicFile(path) as file:
        file.write("track_id,genre\n")
        file.writelines(f"{track},{genre}\n" for track, genre in genres.items())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.cli.labels", description=__doc__)
    parser.add_argument("tracks", type=Path, help="tracks.csv of fma_metadata")
    parser.add_argument("-o", "--output", type=Path, default=Path("train_labels.csv"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
