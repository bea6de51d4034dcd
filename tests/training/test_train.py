"""The whole training command in miniature, on the sample clips."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from model import cards, submission, systems
from model.genres import GENRES
from model.systems.base import Execution
from tests.training.test_checkpoint import mn04_like, write_checkpoint
from tests.training.test_dataset import write_table
from training.fit import Recipe
from training.train import Plan, train

GENRE_OF = {
    "blues-shuffle": "Blues",
    "classical-strings": "Classical",
    "rock-band": "Rock",
    "spoken-word": "Spoken",
}


@pytest.fixture
def plan(tmp_path: Path, clips: list[Path]) -> Plan:
    """Four genres with eight clips each, two folds, one epoch."""
    rows = [
        [f"{path.stem}-{copy}", path, GENRE_OF[path.stem], f"artist {copy} of {path.stem}", "own"]
        for path in clips
        if path.stem in GENRE_OF
        for copy in range(8)
    ]
    write_table(tmp_path, rows)
    rng = np.random.default_rng(0)
    (tmp_path / "embeddings").mkdir()
    np.savez(
        tmp_path / "embeddings" / "someone.npz",
        clip_id=[str(row[0]) for row in rows],
        emb=rng.normal(0, 1, (len(rows), 5)),
    )
    return Plan(
        data=tmp_path,
        initial=tmp_path / "mn04.pt",
        initial_sha256=write_checkpoint(tmp_path / "mn04.pt", mn04_like()),
        teachers=("someone",),
        folds=2,
        seed=0,
        work=tmp_path / "work",
        weights_folder=tmp_path / "weights",
        results_folder=tmp_path / "results",
        recipe=Recipe(epochs=1, batch=4, crop_frames=100),
    )


@pytest.mark.filterwarnings("default")
def test_training_writes_weights_that_predict_and_goes_on_where_it_stopped(
    plan: Plan, clips: list[Path]
) -> None:
    plan.work.mkdir()
    said: list[str] = []
    card = train(plan, said.append)
    assert sum("epoch" in line for line in said) == 3
    read = cards.read("mobilenet", plan.weights_folder)
    assert read == dataclasses.replace(card, training=read.training, validation=read.validation)
    assert read.validation["scores"]["mobilenet"]["clips"] == 32
    assert read.training["clips_of_genre"]["Rock"] == 8
    network = systems.load(read, plan.weights_folder).connect(Execution("cpu", 1, 2))
    silence = np.zeros((2, read.window_frames, read.front_end.mel_bands), np.float32)
    assert np.isfinite(network(silence)).all()
    table = (plan.results_folder / "mobilenet.heldout.csv").read_text().splitlines()
    assert table[0] == ",".join(["clip_id", "genre", "fold", *GENRES])
    assert len(table) == 33

    said.clear()
    again = train(plan, said.append)
    assert not any("epoch" in line for line in said)
    assert again.weights == card.weights
    assert json.dumps(again.validation) == json.dumps(card.validation)
    assert submission.HEADER[1:] == read.genres
