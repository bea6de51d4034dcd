"""Tables say the same in every format."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import GenreError, UsageError
from model.outputs import embeddings, formats, submission, table
from model.results import Result
from tests.support.answers import answer, sure_of, unknown

ANSWERS = [answer("a,\n'é\".mp3"), unknown("b"), answer("c.mp3", "Old-Time / Historic", 0.3)]


def read(path: Path) -> "pd.DataFrame":
    """A table as pandas reads it."""
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    if path.suffix == ".jsonl":
        lines = path.read_text(encoding="utf-8").split("\n")[:-1]
        return pd.DataFrame([json.loads(line) for line in lines])
    if path.suffix == ".xlsx":
        return pd.read_excel(path, keep_default_na=False)
    return pd.read_csv(path, float_precision="round_trip", keep_default_na=False)


LAYOUTS = [
    table.Layout(),
    table.Layout(("genre",), 0.5),
    table.Layout(("predicted", "probability", "genre"), 0.5, 3),
]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_format_holds_the_same_to_the_last_bit(tmp_path: Path, layout: table.Layout) -> None:
    frames = []
    for form in ("csv", "parquet", "jsonl"):
        path = tmp_path / f"o.{form}"
        assert formats.of(path) == form
        formats.write(path, form, layout.columns, map(layout.row, ANSWERS))
        frames.append(read(path))
    for frame in frames[1:]:
        pd.testing.assert_frame_equal(frame, frames[0], check_exact=True, check_dtype=False)
    formats.write(tmp_path / "o.xlsx", "xlsx", layout.columns, map(layout.row, ANSWERS))
    # A spreadsheet has 15 or 16 digits.
    pd.testing.assert_frame_equal(read(tmp_path / "o.xlsx"), frames[0], rtol=1e-14)
    assert list(frames[0].columns) == [*submission.HEADER, *layout.extra]
    if not layout.extra:
        assert [row.file_id for row in submission.read(tmp_path / "o.csv")] == [
            one.clip.file_id for one in ANSWERS
        ]
    if "genre" in layout.extra:
        assert list(frames[0]["genre"]) == ["Jazz", "unsure", "unsure"]
    if "predicted" in layout.extra:
        assert list(frames[0]["predicted"]) == ["yes", "no", "yes"]
        assert frames[0]["probability"][2] == round(max(ANSWERS[2].probabilities), 3)


def test_a_name_is_no_formula_in_a_spreadsheet(tmp_path: Path) -> None:
    from openpyxl import load_workbook

    layout = table.Layout()
    rows = map(layout.row, [answer('=HYPERLINK("x")'), answer("a\x07b")])
    formats.write(tmp_path / "o.xlsx", "xlsx", layout.columns, rows)
    sheet = load_workbook(tmp_path / "o.xlsx").active
    assert [cell.data_type for cell in sheet["A"]] == ["s", "s", "s"]
    assert [cell.value for cell in sheet["A"]] == ["file_id", '=HYPERLINK("x")', "a\\x07b"]


@pytest.mark.parametrize("name", ["o.json", "o.XLS", "o.tsv"])
def test_a_suffix_of_another_format_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="csv, parquet, jsonl or xlsx"):
        formats.of(Path(name))


@given(share=st.floats(0.1, 0.9), least=st.floats(0, 1))
def test_a_genre_is_named_from_its_least_probability_on(share: float, least: float) -> None:
    one = answer("x.mp3", "Folk", share)
    assert table.genre(one, least) == ("Folk" if max(sure_of("Folk", share)) >= least else "unsure")
    assert table.genre(unknown("x"), 0.0) == "unsure"


@pytest.mark.parametrize("form", formats.FORMATS)
def test_windows_are_rows_of_their_clips(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"w.{form}"
    formats.write(path, form, table.WINDOW_COLUMNS, table.window_rows(ANSWERS))
    frame = read(path)
    assert list(frame["start"]) == [0, 9.5, 0, 9.5]
    assert list(frame["file_id"].unique()) == [one.clip.file_id for one in ANSWERS if one.windows]
    np.testing.assert_array_equal(
        frame.iloc[:, 2:].to_numpy(float),
        [window.probabilities for one in ANSWERS for window in one.windows],
    )


@pytest.mark.parametrize("rows", [0, 1, formats.GROUP_ROWS + 1])
def test_parquet_takes_any_number_of_rows(tmp_path: Path, rows: int) -> None:
    columns = {"file_id": str, "start": float}
    cells: Iterator[formats.Row] = ([str(number), number / 3] for number in range(rows))
    formats.write(tmp_path / "o.parquet", "parquet", columns, cells)
    frame = pd.read_parquet(tmp_path / "o.parquet")
    assert list(frame.columns) == list(columns)
    assert frame["start"].to_list() == [number / 3 for number in range(rows)]


@pytest.mark.parametrize("name", ["e.npz", "e.parquet"])
@pytest.mark.parametrize("results", [ANSWERS, []], ids=["some", "none"])
def test_embeddings_are_those_of_the_predicted(
    tmp_path: Path, name: str, results: list[Result]
) -> None:
    path = tmp_path / name
    embeddings.write(path, results)
    known = [one for one in results if one.embedding is not None]
    if name.endswith("npz"):
        with np.load(path) as arrays:
            ids, values = arrays["file_id"].tolist(), arrays["embedding"]
        assert values.dtype == np.float32
        assert len(values) == len(known)
    else:
        frame = pd.read_parquet(path)
        ids, values = frame["file_id"].to_list(), frame["embedding"].to_list()
    assert ids == [one.clip.file_id for one in known]
    for found, one in zip(values, known, strict=True):
        np.testing.assert_array_equal(found, one.embedding)
    before = path.read_bytes()
    embeddings.write(path, results)
    assert path.read_bytes() == before


def test_a_missing_package_is_told_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(GenreError, match=r"pyarrow.*pip install"):
        formats.write(tmp_path / "o.parquet", "parquet", {}, [])
    with pytest.raises(GenreError, match=r"pyarrow.*pip install"):
        embeddings.write(tmp_path / "o.parquet", [])
    formats.write(tmp_path / "o.csv", "csv", {"file_id": str}, [])
    assert [path.name for path in tmp_path.iterdir()] == ["o.csv"]
