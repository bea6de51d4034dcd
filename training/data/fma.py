"""The Free Music Archive's data set as it is published: tables, audio files, faulty clips, split.

A folder of FMA, called ``root`` here, is what unpacking the two archives side by side gives::

    root/fma_metadata/tracks.csv        (or root/tracks.csv; genres.csv, features.csv, echonest.csv)
    root/fma_medium/000/000002.mp3      the first three of six digits name the subfolder

Lists of faulty clips and sizes of the subsets: the challenge's starter kit and FMA's own issues.
"""

import ast
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd

from model.genres import GENRES
from training.data.dataset import ClipTable, DatasetError
from training.data.folds import Split

SUBSETS: Final = ("small", "medium", "large")
"""Values of ``set.subset``, each with all tracks of those before it."""

SPLITS: Final = ("training", "validation", "test")
"""Values of ``set.split``; no artist is in two of them."""

_CUT_BEYOND_END: Final = {
    1486: 14.39, 5574: 30.46, 65753: 9.74, 80391: 67.84, 98558: 87.67, 98559: 58.80, 98560: 86.13,
    98571: 50.81, 99134: 33.25, 105247: 18.91, 108925: 7.44, 126981: 17.45, 127336: 13.27,
    133297: 113.58, 143992: 26.23,
}  # fmt: skip
_CUT_SHORT: Final = {
    98565: 65.31, 98566: 63.63, 98567: 79.39, 98568: 114.55, 98569: 77.37, 108924: 105.38,
}  # fmt: skip
"""True seconds of recordings whose length the archive had wrong when the clips were cut."""

NO_AUDIO: Final[Mapping[int, str]] = MappingProxyType(
    {
        track: f"no audio: cut beyond the end of a recording of {seconds:.2f} s"
        for track, seconds in _CUT_BEYOND_END.items()
    }
)
"""Tracks of fma_medium without a second of audio, and why."""

FAULTY: Final[Mapping[int, str]] = MappingProxyType(
    dict(NO_AUDIO)
    | {
        track: f"less than 30 s: cut over the end of a recording of {seconds:.2f} s"
        for track, seconds in _CUT_SHORT.items()
    }
)
"""All tracks of fma_medium that are not 30 s of audio, and why."""

TEST_SILENT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "471af6da-cc01-4048-bf71-e683efe7b681": "silent",
        "eb469ee2-2fb9-44bf-a9a2-383aedc7c6ac": "silent",
        "4e9db716-5a39-426a-b710-37ad1ce658d9": "silent",
        "c4d45edc-cdc2-4ffa-a0d9-e2ec529e84d7": "a second of noise, then silent",
        "7b78c2bb-4421-480a-bd79-4b637e6c2be1": "noise of low amplitude",
        "a19eeeca-8941-4040-8b75-a03906b138c2": "noise of low amplitude",
        "a29471b6-070e-4684-9ad8-b88ffa534438": "noise of low amplitude",
    }
)
"""Clips of the first round's test set with nothing to hear, and why."""

TEST_SHORTER: Final[Mapping[str, float]] = MappingProxyType(
    {
        "6d7fa4ee-5a22-465f-870f-523ee0ff68e9": 9.74,
        "6d088952-d86a-4d6e-bdab-18106668ebca": 9.74,
        "03109232-8e13-4491-b2f6-4f1bddaeacf0": 14.39,
        "a7db85a4-aa15-4ace-92b3-5747f8b13c1f": 18.91,
        "adea2feb-9149-4a4d-9827-264c479d4d5e": 7.45,
        "d2de2c1f-f728-4c7b-910d-0eb67d9598ad": 17.45,
        "d3ac70bb-ec3a-4801-ba2f-04cdda51dd68": 17.45,
        "d4f5cff1-b366-42e6-9625-e293c48f1292": 13.27,
        "f19f7a99-e8c1-433a-814f-4d2c844ac954": 26.23,
        "f2065669-a926-462b-8944-ba980aaf46f7": 26.23,
    }
)
"""Clips of the first round's test set that are shorter than 30 s, with their seconds."""

_LITERALS = (
    ("track", "tags"), ("album", "tags"), ("artist", "tags"),
    ("track", "genres"), ("track", "genres_all"),
)  # fmt: skip
_DATES = (
    ("track", "date_created"), ("track", "date_recorded"),
    ("album", "date_created"), ("album", "date_released"),
    ("artist", "date_created"), ("artist", "active_year_begin"), ("artist", "active_year_end"),
)  # fmt: skip
_CATEGORIES = (
    ("track", "genre_top"), ("track", "license"),
    ("album", "type"), ("album", "information"), ("artist", "bio"),
)  # fmt: skip
_HEADER_ROWS = {"features": 3, "echonest": 3, "genres": 1, "tracks": 2}
_NAMED = 20
"""Missing files that are named one by one; of the others only the number is told."""


class FmaError(DatasetError):
    """A folder or table of FMA cannot be used; the message says what is expected where."""


