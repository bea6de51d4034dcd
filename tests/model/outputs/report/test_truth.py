"""Right genres of clips, read from a file."""

from pathlib import Path

import pytest

from model.errors import UsageError
from model.genres import GENRES
from model.outputs.report.truth import lookup, read_truth

ROCK, JAZZ = GENRES.index("Rock"), GENRES.index("Jazz")


@pytest.mark.parametrize("key", ["file_id", "clip_id", "track_id"])
def test_a_file_of_right_genres(tmp_path: Path, key: str) -> None:
    place = tmp_path / "t.csv"
    place.write_text(f'\ufeff{key},more,genre\na.mp3,1,Rock\n"b,c",2,jazz\nd,3,\n', "utf-8")
    assert read_truth(place) == {"a.mp3": ROCK, "b,c": JAZZ}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"name,genre\na,Rock\n", "needs a line with the columns file_id,genre at its top"),
        (b"file_id,genre\na,Rock\nb,Polka\n", "line 3: no genre 'Polka'; the genres are Blues"),
        (b"file_id,genre\n\xff,Rock\n", "cannot be read"),
        (b"", "needs a line"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, content: bytes, message: str) -> None:
    place = tmp_path / "t.csv"
    place.write_bytes(content)
    with pytest.raises(UsageError, match=message):
        read_truth(place)


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_truth(tmp_path / "none.csv")


def test_an_id_may_lack_its_folder_or_have_a_suffix() -> None:
    truth = {"000/a": 1, "b": 2, "d.mp3": 3, "d": 4, "e.mp3": 5}
    names = ("000/a", "001/b", "a", "c", "d", "d.mp3", "x/e")
    assert [lookup(truth, name) for name in names] == [1, 2, None, None, 4, 3, 5]
