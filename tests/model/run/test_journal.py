"""What is finished stays finished, and nothing damaged is trusted."""

import json
import os
import shutil
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.clips import Clip, Notice
from model.errors import GenreError
from model.results import Prediction
from model.run.journal import Journal, decode_record

PRINT = {"weights": "abc"}


def some_clips(folder: Path, count: int = 4) -> list[Clip]:
    for number in range(count):
        (folder / f"{number}.mp3").write_bytes(b"x" * number)
    return [Clip(str(number), str(folder / f"{number}.mp3")) for number in range(count)]


def entry(number: int) -> Prediction:
    odds = [1 / (number + 3 + k) for k in range(16)]
    values = tuple(value / sum(odds) for value in odds)
    notices = (Notice("short", f"détail {number}\n"),) * number
    return Prediction(values if number % 2 == 0 else None, notices)


def fill(output: Path, clips: list[Clip], *numbers: int) -> None:
    with Journal(output, clips, PRINT) as journal:
        for number in numbers:
            journal.add(number, entry(number))


def unfinished(output: Path, clips: list[Clip], **changes: object) -> list[int]:
    with Journal(output, clips, PRINT | changes) as journal:
        return journal.unfinished()


def test_entries_come_back_exactly_and_in_the_order_of_the_clips(tmp_path: Path) -> None:
    clips = some_clips(tmp_path)
    fill(tmp_path / "o.csv", clips, 3, 0)
    with Journal(tmp_path / "o.csv", clips, PRINT) as journal:
        assert journal.unfinished() == [1, 2]
        assert list(journal.predictions()) == [entry(0), None, None, entry(3)]
        journal.add(1, entry(1))
        assert list(journal.predictions()) == [entry(0), entry(1), None, entry(3)]


INVALID = {
    "nan": {"posterior": [float("nan")] * 16},
    "one": {"posterior": [1.0] + [0.0] * 15},
    "sum": {"posterior": [0.5] * 16},
    "too few": {"posterior": [0.5, 0.5]},
    "texts": {"posterior": ["a"] * 16},
    "a number": {"posterior": 1},
    "notices": {"notices": [1]},
    "arrays": {"arrays": {"windows": ["<f8", [1, 18], "AAAA"]}},
    "a list": [],
    "no path": {"path": []},
}


@pytest.mark.parametrize("change", INVALID.values(), ids=INVALID)
def test_a_record_whose_content_is_invalid_is_computed_again(
    tmp_path: Path, change: dict[str, object] | list[object]
) -> None:
    """Its checksum is right."""
    clips = some_clips(tmp_path)
    fill(tmp_path / "o.csv", clips, 0, 2)
    rows = tmp_path / "o.csv.journal" / "rows.jsonl"
    first, second = rows.read_bytes().splitlines(keepends=True)
    fields = decode_record(second)
    assert fields is not None
    content = json.dumps(fields | change if isinstance(change, dict) else change).encode()
    rows.write_bytes(first + b"%08x %s\n" % (zlib.crc32(content), content))
    with Journal(tmp_path / "o.csv", clips, PRINT) as journal:
        assert journal.unfinished() == [1, 2, 3]
        assert next(journal.predictions()) == entry(0)
        journal.add(2, entry(2))
    assert unfinished(tmp_path / "o.csv", clips) == [1, 3]


@pytest.mark.parametrize(
    ("reason", "is_tried_again"),
    [("missing", True), ("unreadable", True), ("timeout", True), ("crash", True),
     ("undecodable", False), ("silent", False)],
)  # fmt: skip
def test_what_may_have_gone_is_tried_again(
    tmp_path: Path, reason: str, is_tried_again: bool
) -> None:
    clips = some_clips(tmp_path, 1)
    with Journal(tmp_path / "o.csv", clips, PRINT) as journal:
        journal.add(0, Prediction(None, (Notice(reason, "why"),)))
        assert journal.unfinished() == []
    assert unfinished(tmp_path / "o.csv", clips) == [0] * is_tried_again


def test_a_journal_that_is_dropped_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clips = some_clips(tmp_path)
    fill(tmp_path / "o.csv", clips, 0)
    assert not caplog.messages
    unfinished(tmp_path / "o.csv", clips, journal=2)
    assert "o.csv.journal: is of another version" in caplog.text


def test_only_files_of_the_journal_are_deleted(tmp_path: Path) -> None:
    clips = some_clips(tmp_path)
    with Journal(tmp_path / "o.csv", clips, PRINT) as journal:
        (journal.folder / "mine").touch()
        journal.remove()
    assert [path.name for path in (tmp_path / "o.csv.journal").iterdir()] == ["mine"]


def test_a_journal_that_somebody_deletes_is_read_to_its_end(tmp_path: Path) -> None:
    clips = some_clips(tmp_path)
    with Journal(tmp_path / "o.csv", clips, PRINT) as journal:
        journal.add(0, entry(0))
        shutil.rmtree(journal.folder)
        journal.add(1, entry(1))
        assert list(journal.predictions()) == [entry(0), entry(1), None, None]
        journal.remove()


