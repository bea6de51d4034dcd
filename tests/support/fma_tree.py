"""``python -m tests.support.fma_tree FOLDER``: a miniature of the Free Music Archive's data set.

Writes ``fma_metadata`` (tracks, genres, features and echonest, with the header rows and oddities of
the real tables) and ``fma_medium`` (mp3s, copies of the sample clips or of those of ``--clips``).
Each genre has five artists, three in the training part, one in validation and one in test. Some
tracks are of the small and some of the large subset, three are known to be faulty (two without
audio, one short), and a biography has commas, quotes and line ends.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tests.conftest import CLIPS
from training.data.fma import audio_path

GENRE_IDS = {
    "Blues": 3, "Classical": 5, "Country": 9, "Electronic": 15, "Experimental": 38, "Folk": 17,
    "Hip-Hop": 21, "Jazz": 4, "Rock": 12, "Spoken": 20,
}  # fmt: skip
"""FMA's ids of the genres that the sample clips are named after."""

ARTIST_SPLITS = ("training", "training", "training", "validation", "test")
FAULTY = {"Rock": 133297, "Jazz": 99134, "Folk": 98567}
"""Real ids of faulty tracks: two without audio, one of less than 30 s."""

STUB = b"ID3\x03\x00\x00\x00\x00\x00\x00" + bytes(1742)
"""As long as the file of track 133297: tags and no frame."""

_FIELDS = {
    "album": "comments date_created date_released engineer favorites id information listens "
    "producer tags title tracks type",
    "artist": "active_year_begin active_year_end associated_labels bio comments date_created "
    "favorites id latitude location longitude members name related_projects tags website "
    "wikipedia_page",
    "set": "split subset",
    "track": "bit_rate comments composer date_created date_recorded duration favorites genre_top "
    "genres genres_all information interest language_code license listens lyricist number "
    "publisher tags title",
}
_COUNTS = ("comments", "favorites", "listens", "interest", "number", "tracks")
_FEATURE_SIZES = {
    "chroma_cens": 12, "chroma_cqt": 12, "chroma_stft": 12, "mfcc": 20, "rmse": 1,
    "spectral_bandwidth": 1, "spectral_centroid": 1, "spectral_contrast": 7,
    "spectral_rolloff": 1, "tonnetz": 6, "zcr": 1,
}  # fmt: skip
_STATISTICS = ("kurtosis", "max", "mean", "median", "min", "skew", "std")


@dataclass(frozen=True)
class Track:
    """One row of tracks.csv and, but for the large subset, one file."""

    track_id: int
    artist: int
    genre: str | None
    split: str
    subset: str


