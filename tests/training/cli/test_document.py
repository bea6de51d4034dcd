"""The page of another folder of results: its tables are made from it, the documents stay."""

import contextlib
import io
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.support import cheap_system
from tests.support.invented import honest_logits, invented_table
from training.cli.main import main
from training.data.folds import OFFICIAL
from training.documents.rendering import DOCUMENTS
from training.evaluation import heldout


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Card and held-out logits of a system that was trained on a split."""
    table = invented_table(320)
    folds = np.array([int(group.split()[1]) // 16 % 2 for group in table.groups])
    logits = honest_logits(table.genres, sharpness=3.0)
    (tmp_path / "weights").mkdir()
    cheap_system.write_card(tmp_path / "weights")
    heldout.write(
        heldout.path_of(tmp_path / "results", "cheap"), table, {OFFICIAL: (folds, logits)}
    )
    return tmp_path


def document(place: Path, *more: str) -> tuple[int, str]:
    """Exit code and errors of the command."""
    with contextlib.redirect_stderr(io.StringIO()) as said:
        code = main(["document", "--results", str(place / "results"), *more])
    return code, said.getvalue()


def test_a_page_is_made_from_another_folder_of_results(place: Path) -> None:
    before = [(ROOT / name).read_bytes() for name in DOCUMENTS]
    results = str(place / "results")
    code, said = document(place)
    assert code == 1
    assert f"evaluate --system cheap --results {results}" in said
    assert main(["evaluate", "--system", "cheap", "--results", results, "--quick"]) == 0
    code, said = document(place)
    assert code == 1
    assert f"leaderboard --weights {place / 'weights'} --results {results}" in said
    weights = ["--weights", str(place / "weights")]
    assert main(["leaderboard", *weights, "--results", results, "--draws", "20"]) == 0

    assert document(place, "--check")[0] == 1
    assert document(place)[0] == 0
    text = (place / "results" / "results.md").read_text()
    for line in ("| `cheap` |", "## cheap", "### By genre", "| Rock |", "| the other part |"):
        assert f"\n{line}" in text
    assert text.count("the test part of a split") == 2
    assert document(place, "--check")[0] == 0
    assert document(place, *weights, "--out", str(place / "page"))[0] == 0
    other = (place / "page" / "results.md").read_text()
    assert "](../results/cheap.confusion.svg)" in other
    assert [(ROOT / name).read_bytes() for name in DOCUMENTS] == before
