"""The leaderboard: who takes part, on which clips, and what it says of them."""

import contextlib
import dataclasses
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.judging.metrics import clip_losses
from model import systems
from model.genres import GENRES
from model.probabilities import priors
from model.probabilities.calibration import Calibration, adapt
from model.systems import cards
from tests.support import cheap_system
from tests.support.invented import honest_logits, invented_table
from training.cli.main import main
from training.data.dataset import DatasetError
from training.data.folds import cross_validation
from training.documents import files, leaderboard_tables, pictures, rendering
from training.evaluation import baselines, costs, heldout, measures
from training.evaluation.costs import Cost
from training.evaluation.leaderboard import FILE, common_clips, gathered

CLIPS = 320


@dataclass(frozen=True)
class Finished:
    """What the command did: its place, what it wrote and what it said."""

    place: Path
    rows: dict[str, dict[str, Any]]
    said: str


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    place = filled(tmp_path_factory.mktemp("finished"))
    with contextlib.redirect_stderr(io.StringIO()) as said:
        assert run(place) == 0
    found = json.loads((place / "results" / FILE).read_text())
    return Finished(place, {row["name"]: row for row in found["systems"]}, said.getvalue())


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return filled(tmp_path)


def filled(place: Path) -> Path:
    """Cards, held-out logits and costs; one system has no costs, and one no logits."""
    weights = place / "weights"
    for folder in (weights, place / "results"):
        folder.mkdir()
    for card in (baselines.random(weights, 5), baselines.prior(weights)):
        cards.write(card, weights)
    cheap_system.write_card(weights)
    card = dataclasses.replace(cards.read("cheap", weights), calibration=Calibration(floor=0.2))
    cards.write(card, weights)
    warm = Calibration(temperature=2.0)
    cards.write(
        dataclasses.replace(
            card, name="again", architecture="agf", calibration=warm, calibrated=False
        ),
        weights,
    )
    cards.write(dataclasses.replace(card, name="untrained"), weights)
    write_logits(place, "cheap", sharpness=3.0)
    write_logits(place, "again", sharpness=1.0)
    measured = {name: Cost(10, 1_000_000, 2.0, 3.0) for name in ("cheap", "prior", "random")}
    costs.write(measured, {"made_by": "a test"}, place / "costs.json")
    return place


def write_logits(place: Path, name: str, sharpness: float, clips: int = CLIPS) -> None:
    table = invented_table(clips)
    sources = tuple("fma" if source == "source 7" else source for source in table.sources)
    table = dataclasses.replace(table, sources=sources)
    folds = cross_validation(table)["cv0"]
    logits = 2.0 * honest_logits(table.genres, sharpness)
    heldout.write(heldout.path_of(place / "results", name), table, {"cv0": (folds, logits)})


def run(place: Path) -> int:
    paths = {"weights": "weights", "results": "results", "costs": "costs.json", "pictures": "svg"}
    named = [word for key, path in paths.items() for word in (f"--{key}", str(place / path))]
    return main(["leaderboard", *named, "--draws", "20"])


def test_every_card_with_logits_has_a_row_in_the_order_of_log_loss(finished: Finished) -> None:
    found = finished.rows
    assert list(found)[:2] == ["cheap", "again"]
    assert set(found) == {"cheap", "again", "prior", "random"}
    assert found["cheap"]["cost"]["network_ms"] == 3.0
    assert found["again"]["cost"] is None
    assert "again has no costs yet" in finished.said
    assert "untrained is left out: untrained.heldout.npz is not there" in finished.said
    assert found["again"]["published"]["rank"] == 1
    assert found["cheap"]["published"] is None


def test_what_ships_is_what_the_card_says(finished: Finished) -> None:
    """A calibration may be a floor alone, and one that is not used may be more than that."""
    ships = {name: row["ships"] for name, row in finished.rows.items()}
    assert ships == {"cheap": "calibrated", "again": "raw", "prior": "raw", "random": "raw"}


