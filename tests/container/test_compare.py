"""The comparison of a submission from the container with one from outside."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from model.outputs.submission import Row, errors_path
from tests.support.tables import write_table

EVEN = (1 / 16,) * 16
Submit = Callable[..., Path]


@pytest.fixture
def submit(tmp_path: Path) -> Submit:
    """Writes a submission of clips "a", "b" and so on, with notes (file_id, reason, row)."""

    def submit(name: str, *rows: tuple[float, ...], notes: tuple[str, ...] = ()) -> Path:
        path = tmp_path / name
        write_table(path, (Row("abc"[i], values) for i, values in enumerate(rows)))
        entries = [{"file_id": "a", "reason": note, "row": "model", "path": name} for note in notes]
        errors_path(path).write_text("".join(json.dumps(entry) + "\n" for entry in entries))
        return path

    return submit


def moved(by: float) -> tuple[float, ...]:
    return (EVEN[0] + by, EVEN[1] - by, *EVEN[2:])


def test_equal_submissions(compare: ModuleType, submit: Submit) -> None:
    outside = submit("outside.csv", EVEN, EVEN, notes=("short", "long"))
    inside = submit("inside.csv", EVEN, moved(5e-6), notes=("long", "short"))
    assert compare.main(outside, inside) == 0


@pytest.mark.parametrize(
    ("rows", "notes", "told"),
    [
        ((EVEN, moved(2e-5)), (), "'b': probabilities 2e-05 apart"),
        ((EVEN,), (), "2 outside, 1 inside"),
        ((EVEN, EVEN), ("short",), "only inside: ('a', 'short', 'model')"),
    ],
)
def test_differences_are_told(
    compare: ModuleType,
    submit: Submit,
    capsys: pytest.CaptureFixture[str],
    rows: tuple[tuple[float, ...], ...],
    notes: tuple[str, ...],
    told: str,
) -> None:
    outside, inside = submit("outside.csv", EVEN, EVEN), submit("inside.csv", *rows, notes=notes)
    assert compare.main(outside, inside) == 1
    assert told in capsys.readouterr().out


def test_two_empty_or_missing_submissions_are_not_equal(
    compare: ModuleType, submit: Submit, tmp_path: Path
) -> None:
    assert compare.main(submit("outside.csv"), submit("inside.csv")) == 1
    assert compare.main(tmp_path / "none.csv", tmp_path / "none.csv") == 1
