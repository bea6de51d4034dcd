"""The validator: every rule, with its line."""

import os
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import GraderError
from grader.judging import table as tables
from grader.judging.table import Violation, expected_ids, read_table
from model.genres import GENRES
from model.outputs import submission
from tests.grader.conftest import table_text
from tests.support.tables import write_table

IDS = ("a", "b", "c")
EVEN = ",".join(["0.0625"] * 16)
ARABIC = "\u0660.\u0660\u0666\u0662\u0665"


def violations(tmp_path: Path, text: str, ids: tuple[str, ...] | None = IDS) -> list[Violation]:
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode())
    return read_table(path, ids).violations


def test_a_right_table(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(table_text(*IDS))
    table = read_table(path, IDS)
    assert not table.violations
    assert table.rows == dict.fromkeys(IDS, (0.0625,) * 16)


def test_the_order_of_rows_is_free(tmp_path: Path) -> None:
    assert not violations(tmp_path, table_text("c", "a", "b"))


def test_windows_line_ends_are_tolerated(tmp_path: Path) -> None:
    assert not violations(tmp_path, table_text(*IDS).replace("\n", "\r\n"))


def row(*values: float) -> str:
    return ",".join(map(str, (*values, *[0.0625] * (16 - len(values)))))


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        (f"b.mp3,{EVEN}", "id-suffix"),
        (f"b.npy,{EVEN}", "id-suffix"),
        (f"/crowdai-payload/b,{EVEN}", "id-path"),
        (f",{EVEN}", "id-empty"),
        (f"x,{EVEN}", "id-unknown"),
        (f"a,{EVEN}", "row-twice"),
        (f"b,{EVEN},0.5", "cells"),
        ("b,0.5,0.5", "cells"),
        (f"b,{row().replace('0.0625', 'much', 1)}", "number"),
        (f"b,{row().replace('0.0625', '0.06_25', 1)}", "number"),
        (f"b,{row().replace('0.0625', ARABIC, 1)}", "number"),
        (f"b,{EVEN}{'0' * 2000}", "cells"),
        (f"{'b' * 2000},{EVEN}", "cells"),
        (f"b,{row(float('nan'))}", "finite"),
        (f"b,{row(float('inf'))}", "finite"),
        (f"b,{row(-0.0625, 0.1875)}", "range"),
        (f"b,{row(0.2)}", "sum"),
        ("", "cells"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, rule: str) -> None:
    lines = table_text(*IDS).splitlines()
    lines[2] = line
    found = violations(tmp_path, "\n".join(lines) + "\n")
    assert (rule, 3) in [(violation.rule, violation.line) for violation in found]
    # Nothing else is said but that the clip has lost its row, where it has.
    lost = {"id-empty", "id-unknown", "row-twice", "cells"}
    others = {violation.rule for violation in found} - {rule}
    assert others <= ({"row-missing"} if rule in lost else set())


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = table_text("a.mp3", "x") + f"b,{row(2.0)}\n"
    assert [(violation.rule, violation.line) for violation in violations(tmp_path, text)] == [
        ("id-suffix", 2), ("id-unknown", 3), ("range", 4), ("sum", 4), ("row-missing", None)
    ]  # fmt: skip


def test_lines_are_counted_as_an_editor_does(tmp_path: Path) -> None:
    text = table_text('"two\nlines"', "x")
    assert [violation.line for violation in violations(tmp_path, text, ("two\nlines",))] == [4]


def test_odd_separators_in_names_end_no_line(tmp_path: Path) -> None:
    assert not violations(tmp_path, table_text("a\u2028b", "c\x0bd"), ("a\u2028b", "c\x0bd"))


@pytest.mark.parametrize(
    ("header", "what"),
    [
        (",".join(["file_id", *reversed(GENRES)]), "not in the challenge's order"),
        (",".join(["file_id", *GENRES[:-1]]), "missing Spoken"),
        (",".join(["id", *GENRES]), "unknown 'id'"),
        ("\ufeff" + ",".join(["file_id", *GENRES]), "byte order mark"),
        (",".join(["file_id", *GENRES, "Spoken"]), "stands twice"),
    ],
)
def test_a_bad_header_is_told_apart(tmp_path: Path, header: str, what: str) -> None:
    text = "\n".join([header, *table_text(*IDS).splitlines()[1:]])
    found = [violation for violation in violations(tmp_path, text) if violation.rule == "header"]
    assert [violation.line for violation in found] == [1]
    assert what in found[0].what


@pytest.mark.parametrize("text", ["", table_text()])
def test_an_empty_table(tmp_path: Path, text: str) -> None:
    found = violations(tmp_path, text)
    assert {violation.rule for violation in found} >= {"empty", "row-missing"}
    assert sum(violation.rule == "row-missing" for violation in found) == 3


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b"file_id\xff\xfe")
    assert read_table(path, IDS).rules == {"unreadable"}