def test_clips_of_fma_are_scored_as_a_system_ships(finished: Finished) -> None:
    held_out = heldout.read(heldout.path_of(finished.place / "results", "again"))
    _, logits = held_out.schemes["cv0"]
    chosen = np.array(held_out.sources) == "fma"
    mix = np.bincount(held_out.genres) / len(held_out)
    rows = adapt(Calibration().posteriors(logits), mix, priors.named("fma", ()))
    losses = clip_losses(rows, held_out.genres)[chosen]
    found = finished.rows["again"]["fma_clips"]
    assert found["clips"] == chosen.sum() > 0
    assert found["log_loss"]["value"] == pytest.approx(losses.mean(), abs=2e-3)


def test_raw_is_the_softmax_and_calibration_mends_it(finished: Finished) -> None:
    held_out = heldout.read(heldout.path_of(finished.place / "results", "cheap"))
    _, logits = held_out.schemes["cv0"]
    losses = clip_losses(Calibration().posteriors(logits), held_out.genres)
    row = finished.rows["cheap"]
    raw, calibrated = (row[kind]["as_is"]["log_loss"] for kind in ("raw", "calibrated"))
    assert raw["value"] == pytest.approx(losses.mean(), abs=5e-5)
    assert calibrated["value"] < raw["value"]
    assert raw["low"] < raw["value"] < raw["high"]


def test_what_does_not_listen_is_scored_without_a_file(finished: Finished) -> None:
    """Converted from its own mix to fma_medium's, ``prior`` is that mix: its loss is an entropy."""
    assert not heldout.path_of(finished.place / "results", "prior").exists()
    found = finished.rows
    mix = measures.medium_mix()
    entropy = float(-(mix * np.log(mix)).sum())
    row = found["prior"]["raw"]["fma_medium"]
    assert row["log_loss"]["value"] == pytest.approx(entropy, abs=1e-3)
    assert np.log(16) < found["random"]["raw"]["as_is"]["log_loss"]["value"] < np.log(16) + 0.1


def test_what_does_not_listen_answers_as_its_system_does(place: Path) -> None:
    held_out = heldout.read(heldout.path_of(place / "results", "cheap"))
    weights = place / "weights"
    logits = {
        name: baselines.held_out(cards.read(name, weights), weights, held_out).schemes["cv0"][1]
        for name in baselines.ARCHITECTURES
    }
    assert (logits["prior"] == logits["prior"][0]).all()
    assert len({tuple(row) for row in logits["random"].tolist()}) == CLIPS
    assert logits["random"].min() >= 0
    assert logits["random"].max() < 1
    assert logits["random"].shape == (CLIPS, len(GENRES))


def test_the_picture_names_what_has_costs_and_does_not_change(
    finished: Finished, tmp_path: Path
) -> None:
    path = finished.place / "svg" / "leaderboard.svg"
    board = json.loads((finished.place / "results" / FILE).read_text())
    assert pictures.draw_leaderboard(board, tmp_path).read_bytes() == path.read_bytes()
    text = path.read_text()
    assert {name for name in finished.rows if f">{name}<" in text} == {"cheap", "prior", "random"}


@pytest.mark.parametrize(("own", "renewed"), [("results", True), ("elsewhere", False)])
def test_documents_and_their_picture_are_renewed_from_the_projects_own_results(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    own: str,
    renewed: bool,
) -> None:
    monkeypatch.setattr(files, "RESULTS", place / own)
    monkeypatch.setattr(files, "PICTURES", place / "documents")
    monkeypatch.setattr(rendering, "renew", lambda: ["README.md"])
    monkeypatch.chdir(place)
    arguments = ["--weights", "weights", "--costs", "costs.json", "--draws", "20"]
    assert main(["leaderboard", *arguments, "--results", "results"]) == 0
    assert ("README.md: written" in capsys.readouterr().out) == renewed
    folders = (place / "documents", place / "results")
    drawn = [(folder / "leaderboard.svg").exists() for folder in folders]
    assert drawn == [renewed, not renewed]