@dataclass(frozen=True)
class FmaClips:
    """The usable clips of a subset of FMA.

    Attributes:
        table: ids are file names without suffix (``000002``), groups artist ids; by track id.
        splits: the official part of each clip, one of ``SPLITS``.
        faulty: reason by track id, of clips left out because they are known to be faulty.
        missing: audio files that should be there and are not; their clips are left out.
    """

    table: ClipTable
    splits: tuple[str, ...]
    faulty: Mapping[int, str]
    missing: tuple[Path, ...]

    @property
    def split(self) -> Split:
        """The official split.

        Raises:
            FmaError: one of its parts has no usable clip.
        """
        names = np.array(self.splits)
        parts = {name: np.flatnonzero(names == name) for name in SPLITS}
        for name, part in parts.items():
            if not len(part):
                raise FmaError(f"no usable clip in the {name} part of the official split")
        return Split(**parts)


def audio_path(root: Path, track_id: int, subset: str = "medium") -> Path:
    """Where the mp3 of a track lies: track 2 is ``root/fma_medium/000/000002.mp3``.

    Args:
        root: folder of FMA.
        track_id: 0 to 999,999.
        subset: small, medium, large or full, as in the archive's name.
    """
    digits = f"{track_id:06d}"
    return root / f"fma_{subset}" / digits[:3] / f"{digits}.mp3"


def get_audio_path(track_id: int) -> Path:
    """``audio_path`` below the folder ``data``, as the starter kit had it."""
    return audio_path(Path("data"), track_id)


def tracks_file(root: Path) -> Path:
    """The tracks.csv of a folder of FMA.

    Raises:
        FmaError: there is none.
    """
    for path in (root / "fma_metadata" / "tracks.csv", root / "tracks.csv"):
        if path.is_file():
            return path
    what = "it has neither" if root.is_dir() else "there is no such folder, so neither"
    raise FmaError(
        f"{root}: {what} fma_metadata/tracks.csv nor tracks.csv; expected is a folder in which "
        "fma_metadata.zip and fma_medium.zip were unpacked"
    )


def load(path: Path) -> pd.DataFrame:
    """Read a table of fma_metadata, told by its name: tracks, genres, features or echonest.

    The index is the track id (genre id for genres). Column labels are what the header rows say:
    (group, field) of tracks, (feature, statistics, number) of features, three levels of echonest.
    In tracks, tags and genre lists are Python lists, dates are timestamps, ``set.subset`` is an
    ordered category (small < medium < large), and five fields of few values are categories.

    Raises:
        FmaError: the name is none of these, or the file is missing or another table.
    """
    kind = next((kind for kind in _HEADER_ROWS if kind in path.name), None)
    if kind is None:
        raise FmaError(f"{path}: the name holds none of {', '.join(_HEADER_ROWS)}")
    if kind == "tracks":
        return _typed(_read_tracks(path), path)
    return _read(path, _HEADER_ROWS[kind])


def genres_of_tracks(path: Path, subset: str = "medium") -> pd.Series:
    """Top genre of each track of a subset (and the smaller ones), by track id, in file order.

    Args:
        path: tracks.csv.
        subset: small, medium or large.

    Raises:
        FmaError: the file cannot be read, or a track of the subset has no genre of the sixteen.
    """
    return _genres(_of_subset(_read_tracks(path), subset, path), path)


def splits_of_tracks(path: Path) -> pd.Series:
    """Part of the official split of each track, one of ``SPLITS``, by track id, in file order.

    Args:
        path: tracks.csv.

    Raises:
        FmaError: the file cannot be read.
    """
    return _read_tracks(path)["set", "split"]


def track_ids(root: Path, subset: str = "medium") -> tuple[int, ...]:
    """Ids of the tracks of a subset (and the smaller ones), ascending, faulty ones included.

    Args:
        root: folder of FMA.
        subset: small, medium, large, or full for all rows.

    Raises:
        FmaError: tracks.csv is missing or cannot be read.
    """
    path = tracks_file(root)
    tracks = _read_tracks(path)
    if subset != "full":
        tracks = _of_subset(tracks, subset, path)
    return tuple(int(track) for track in sorted(tracks.index))


