"""``python -m tests.support.fma_links``: a tree of FMA at its true size, from few clips.

Each track of a table of FMA's labels gets a link to one of the clips at hand of the same genre, in
turn. The tree has the true ids, genres, splits and artists, but not the true audio: it serves to
try whether a command bears the size, and its scores mean nothing.
"""

import argparse
import csv
import itertools
from collections import defaultdict
from pathlib import Path

import pandas as pd

from model.genres import GENRES
from training.data.dataset import read_table
from training.data.fma import audio_path


def build(root: Path, labels: Path, data: Path, subset: str = "medium") -> int:
    """Write tracks.csv and the links; returns the number of tracks.

    Args:
        root: folder to create.
        labels: table with the columns track_id, genre_top, split, subset, artist_id, artist_name.
        data: folder that holds clips.csv.
        subset: small or medium.
    """
    table = read_table(data / "clips.csv")
    files = defaultdict(list)
    for path, genre in zip(table.files, table.genres, strict=True):
        files[GENRES[genre]].append(path.resolve())
    clips = {genre: itertools.cycle(paths) for genre, paths in files.items()}
    subsets = {"small": ("small",), "medium": ("small", "medium")}[subset]
    with labels.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["subset"] in subsets]
    for row in rows:
        path = audio_path(root, int(row["track_id"]), subset)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(next(clips[row["genre_top"]]))
    columns = {
        ("set", "split"): [row["split"] for row in rows],
        ("set", "subset"): [row["subset"] for row in rows],
        ("track", "genre_top"): [row["genre_top"] for row in rows],
        ("artist", "id"): [
            row["artist_id"] or row["artist_name"] or f"artist of {row['track_id']}" for row in rows
        ],
    }
    index = pd.Index([int(row["track_id"]) for row in rows], name="track_id")
    (root / "fma_metadata").mkdir()
    pd.DataFrame(columns, index).to_csv(root / "fma_metadata" / "tracks.csv")
    return len(rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("--labels", type=Path, required=True, help="table of FMA's labels")
    parser.add_argument("--data", type=Path, required=True, help="folder that holds clips.csv")
    parser.add_argument("--subset", choices=("small", "medium"), default="medium")
    args = parser.parse_args()
    print(f"{build(args.root, args.labels, args.data, args.subset)} tracks written at {args.root}")