def test_systems_are_scored_on_the_clips_that_all_were_scored_on(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Clips of one system alone, and its folds, change no score of another."""
    assert run(place) == 0
    alone = json.loads((place / "results" / FILE).read_text())
    few = invented_table(CLIPS).select(np.arange(0, CLIPS, 2))
    logits = 2.0 * honest_logits(few.genres, 1.0)
    folds = cross_validation(few, seed=1)["cv0"]
    heldout.write(heldout.path_of(place / "results", "again"), few, {"cv0": (folds, logits)})
    assert run(place) == 0
    both = json.loads((place / "results" / FILE).read_text())
    assert (alone["clips"], both["clips"]) == (CLIPS, CLIPS // 2)
    own = heldout.read(heldout.path_of(place / "results", "cheap"))
    shared = own.select(np.arange(0, CLIPS, 2))
    losses = clip_losses(Calibration().posteriors(shared.schemes["cv0"][1]), shared.genres)
    row = next(row for row in both["systems"] if row["name"] == "cheap")
    assert row["raw"]["as_is"]["log_loss"]["value"] == pytest.approx(losses.mean(), abs=5e-5)


def test_systems_without_a_common_clip_or_with_other_labels_are_refused(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = invented_table(CLIPS)
    path = heldout.path_of(place / "results", "cheap")
    schemes = {"cv0": (cross_validation(table)["cv0"], honest_logits(table.genres))}
    other = dataclasses.replace(table, genres=(table.genres + 1) % len(GENRES))
    heldout.write(path, other, schemes)
    assert run(place) == 1
    assert "other labels or groups" in capsys.readouterr().err
    heldout.write(path, dataclasses.replace(table, ids=tuple(f"x{i}" for i in table.ids)), schemes)
    assert run(place) == 1
    assert "no scored clip in common" in capsys.readouterr().err


def test_without_any_logits_there_is_no_leaderboard(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (place / "results").iterdir():
        path.unlink()
    assert run(place) == 1
    assert "no system of" in capsys.readouterr().err


def test_a_damaged_file_of_costs_is_named(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "costs.json").write_text("{}")
    assert run(place) == 1
    assert "costs.json: no file of costs" in capsys.readouterr().err


@pytest.mark.parametrize("block", ["leaderboard_scores", "leaderboard_costs"])
def test_tables_have_a_row_for_every_system(
    finished: Finished, monkeypatch: pytest.MonkeyPatch, block: str
) -> None:
    monkeypatch.setattr(files, "RESULTS", finished.place / "results")
    text = rendering.rendered(f"<!-- generated: {block} -->\n<!-- end -->")
    for name in finished.rows:
        assert f"\n| `{name}` |" in text


def test_the_published_rows_name_what_re_implements_them(
    finished: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "RESULTS", finished.place / "results")
    rows = leaderboard_tables.published().splitlines()[2:]
    assert len(rows) == 6
    assert rows[0].startswith("| minzwon & jaehun | `again` | 1 |")
    assert rows[5].startswith("| mimbres | - | 6 |")


def test_the_committed_leaderboard_has_not_drifted() -> None:
    """Scores that are quick to compute and all costs are those of today's cards and results."""
    again = "run python -m training leaderboard"
    found = {row["name"]: row for row in leaderboard_tables.board()["systems"]}
    entrants, left_out = gathered(systems.WEIGHTS_FOLDER, files.RESULTS)
    assert set(found) == {entrant.card.name for entrant in entrants}, again
    assert leaderboard_tables.board()["left_out"] == left_out, again
    clips = common_clips(entrants, files.RESULTS)
    known = costs.read()
    for entrant in entrants:
        row, card = found[entrant.card.name], entrant.card
        held_out = entrant.held_out
        chosen = np.isin(held_out.ids, clips)
        posteriors = Calibration().posteriors(held_out.schemes["cv0"][1][chosen])
        loss = clip_losses(posteriors, held_out.genres[chosen]).mean()
        assert row["raw"]["as_is"]["log_loss"]["value"] == pytest.approx(loss, abs=5e-5), again
        assert row["cost"] == dataclasses.asdict(known[card.name]), again
        assert row["summary"] == card.summary, again


def test_without_a_leaderboard_the_documents_say_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "RESULTS", tmp_path)
    with pytest.raises(DatasetError, match=r"training.*leaderboard"):
        leaderboard_tables.scores()
