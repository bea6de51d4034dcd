"""The evaluation command: from held-out logits to scores, pictures and tables."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from grader.judging.metrics import score
from model.genres import GENRES
from tests.support.invented import honest_logits, invented_held_out, invented_table
from training.cli.main import main
from training.data.dataset import DatasetError
from training.data.folds import source_folds
from training.documents import files, rendering, system_tables
from training.evaluation import calibration, heldout
from training.evaluation.measures import AS_IS


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Held-out logits of the system ``invented`` and what the command made of them."""
    folder = tmp_path_factory.mktemp("results")
    table, held_out = invented_table(320), invented_held_out(320, temperature=2.0)
    heldout.write(heldout.path_of(folder, "invented"), table, held_out.schemes)
    assert run(folder) == 0
    return folder


def run(folder: Path, *more: str) -> int:
    fixed = ["--results", str(folder), "--pictures", str(folder / "pictures"), "--quick"]
    return main(["evaluate", *fixed, "--system", "invented", *more])


def test_scores_are_those_of_nested_calibration(folder: Path) -> None:
    found = json.loads((folder / "invented.json").read_text())
    held_out = heldout.read(heldout.path_of(folder, "invented"))
    expected = [
        score(calibration.held_out_posteriors(logits, held_out.genres, folds), held_out.genres)
        for folds, logits in (held_out.schemes[name] for name in ("cv0", "cv1"))
    ]
    for name in ("log_loss", "accuracy", "macro_f1"):
        mean = np.mean([getattr(scores, name) for scores in expected])
        assert found["scores"][AS_IS][name]["value"] == pytest.approx(mean, abs=1e-4)
        first = found["first_repeat"][AS_IS][name]["value"]
        assert first == pytest.approx(getattr(expected[0], name), abs=1e-4)
    assert found["repeats"] == 2
    assert found["source_out"]["source"]["folds"] == 4
    assert len(found["genres"]) == 16
    assert len(found["worst"]) == 3
    assert "estimate" in found["priors"]["largest_excess"]


def test_the_same_logits_give_the_same_files_and_pictures_lie_with_results(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PICTURES", tmp_path / "documents")
    shutil.copy(heldout.path_of(folder, "invented"), tmp_path)
    arguments = ["--results", str(tmp_path), "--quick", "--system", "invented"]
    assert main(["evaluate", *arguments]) == 0
    assert not (tmp_path / "documents").exists()
    again = {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert again == {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    svg = again["invented.confusion.svg"].decode()
    assert "Old-Time / Historic" in svg
    assert "dc:date" not in svg


def test_logits_of_other_clips_are_refused(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = invented_table(320)
    with (tmp_path / "clips.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["clip_id", "file", "genre", "group", "source"])
        writer.writerow([table.ids[0], "a.mp3", "Rock", "someone", "somewhere"])
    assert run(folder, "--data", str(tmp_path)) == 1
    assert "other clips than in" in capsys.readouterr().err


def test_what_was_never_trained_cannot_be_evaluated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path) == 1
    assert "python -m training" in capsys.readouterr().err
    table = invented_table(320)
    only = {"source": (source_folds(table), honest_logits(table.genres))}
    heldout.write(heldout.path_of(tmp_path, "invented"), table, only)
    assert run(tmp_path) == 1
    assert "neither the scheme cv0 nor official" in capsys.readouterr().err


def test_probes_are_fitted_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = invented_table(320)
    (tmp_path / "embeddings").mkdir()
    features = honest_logits(table.genres)
    np.savez(tmp_path / "embeddings" / "one.npz", clip_id=np.array(table.ids), emb=features)
    with (tmp_path / "clips.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["clip_id", "file", "genre", "group", "source"])
        for row, clip in enumerate(table.ids):
            genre = GENRES[table.genres[row]]
            writer.writerow([clip, "a.mp3", genre, table.groups[row], table.sources[row]])
    arguments = ["--probes", "--names", "one", "--repeats", "1", "--quick"]
    assert main(["evaluate", *arguments, "--results", str(tmp_path), "--data", str(tmp_path)]) == 0
    (found,) = json.loads((tmp_path / "probes.json").read_text())["probes"]
    assert found["name"] == "one"
    assert found["features"] == 16
    assert set(found["source_out"]) == {"source", "each_source"}
    assert 0.2 < found["scores"][AS_IS]["accuracy"]["value"] < 1
    capsys.readouterr()
    assert main(["evaluate", *arguments, "--results", str(tmp_path)]) == 1
    assert "--probes needs --data" in capsys.readouterr().err


@pytest.mark.parametrize(
    "block",
    [
        "scores",
        "genres",
        "sources",
        "sources_left_out",
        "calibration",
        "priors",
        "worst",
        "fma_clips",
    ],
)
def test_tables_follow_the_results(
    folder: Path, monkeypatch: pytest.MonkeyPatch, block: str
) -> None:
    monkeypatch.setattr(files, "RESULTS", folder)
    text = f"before <!-- generated: {block} invented -->\nfiller\n<!-- end --> after"
    written = rendering.rendered(text)
    assert written.startswith("before")
    assert written.endswith("after")
    assert "| " in written
    assert "filler" not in written
    assert rendering.rendered(written) == written


def test_the_candidates_have_a_row_for_every_result(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "RESULTS", folder)
    found = json.loads((folder / "invented.json").read_text())
    losses = [found["source_out"]["source"], found["first_repeat"][AS_IS]]
    source_out, artists_out = (scores["log_loss"]["value"] for scores in losses)
    assert f"| **invented** | {source_out:.3f} |" in system_tables.candidates("invented")
    (folder / "probes.json").write_text(
        json.dumps({"probes": [{**found, "name": "one", "features": 16}]})
    )
    (folder / "other.json").write_text("{}")
    assert "| uniform, for every clip | - | - | 2.773 |" in system_tables.candidates("invented")
    try:
        assert f" | {artists_out:.3f} | " in system_tables.candidates("invented")
        assert f"| probe one | {source_out:.3f} |" in system_tables.candidates("invented")
        assert len(system_tables.candidates("invented").splitlines()) == 6
    finally:
        (folder / "probes.json").unlink()
        (folder / "other.json").unlink()


def test_small_sources_of_a_genre_are_counted_together(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "RESULTS", folder)
    monkeypatch.setattr(system_tables, "_MOST_SOURCES", 1)
    table = invented_table(320)
    rows = system_tables.origins("invented").splitlines()[2:]
    for index, (row, genre) in enumerate(zip(rows, GENRES, strict=True)):
        name, clips, _, _, sources = row.strip("| ").split(" | ")
        assert (name, int(clips)) == (genre, int((table.genres == index).sum()))
        counts = [int(named.rpartition(" ")[2]) for named in sources.split(", ")]
        assert sum(counts) == int(clips)
        assert "others" in sources or len(counts) == 1


def test_a_system_without_results_says_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "RESULTS", tmp_path)
    with pytest.raises(DatasetError, match=r"training.*evaluate --system invented"):
        system_tables.scores("invented")
