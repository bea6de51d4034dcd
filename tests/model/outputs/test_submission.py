"""A table reads back as it was written; what breaks a rule is refused."""

import csv
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.genres import GENRES
from model.outputs import submission
from model.outputs.submission import Row, SubmissionError
from tests.support.tables import write_table

HEADER = (
    "file_id,Blues,Classical,Country,Easy Listening,Electronic,Experimental,Folk,Hip-Hop,"
    "Instrumental,International,Jazz,Old-Time / Historic,Pop,Rock,Soul-RnB,Spoken"
)
names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
weights = st.lists(st.floats(1e-6, 1.0), min_size=16, max_size=16)


def row(name: str, values: list[float] | None = None) -> Row:
    odds = np.array(values or np.arange(1.0, 17.0))
    return Row(name, tuple((odds / odds.sum()).tolist()))


def test_the_header_is_the_challenges(tmp_path: Path) -> None:
    write_table(tmp_path / "o.csv", [])
    assert (tmp_path / "o.csv").read_text() == HEADER + "\n"


@given(table=st.dictionaries(names, weights, min_size=1, max_size=5))
def test_what_was_written_reads_back(
    tmp_path_factory: pytest.TempPathFactory, table: dict[str, list[float]]
) -> None:
    path = tmp_path_factory.mktemp("table") / "output.csv"
    rows = [row(name, values) for name, values in table.items()]
    write_table(path, rows)
    assert submission.read(path) == rows
    frame = pd.read_csv(path, dtype={"file_id": str}, keep_default_na=False)
    assert list(frame.columns) == HEADER.split(",")
    assert len(frame) == len(rows)
    assert np.abs(frame[list(GENRES)].sum(axis=1) - 1).max() < 1e-9


def test_ids_keep_their_zeros(tmp_path: Path) -> None:
    write_table(tmp_path / "o.csv", [row("000002")])
    assert (tmp_path / "o.csv").read_text().splitlines()[1].startswith("000002,")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a,0.5", "2 cells"),
        ("a," + ",".join(["0.0625"] * 15 + ["nan"]), "Spoken is nan"),
        ("a," + ",".join(["0.0"] * 15 + ["1.0"]), "Blues is 0.0"),
        ("a," + ",".join(["0.0625"] * 15 + ["0.07"]), "sum to"),
        ("a," + ",".join(["x"] * 16), "line 2"),
        ('"a', "cannot be read"),
    ],
)
def test_a_broken_row_is_named_with_its_line(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "broken.csv"
    path.write_text(f"{HEADER}\n{line}\n")
    with pytest.raises(SubmissionError, match=message):
        submission.read(path)


def test_a_repeated_id_and_a_wrong_header_are_refused(tmp_path: Path) -> None:
    twice = tmp_path / "twice.csv"
    write_table(twice, [row("a"), row("a")])
    with pytest.raises(SubmissionError, match="stands twice"):
        submission.read(twice)
    twice.write_text("id,Rock\n")
    with pytest.raises(SubmissionError, match="line 1"):
        submission.read(twice)


def test_errors_lie_beside_the_table() -> None:
    assert submission.errors_path(Path("/tmp/output.csv")) == Path("/tmp/output.errors.jsonl")  # noqa: S108
    assert submission.errors_path(Path("a.jsonl")) == Path("a.jsonl.errors.jsonl")


def test_numbers_are_written_to_the_last_bit(tmp_path: Path) -> None:
    third = Row("x", (1 / 3, 2 / 3 - 14e-9, *([1e-9] * 14)))
    write_table(tmp_path / "o.csv", [third])
    with (tmp_path / "o.csv").open() as file:
        cells = list(csv.reader(file))[1][1:]
    assert tuple(map(float, cells)) == third.probabilities
    assert math.fsum(map(float, cells)) == pytest.approx(1, abs=1e-9)
