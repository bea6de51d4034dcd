"""FMA as it is published: its tables, its files, what is faulty, and the clips to train on."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from model.genres import FMA_MEDIUM_CLIPS, GENRES
from tests.support import fma_tree
from training.data import fma
from training.data.fma import FmaError, load
from training.data.folds import fold_numbers

BIO = '<p>Born, then "named";\nstill <em>here</em>,\n\nthey say.</p>'


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory, clips: list[Path]) -> Path:
    root = tmp_path_factory.mktemp("fma") / "fma"
    fma_tree.build(root, clips)
    return root


@pytest.fixture
def own_tree(tree: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(tree, tmp_path / "fma"))


def refused(root: Path) -> str:
    with pytest.raises(FmaError) as caught:
        fma.clip_table(root, lambda _: None)
    return str(caught.value)


def test_tracks_have_lists_dates_and_an_ordered_subset(tree: Path) -> None:
    tracks = load(tree / "fma_metadata" / "tracks.csv")
    assert tracks.shape == (102, 52)
    assert tracks.index.name == "track_id"
    assert tracks.loc[2, ("track", "genres")] == [3]
    assert tracks.loc[2, ("artist", "tags")] == ["awol", "the 'thing'"]
    assert tracks.loc[2, ("artist", "bio")] == BIO
    assert tracks.loc[2, ("album", "date_released")] == pd.Timestamp(2009, 1, 5)
    assert pd.isna(tracks.loc[2, ("track", "date_recorded")])
    subset = tracks["set", "subset"]
    assert (subset <= "medium").sum() == 100
    assert (subset <= "small").sum() == 10
    for column in [("track", "genre_top"), ("track", "license"), ("album", "information")]:
        assert tracks[column].dtype == "category"


def test_the_other_tables_keep_their_header_rows(tree: Path) -> None:
    features = load(tree / "fma_metadata" / "features.csv")
    assert features.shape == (102, 518)
    assert list(features.columns.names) == ["feature", "statistics", "number"]
    assert features["mfcc", "mean", "20"].notna().all()
    assert features.index[0] == 2
    echonest = load(tree / "fma_metadata" / "echonest.csv")
    assert echonest.loc[2, ("echonest", "metadata", "album_name")] == "AWOL, again"
    genres = load(tree / "fma_metadata" / "genres.csv")
    assert genres.loc[38, "title"] == "Experimental"


def test_a_table_that_is_not_fma_is_refused_by_name(tree: Path, tmp_path: Path) -> None:
    with pytest.raises(FmaError, match="holds none of features, echonest, genres, tracks"):
        load(tree / "songs.csv")
    with pytest.raises(FmaError, match=r"no such file; it is part of fma_metadata\.zip"):
        load(tmp_path / "tracks.csv")
    (tmp_path / "tracks.csv").write_text("track_id,genre\n2,Rock\n3,Pop\n4,Pop\n")
    with pytest.raises(FmaError, match=r"expected is FMA's tracks\.csv with two header rows"):
        load(tmp_path / "tracks.csv")
    (tmp_path / "raw_tracks.csv").write_bytes(b"")
    with pytest.raises(FmaError, match="not a table of FMA"):
        load(tmp_path / "raw_tracks.csv")


def test_a_value_of_another_kind_is_named(own_tree: Path) -> None:
    path = own_tree / "fma_metadata" / "tracks.csv"
    path.write_text(path.read_text().replace("2006-01-01 00:00:00", "long ago", 1))
    with pytest.raises(FmaError, match=r"artist\.active_year_begin is not what it is"):
        load(path)


def test_paths_have_six_digits_in_folders_of_three() -> None:
    assert fma.audio_path(Path("x"), 2) == Path("x/fma_medium/000/000002.mp3")
    assert fma.audio_path(Path("x"), 123456, "large") == Path("x/fma_large/123/123456.mp3")
    assert fma.get_audio_path(2) == Path("data/fma_medium/000/000002.mp3")


def test_faulty_clips_are_those_of_the_starter_kit() -> None:
    assert len(fma.NO_AUDIO) == 15
    assert set(fma.FAULTY) - set(fma.NO_AUDIO) == {98565, 98566, 98567, 98568, 98569, 108924}
    assert fma.FAULTY[1486] == "no audio: cut beyond the end of a recording of 14.39 s"
    assert (len(fma.TEST_SILENT), len(fma.TEST_SHORTER)) == (7, 10)
    assert not set(fma.TEST_SILENT) & set(fma.TEST_SHORTER)
    assert sum(FMA_MEDIUM_CLIPS) == 25_000


def test_clips_of_medium_come_with_the_official_split(tree: Path) -> None:
    said: list[str] = []
    found = fma.clip_table(tree, said.append)
    table = found.table
    assert said == ["3 clips that are known to be faulty are left out"]
    assert set(found.faulty) == set(fma_tree.FAULTY.values())
    assert len(table) == 97
    assert list(table.ids) == sorted(table.ids)
    assert all(file.stem == name for file, name in zip(table.files, table.ids, strict=True))
    assert all(file.is_file() for file in table.files)
    assert {GENRES[index] for index in table.genres} == set(fma_tree.GENRE_IDS)
    assert table.groups[table.ids.index("000002")] == "100"
    split = found.split
    indices = (split.training, split.validation, split.test)
    parts = [{table.groups[index] for index in part} for part in indices]
    assert [len(part) for part in parts] == [30, 10, 10]
    assert set.intersection(*parts) == set()
    assert sum(map(len, indices)) == len(table)
    folds = fold_numbers(table, 5, seed=0)
    assert len(set(folds)) == 5


def test_genres_agree_with_the_files_they_are_made_from(tree: Path, clips: list[Path]) -> None:
    table = fma.clip_table(tree, lambda _: None).table
    content = {clip.read_bytes(): clip.name for clip in clips}
    for file, genre in zip(table.files, table.genres, strict=True):
        assert content[file.read_bytes()].startswith(GENRES[genre].lower())


def test_missing_files_are_named_and_left_out(own_tree: Path) -> None:
    whole = fma.clip_table(own_tree, lambda _: None)
    fma.audio_path(own_tree, 2).unlink()
    said: list[str] = []
    found = fma.clip_table(own_tree, said.append)
    assert said[0] == f"missing: {fma.audio_path(own_tree, 2)}"
    assert said[1].startswith("1 of 97 clips")
    assert found.missing == (fma.audio_path(own_tree, 2),)
    assert found.table.ids == whole.table.ids[1:]
    assert found.splits == whole.splits[1:]
    assert found.table.digest != whole.table.digest
    for file in found.table.files[:50]:
        file.unlink()
    said.clear()
    assert len(fma.clip_table(own_tree, said.append).missing) == 51
    assert sum(line.startswith("missing: /") for line in said) == 20
    assert "missing: 31 more files" in said


def test_tracks_may_lie_beside_the_audio(own_tree: Path) -> None:
    (own_tree / "fma_metadata" / "tracks.csv").rename(own_tree / "tracks.csv")
    assert len(fma.clip_table(own_tree, lambda _: None).table) == 97


def test_a_wrong_folder_is_told_what_is_expected(own_tree: Path, tmp_path: Path) -> None:
    assert "there is no such folder" in refused(tmp_path / "nothing")
    assert "fma_metadata.zip and fma_medium.zip" in refused(tmp_path)
    for folder in (own_tree / "fma_medium").iterdir():
        shutil.rmtree(folder)
    assert "none of its clips is there, for example" in refused(own_tree)
    (own_tree / "fma_medium").rmdir()
    assert "no folder fma_medium" in refused(own_tree)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (",Blues,", ",Polka,", "track.genre_top of track 2 is 'Polka'"),
        (",training,", ",train,", "set.split is 'train'"),
        (",medium,", ",large,", ""),
    ],
)
def test_an_unknown_value_is_refused(own_tree: Path, old: str, new: str, message: str) -> None:
    path = own_tree / "fma_metadata" / "tracks.csv"
    text = path.read_text().replace(",small,", ",medium,")
    path.write_text(text.replace(old, new))
    assert (message or "no row whose set.subset is medium") in refused(own_tree)


def test_ids_of_a_subset_are_in_order(tree: Path) -> None:
    medium, large = fma.track_ids(tree), fma.track_ids(tree, "full")
    assert medium == tuple(sorted(medium))
    assert len(medium) == 100
    assert set(large) - set(medium) == {150_001, 150_002}
    assert set(fma.FAULTY) & set(medium) == set(fma_tree.FAULTY.values())
    with pytest.raises(FmaError, match="none of small, medium, large"):
        fma.track_ids(tree, "huge")


def test_the_tree_can_be_built_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["fma_tree", str(tmp_path / "fma")])
    assert fma_tree.main() == 0
    assert capsys.readouterr().out.startswith("102 tracks")
    assert np.all([fma.audio_path(tmp_path / "fma", track).is_file() for track in (2, 99134)])
