"""``labels tracks.csv -o train_labels.csv``: top genres of fma_medium, as the starter kit had them.

Writes the columns ``track_id`` and ``genre``, one row for each of the 25,000 tracks whose subset is
small or medium, in the order of tracks.csv, faulty clips included (``training.data.fma`` lists
them).
"""

import argparse
from pathlib import Path

from model.files import atomic_file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``labels``."""
    parser.add_argument("tracks", type=Path, help="tracks.csv of fma_metadata")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("train_labels.csv"), help="table to write"
    )


def command(args: argparse.Namespace) -> int:
    """Read tracks.csv, write the labels, and return the exit code."""
    from training.data.fma import genres_of_tracks

    genres = genres_of_tracks(args.tracks)
    with atomic_file(args.output) as file:
        file.write("track_id,genre\n")
        file.writelines(f"{track},{genre}\n" for track, genre in genres.items())
    print(f"{len(genres)} labels written at {args.output}")
    return 0