def main() -> int:
    """Parse the arguments and build; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.fma_tree", description=__doc__)
    parser.add_argument("folder", type=Path, help="made where it is missing")
    parser.add_argument("--clips", type=Path, default=CLIPS, help="mp3s named after their genres")
    given = parser.parse_args()
    tracks = build(given.folder, sorted(given.clips.glob("*.mp3")))
    print(f"{len(tracks)} tracks written at {given.folder}")
    return 0


def build(root: Path, clips: Sequence[Path]) -> tuple[Track, ...]:
    """Write a miniature tree and return its tracks, in the order of tracks.csv.

    Args:
        root: folder to make.
        clips: mp3s whose names begin with a genre of ``GENRE_IDS`` in small letters.
    """
    tracks = _tracks(sorted(genre for genre in GENRE_IDS if _clip_of(genre, clips)))
    metadata = root / "fma_metadata"
    metadata.mkdir(parents=True)
    _tracks_table(tracks).to_csv(metadata / "tracks.csv")
    _genres_table().to_csv(metadata / "genres.csv")
    _features_table(tracks).to_csv(metadata / "features.csv", float_format="%.10e")
    _echonest_table(tracks).to_csv(metadata / "echonest.csv")
    for track in tracks:
        if track.subset == "large" or track.genre is None:
            continue
        path = audio_path(root, track.track_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        if track.track_id in (FAULTY["Rock"], FAULTY["Jazz"]):
            path.write_bytes(STUB)
        else:
            shutil.copyfile(_clip_of(track.genre, clips)[0], path)
    return tracks


def _clip_of(genre: str, clips: Sequence[Path]) -> list[Path]:
    return [clip for clip in clips if clip.name.startswith(genre.lower())]


def _tracks(genres: Sequence[str]) -> tuple[Track, ...]:
    """Two tracks by each artist, ids rising over several thousands; then those of large."""
    tracks = []
    for place, genre in enumerate(genres):
        for number, split in enumerate(ARTIST_SPLITS):
            artist = 100 * (place + 1) + number
            for copy in range(2):
                track_id = 2 + 1000 * place + 10 * number + copy
                subset = "small" if copy and genre in ("Rock", "Folk") else "medium"
                if genre in FAULTY and number == copy == 0:
                    track_id = FAULTY[genre]
                tracks.append(Track(track_id, artist, genre, split, subset))
    tracks.append(Track(150_001, 9001, "Rock", "training", "large"))
    tracks.append(Track(150_002, 9001, None, "training", "large"))
    return tuple(sorted(tracks, key=lambda track: track.track_id))


def _tracks_table(tracks: Sequence[Track]) -> pd.DataFrame:
    rows = [_row(track) for track in tracks]
    columns = pd.MultiIndex.from_tuples(
        [(group, field) for group, fields in _FIELDS.items() for field in fields.split()]
    )
    index = pd.Index([track.track_id for track in tracks], name="track_id")
    return pd.DataFrame(rows, index=index, columns=columns, dtype=object)


def _row(track: Track) -> dict[tuple[str, str], object]:
    """Fields that are left out are empty, as most are in the real table."""
    row: dict[tuple[str, str], object] = {
        (group, field): 1
        for group, fields in _FIELDS.items()
        for field in fields.split()
        if field in _COUNTS
    }
    genre_ids = [] if track.genre is None else [GENRE_IDS[track.genre]]
    return row | {
        ("album", "date_created"): "2008-11-26 01:44:45",
        ("album", "date_released"): "2009-01-05 00:00:00",
        ("album", "id"): track.artist,
        ("album", "tags"): "[]",
        ("album", "title"): 'A Way, "Away"',
        ("album", "type"): "Album",
        ("artist", "active_year_begin"): "2006-01-01 00:00:00",
        ("artist", "bio"): '<p>Born, then "named";\nstill <em>here</em>,\n\nthey say.</p>',
        ("artist", "date_created"): "2008-11-26 01:42:32",
        ("artist", "id"): track.artist,
        ("artist", "latitude"): 40.0583238,
        ("artist", "name"): f"Artist {track.artist}",
        ("artist", "tags"): "['awol', 'the \\'thing\\'']",
        ("set", "split"): track.split,
        ("set", "subset"): track.subset,
        ("track", "bit_rate"): 256000,
        ("track", "date_created"): "2008-11-26 01:48:12",
        ("track", "date_recorded"): "2008-11-26 00:00:00" if track.track_id % 2 else None,
        ("track", "duration"): 168,
        ("track", "genre_top"): track.genre,
        ("track", "genres"): str(genre_ids),
        ("track", "genres_all"): str(genre_ids),
        ("track", "license"): "Attribution-NonCommercial-ShareAlike 3.0 International",
        ("track", "tags"): "[]",
        ("track", "title"): "Food\u2014for \u00e9t\u00e9",
    }


def _genres_table() -> pd.DataFrame:
    rows = {
        genre_id: {"#tracks": 10, "parent": 0, "title": genre, "top_level": genre_id}
        for genre, genre_id in GENRE_IDS.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("genre_id").sort_index()


def _features_table(tracks: Sequence[Track]) -> pd.DataFrame:
    columns = pd.MultiIndex.from_tuples(
        [
            (feature, statistic, f"{number + 1:02d}")
            for feature, size in _FEATURE_SIZES.items()
            for statistic in _STATISTICS
            for number in range(size)
        ],
        names=("feature", "statistics", "number"),
    )
    values = np.random.default_rng(0).normal(0, 1, (len(tracks), len(columns)))
    index = pd.Index([track.track_id for track in tracks], name="track_id")
    return pd.DataFrame(values, index=index, columns=columns, dtype=np.float32)


def _echonest_table(tracks: Sequence[Track]) -> pd.DataFrame:
    columns = pd.MultiIndex.from_tuples(
        [
            ("echonest", "audio_features", "acousticness"),
            ("echonest", "metadata", "album_name"),
            ("echonest", "ranks", "artist_hotttnesss_rank"),
            ("echonest", "temporal_features", "000"),
        ]
    )
    rows = [[0.4167, "AWOL, again", None, 0.877233] for _ in tracks[:3]]
    index = pd.Index([track.track_id for track in tracks[:3]], name="track_id")
    return pd.DataFrame(rows, index=index, columns=columns)


if __name__ == "__main__":
    sys.exit(main())