def test_a_quote_without_end(tmp_path: Path) -> None:
    found = violations(tmp_path, table_text("a") + '"b,0.5')
    assert "unreadable" in {violation.rule for violation in found}


def test_links_pipes_and_folders_are_no_tables(tmp_path: Path) -> None:
    (tmp_path / "right.csv").write_text(table_text(*IDS))
    (tmp_path / "link.csv").symlink_to("right.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "folder.csv").mkdir()
    for name in ("link.csv", "pipe.csv", "folder.csv", "none.csv"):
        assert read_table(tmp_path / name, IDS).rules == {"unreadable"}, name


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1), unique=True, min_size=1))
@settings(max_examples=60, deadline=None)
def test_whatever_the_product_writes_is_valid(
    tmp_path_factory: pytest.TempPathFactory, ids: list[str]
) -> None:
    path = tmp_path_factory.mktemp("table") / "table.csv"
    write_table(path, [submission.Row(file_id, (0.0625,) * 16) for file_id in ids])
    assert not read_table(path, ids).violations


@given(st.text(st.characters(codec="utf-8")))
@settings(max_examples=100, deadline=None)
def test_no_text_at_all_makes_it_stumble(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.mktemp("table") / "table.csv"
    path.write_text(text, newline="")
    assert read_table(path, IDS).violations


def test_expected_ids(tmp_path: Path) -> None:
    for name in ("b.mp3", "a.b.MP3", "notes.txt"):
        (tmp_path / name).touch()
    (tmp_path / os.fsdecode(b"\xff.mp3")).touch()
    (tmp_path / "folder.mp3").mkdir()
    assert expected_ids(tmp_path) == ["\\xff", "a.b", "b"]


def test_expected_ids_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(GraderError, match="no mp3 file"):
        expected_ids(tmp_path)
    with pytest.raises(GraderError, match="cannot be listed"):
        expected_ids(tmp_path / "none")


def test_an_entry_that_links_to_itself_is_a_clip_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "circle.mp3").symlink_to("circle.mp3")
    (tmp_path / "folder.mp3").mkdir()
    assert expected_ids(tmp_path) == ["circle"]


def test_probabilities_whose_sum_is_no_number(tmp_path: Path) -> None:
    found = violations(tmp_path, table_text("a", values=",".join(["1e308"] * 16)), ("a",))
    assert {violation.rule for violation in found} == {"range", "sum"}


@pytest.mark.parametrize("number", ["0.06_25", ARABIC, "\uff10.0625"])
def test_the_product_reads_the_same_numbers(tmp_path: Path, number: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(table_text("a").replace("0.0625", number, 1))
    with pytest.raises(submission.SubmissionError, match="line 2"):
        submission.read(path)


@pytest.mark.parametrize("line", ["", "x", '"a', f"x,{EVEN}", f"x,{row(2.0)}", "," * 60_000])
def test_a_large_wrong_table_costs_little_memory(tmp_path: Path, line: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(table_text() + f"{line}\n" * (1_000_000 // (len(line) + 1)))
    tracemalloc.start()
    table = read_table(path, IDS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert table.violations
    assert table.missing == list(IDS)
    assert len(table.violations) <= 4 * tables.MAX_VIOLATIONS
    assert peak < 5_000_000


def test_each_rule_is_listed_up_to_a_number_and_all_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "MAX_VIOLATIONS", 3)
    path = tmp_path / "table.csv"
    path.write_text(table_text(*"xxxxx", "a.mp3"))
    table = read_table(path, IDS)
    assert [violation.rule for violation in table.violations] == [
        *["id-unknown"] * 3, "id-suffix", *["row-missing"] * 2
    ]  # fmt: skip
    assert table.omitted == 2


def test_rows_and_lengths_end_at_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MAX_ROWS", 2)
    assert "more than 2 rows" in str(violations(tmp_path, table_text(*IDS)))
    assert not violations(tmp_path, table_text("a", "b"), ("a", "b"))
    in_one_row = table_text("a") + '"\n",' * 20_000
    assert f"more than {tables.MAX_ROW} characters" in str(violations(tmp_path, in_one_row))