def clip_table(root: Path, warn: Callable[[str], None], subset: str = "medium") -> FmaClips:
    """Labelled clips of a subset of FMA with their official split.

    Args:
        root: folder of FMA.
        warn: receives a line for each missing file (the first twenty by name), and for what was
            left out.
        subset: small, medium or large, in the folder ``fma_SUBSET``. Tracks of fma_large without a
            top genre are left out.

    Raises:
        FmaError: tracks.csv or the folder is missing, holds no usable clip, or is something else.
    """
    path = tracks_file(root)
    tracks = _of_subset(_read_tracks(path), subset, path).sort_index()
    if subset == "large":
        labelled = tracks["track", "genre_top"].notna()
        if not labelled.all():
            warn(f"{(~labelled).sum()} tracks without a top genre are left out")
        tracks = tracks[labelled]
    genres, splits = _genres(tracks, path), tracks["set", "split"]
    if unknown := set(splits) - set(SPLITS):
        raise FmaError(f"{path}: set.split is {sorted(map(str, unknown))[0]!r} in some row")
    folder = f"fma_{subset}"
    if not (root / folder).is_dir():
        raise FmaError(f"{root}: no folder {folder} in it; unpack {folder}.zip there")
    files = {int(track): audio_path(root, int(track), subset) for track in tracks.index}
    faulty = {track: FAULTY[track] for track in files if track in FAULTY}
    missing = [track for track, file in files.items() if track not in faulty and not file.is_file()]
    left_out = {*faulty, *missing}
    kept = [track for track in files if track not in left_out]
    _tell(path, faulty, [files[track] for track in missing], len(kept), warn)
    table = ClipTable(
        ids=tuple(f"{track:06d}" for track in kept),
        files=tuple(files[track] for track in kept),
        genres=np.array([GENRES.index(genre) for genre in genres.loc[kept]], int),
        groups=tuple(str(artist) for artist in tracks["artist", "id"].loc[kept]),
        sources=(folder,) * len(kept),
        digest=_digest(path, kept),
    )
    return FmaClips(
        table, tuple(splits.loc[kept]), faulty, tuple(files[track] for track in missing)
    )


def _tell(
    path: Path,
    faulty: Mapping[int, str],
    missing: list[Path],
    kept: int,
    warn: Callable[[str], None],
) -> None:
    """Say what is left out; raises where nothing is left."""
    for file in missing[:_NAMED]:
        warn(f"missing: {file}")
    if len(missing) > _NAMED:
        warn(f"missing: {len(missing) - _NAMED} more files")
    if not kept:
        example = f", for example {missing[0]}" if missing else ""
        raise FmaError(f"{path}: none of its clips is there{example}; unpack the whole archive")
    if missing:
        warn(f"{len(missing)} of {kept + len(missing)} clips of {path} are MISSING and left out")
    if faulty:
        warn(f"{len(faulty)} clips that are known to be faulty are left out")


def _digest(path: Path, kept: list[int]) -> str:
    """Of the table and of which of its clips are there."""
    digest = hashlib.sha256(path.read_bytes())
    digest.update(np.array(kept, "<i8").tobytes())
    return digest.hexdigest()


def _of_subset(tracks: pd.DataFrame, subset: str, path: Path) -> pd.DataFrame:
    """Rows of a subset and of those before it, from a table as ``_read_tracks`` gives it."""
    if subset not in SUBSETS:
        raise FmaError(f"subset {subset!r} is none of {', '.join(SUBSETS)}")
    chosen = tracks[tracks["set", "subset"].isin(SUBSETS[: SUBSETS.index(subset) + 1])]
    if chosen.empty:
        raise FmaError(f"{path}: no row whose set.subset is {subset}")
    return chosen


def _genres(tracks: pd.DataFrame, path: Path) -> pd.Series:
    genres = tracks["track", "genre_top"]
    wrong = genres[~genres.isin(GENRES)]
    if len(wrong):
        raise FmaError(
            f"{path}: track.genre_top of track {wrong.index[0]} is {wrong.iloc[0]!r}, which is "
            "none of the 16 genres"
        )
    return genres


def _read_tracks(path: Path) -> pd.DataFrame:
    tracks = _read(path, _HEADER_ROWS["tracks"])
    needed = [("set", "subset"), ("set", "split"), ("track", "genre_top"), ("artist", "id")]
    _require(tracks, needed, path)
    return tracks


def _read(path: Path, header_rows: int) -> pd.DataFrame:
    header = list(range(header_rows)) if header_rows > 1 else 0
    try:
        return pd.read_csv(path, index_col=0, header=header, low_memory=False)
    except FileNotFoundError:
        raise FmaError(f"{path}: no such file; it is part of fma_metadata.zip") from None
    except (OSError, ValueError) as error:  # pandas' own errors are ValueErrors
        raise FmaError(
            f"{path}: not a table of FMA with {header_rows} header rows: {error}"
        ) from None


def _require(table: pd.DataFrame, columns: list[tuple[str, str]], path: Path) -> None:
    missing = [".".join(column) for column in columns if column not in table.columns]
    if missing:
        raise FmaError(
            f"{path}: no column {missing[0]}; expected is FMA's tracks.csv with two header rows"
        )


def _typed(tracks: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Give the columns of tracks.csv their types."""
    _require(tracks, [*_LITERALS, *_DATES, *_CATEGORIES], path)
    try:
        for column in _LITERALS:
            tracks[column] = tracks[column].map(ast.literal_eval)
        for column in _DATES:
            tracks[column] = pd.to_datetime(tracks[column], format="ISO8601")
    except (ValueError, SyntaxError) as error:
        field = ".".join(column)
        raise FmaError(f"{path}: {field} is not what it is in FMA's tracks.csv: {error}") from None
    for column in _CATEGORIES:
        tracks[column] = tracks[column].astype("category")
    order = pd.CategoricalDtype(SUBSETS, ordered=True)
    tracks["set", "subset"] = tracks["set", "subset"].astype(order)
    return tracks
