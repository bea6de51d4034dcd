"""Parts become one table, or it is told why not."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.cli.merge import main, merge
from model.clips import Clip
from model.errors import GenreError, UsageError
from model.genres import GENRES
from model.options import Options
from model.outputs import settings, submission
from model.outputs.submission import Row, SubmissionError
from model.results import describe_run
from tests.support.tables import write_table

names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=9)


def row(name: str) -> Row:
    odds = np.random.default_rng(len(name)).random(16) + 0.1
    return Row(name, tuple((odds / odds.sum()).tolist()))


def written(folder: Path, name: str, ids: Sequence[str]) -> Path:
    path = folder / name
    write_table(path, [row(one) for one in sorted(ids)])
    return path


FINGERPRINT = {
    "packages": {"numpy": "2.0", "tensorflow-cpu": ""},
    "card": {"weights": {"sha256": "ab"}, "window_frames": 500},
}
EVEN = dict.fromkeys(GENRES, 1 / 16)


def shard(
    folder: Path,
    part: int,
    parts: int,
    ids: Sequence[str],
    every: Sequence[str],
    fingerprint: Mapping[str, Any] = FINGERPRINT,
    mix: Mapping[str, float] = EVEN,
) -> Path:
    """A part with its settings, as a run over ``every`` leaves it."""
    path = written(folder, f"{part}.csv", ids)
    options = Options(("x",), path, "mobilenet", shard=(part, parts))
    about = describe_run([Clip(one, one) for one in sorted(every)], fingerprint)
    settings.write(options, replace(about, mix=mix))
    return path


@hypothesis.settings(max_examples=30, deadline=None)
@given(ids=st.lists(names, unique=True, max_size=12), parts=st.integers(1, 4))
def test_any_split_joins_to_the_whole(
    ids: list[str], parts: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("parts")
    whole = written(folder, "whole.csv", ids)
    pieces = [
        written(folder, f"{part}.csv", sorted(ids)[part::parts]) for part in reversed(range(parts))
    ]
    assert merge(pieces, folder / "joined.csv") == len(ids)
    assert (folder / "joined.csv").read_bytes() == whole.read_bytes()


def test_parts_that_are_no_shards_need_only_fit(tmp_path: Path) -> None:
    one, two = written(tmp_path, "1.csv", "ab"), written(tmp_path, "2.csv", "cd")
    merge([one, two], tmp_path / "o.csv")
    assert [found.file_id for found in submission.read(tmp_path / "o.csv")] == list("abcd")


def test_an_id_in_two_parts_leaves_the_old_output(tmp_path: Path) -> None:
    one, two = written(tmp_path, "1.csv", "ab"), written(tmp_path, "2.csv", "bc")
    output = tmp_path / "o.csv"
    output.write_text("old")
    with pytest.raises(GenreError, match="'b' is in two parts"):
        merge([one, two], output, overwrite=True)
    assert output.read_text() == "old"


def test_the_output_is_no_part(tmp_path: Path) -> None:
    one = written(tmp_path, "1.csv", "ab")
    with pytest.raises(GenreError, match="is an input"):
        merge([one], one)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("Rock", "Rok", 1), "not a csv table"),
        (lambda text: "", "not a csv table"),
        (lambda text: text + "a,b\n", "2 cells"),
        (lambda text: "\n".join(text.split("\n")[i] for i in (0, 2, 1)) + "\n", "does not come"),
        (lambda text: text.replace("\na,0.", "\na,1."), "strictly between"),
    ],
)
def test_a_part_that_is_no_table_is_named(tmp_path: Path, change: object, message: str) -> None:
    one, two = written(tmp_path, "1.csv", "ab"), written(tmp_path, "2.csv", "cd")
    assert callable(change)
    one.write_text(change(one.read_text()))
    with pytest.raises((GenreError, SubmissionError), match=message) as caught:
        merge([one, two], tmp_path / "o.csv")
    assert str(one) in str(caught.value)
    with pytest.raises(SubmissionError, match="cannot be read"):
        merge([tmp_path / "gone.csv"], tmp_path / "o.csv")


@pytest.mark.parametrize("damage", ['{"file_id": "a", "rea', '["a"]', '{"file_id": "a"}', "\udcff"])
def test_a_damaged_errors_file_is_named_before_anything_is_written(
    tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = written(tmp_path, "1.csv", "ab"), written(tmp_path, "2.csv", "cd")
    errors = submission.errors_path(two)
    line = submission.error_line(file_id="c", reason="empty", detail="", row="prior", path="c")
    errors.write_text(line + damage, errors="surrogateescape")
    output = tmp_path / "o.csv"
    assert main([str(one), str(two), "-o", str(output)]) == 1
    assert f"{errors}: cannot be read, or is damaged" in capsys.readouterr().err
    assert not output.exists()
    errors.write_text(line)
    assert main([str(one), str(two), "-o", str(output)]) == 0
    assert submission.errors_path(output).read_text() == line


def test_tables_with_and_without_genres_do_not_mix(tmp_path: Path) -> None:
    one, two = written(tmp_path, "1.csv", "ab"), written(tmp_path, "2.csv", "cd")
    header, *rows = two.read_text().splitlines()
    with_genre = "".join([f"{header},genre\n", *(f"{line},Jazz\n" for line in rows)])
    two.write_text(with_genre)
    with pytest.raises(GenreError, match="columns are not those"):
        merge([one, two], tmp_path / "o.csv")
    merge([two], tmp_path / "o.csv")
    assert (tmp_path / "o.csv").read_text() == with_genre


def test_all_shards_must_be_there_once_and_of_one_run(tmp_path: Path) -> None:
    one, two = shard(tmp_path, 1, 2, "ac", "abcd"), shard(tmp_path, 2, 2, "bd", "abcd")
    output = tmp_path / "o.csv"
    assert merge([two, one], output) == 4
    with pytest.raises(GenreError, match=r"shards \[2\] are missing, of 2"):
        merge([one], output)
    with pytest.raises(GenreError, match=r"shards \[1\] are there twice"):
        merge([one, two, one], output)
    plain = written(tmp_path, "plain.csv", "xy")
    with pytest.raises(GenreError, match=r"plain\.csv: no shard"):
        merge([one, two, plain], output)
    with pytest.raises(GenreError, match="clips differs"):  # a file came between the shards
        merge([one, shard(tmp_path, 2, 2, "bde", "abcde")], output)
    with pytest.raises(GenreError, match="3 rows, but there were 4 clips"):
        merge([one, shard(tmp_path, 2, 2, "b", "abcd")], output)


@pytest.mark.parametrize(
    ("fingerprint", "mix", "message"),
    [
        (FINGERPRINT | {"packages": {"numpy": "2.1"}}, EVEN, "packages differs"),
        (FINGERPRINT | {"card": {"weights": {"sha256": "cd"}}}, EVEN, "weights differs"),
        (FINGERPRINT | {"card": {"weights": {"sha256": "ab"}}}, EVEN, "fingerprint differs"),
        (FINGERPRINT, EVEN | {"Rock": 0.5}, "mix differs"),
    ],
)
def test_shards_of_another_system_or_mix_of_the_same_name_are_refused(
    tmp_path: Path, fingerprint: Mapping[str, Any], mix: Mapping[str, float], message: str
) -> None:
    one = shard(tmp_path, 1, 2, "ac", "abcd")
    two = shard(tmp_path, 2, 2, "bd", "abcd", fingerprint, mix)
    with pytest.raises(GenreError, match=message):
        merge([one, two], tmp_path / "o.csv")
    assert not (tmp_path / "o.csv").exists()


def test_no_file_of_a_part_is_replaced(tmp_path: Path) -> None:
    one, two = written(tmp_path, "1.csv", "ab"), written(tmp_path, "2.csv", "cd")
    errors = submission.errors_path(two)
    errors.write_text('{"file_id": "c", "reason": "short"}\n')
    with pytest.raises(UsageError, match="is an input"):
        merge([one, two], errors, overwrite=True)
    assert "short" in errors.read_text()