def test_a_changed_file_is_done_again(tmp_path: Path) -> None:
    clips = some_clips(tmp_path)
    fill(tmp_path / "o.csv", clips, 0, 1, 2)
    Path(clips[0].path).write_bytes(b"longer")
    os.utime(clips[1].path, ns=(0, 0))
    assert unfinished(tmp_path / "o.csv", clips) == [0, 1, 3]
    fill(tmp_path / "o.csv", clips, 0)
    assert unfinished(tmp_path / "o.csv", clips) == [1, 3]


def test_clips_may_come_and_go(tmp_path: Path) -> None:
    clips = some_clips(tmp_path)
    fill(tmp_path / "o.csv", clips, 0, 3)
    assert unfinished(tmp_path / "o.csv", clips[2:]) == [0]
    assert unfinished(tmp_path / "o.csv", clips) == [1, 2]


def test_what_is_kept_comes_back_and_its_lack_is_noticed(tmp_path: Path) -> None:
    clips = some_clips(tmp_path)
    windows = np.hstack([[[0.0, 10.0], [10.0, 20.0]], np.full((2, 16), 1 / 16)])
    picture = np.arange(6, dtype=np.uint8).reshape(2, 3)
    with Journal(tmp_path / "o.csv", clips, PRINT, wanted=["windows"]) as journal:
        journal.add(0, Prediction(entry(0).posterior, (), {"windows": windows, "picture": picture}))
        journal.add(1, entry(1))  # without a posterior there is nothing to keep
        journal.add(2, entry(2))
        first = next(iter(journal.predictions()))
        assert first is not None
        assert first.arrays.keys() == {"windows", "picture"}
        np.testing.assert_array_equal(first.arrays["windows"], windows)
        np.testing.assert_array_equal(first.arrays["picture"], picture)
        assert first.arrays["picture"].dtype == np.uint8
    with Journal(tmp_path / "o.csv", clips, PRINT, wanted=["windows", "picture"]) as journal:
        assert journal.unfinished() == [2, 3]
    with Journal(tmp_path / "o.csv", clips, PRINT, wanted=["embedding"]) as journal:
        assert journal.unfinished() == [0, 2, 3]
    assert unfinished(tmp_path / "o.csv", clips) == [3]


def test_another_fingerprint_or_no_wish_to_resume_begins_anew(tmp_path: Path) -> None:
    clips = some_clips(tmp_path)
    fill(tmp_path / "o.csv", clips, 0, 1)
    assert unfinished(tmp_path / "o.csv", clips, weights="other") == [0, 1, 2, 3]
    fill(tmp_path / "o.csv", clips, 0, 1)
    with Journal(tmp_path / "o.csv", clips, PRINT, resume=False) as journal:
        assert journal.unfinished() == [0, 1, 2, 3]


@settings(max_examples=60, deadline=None)
@given(share=st.floats(0, 1, exclude_max=True), flip=st.integers(0, 255))
def test_a_damaged_tail_is_cut_off_and_written_over(
    share: float, flip: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Cut at any byte (no bit flipped), or with some bits of any byte flipped."""
    folder = tmp_path_factory.mktemp("journal")
    clips = some_clips(folder)
    output = folder / "o.csv"
    fill(output, clips, 0, 1, 2, 3)
    rows = folder / "o.csv.journal" / "rows.jsonl"
    content = bytearray(rows.read_bytes())
    ends = [index + 1 for index, byte in enumerate(content) if byte == ord("\n")]
    place = int(share * len(content))
    content[place] ^= flip
    rows.write_bytes(content if flip else content[:place])
    whole = sum(end <= place for end in ends)
    with Journal(output, clips, PRINT) as journal:
        assert journal.unfinished() == list(range(whole, 4))
        for number in journal.unfinished():
            journal.add(number, entry(number))
    with Journal(output, clips, PRINT) as journal:
        assert list(journal.predictions()) == [entry(number) for number in range(4)]


def test_two_runs_on_one_output_exclude_each_other(tmp_path: Path) -> None:
    clips = some_clips(tmp_path)
    with (
        Journal(tmp_path / "o.csv", clips, PRINT) as first,
        pytest.raises(GenreError, match="another run is writing the same output"),
        Journal(tmp_path / "o.csv", clips, PRINT),
    ):
        first.add(0, entry(0))
    assert unfinished(tmp_path / "o.csv", clips) == [0, 1, 2, 3]
    with Journal(tmp_path / "o.csv", clips, PRINT) as journal:
        journal.remove()
    assert not (tmp_path / "o.csv.journal").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_told_with_what_to_do(tmp_path: Path) -> None:
    clips = some_clips(tmp_path)
    fill(tmp_path / "o.csv", clips)
    rows = tmp_path / "o.csv.journal" / "rows.jsonl"
    with Journal(tmp_path / "o.csv", clips, PRINT) as journal:
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, journal._rows)
        os.close(full)
        with pytest.raises(GenreError, match="make room"):
            journal.add(0, entry(0))
    assert rows.read_bytes() == b""
