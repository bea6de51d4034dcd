"""The whole training command in miniature, on the sample clips."""

import dataclasses
import json
from pathlib import Path

import h5py
import numpy as np
import pytest
import soundfile

from model import systems
from model.outputs import submission
from model.systems import cards
from model.systems.base import Execution
from model.systems.ours.fusion import ARTIST
from tests.support.checkpoints import write_published
from tests.support.clip_tables import write_table
from training.architectures import front_ends
from training.architectures.systems import FUSION, SYSTEMS
from training.cli.main import main
from training.data import folds
from training.data.dataset import ClipTable, read_table
from training.evaluation import heldout
from training.initial import branches as initial
from training.optimization.config import FROZEN, SCRATCH, FinishingConfig, TrainingConfig
from training.trainers import half_precision
from training.trainers.ablation import AS_TRAINED, ablate
from training.trainers.half_precision import PrecisionError
from training.trainers.networks import Networks
from training.trainers.training_run import TrainingRun, train

GENRE_OF = {
    "blues-shuffle": "Blues",
    "classical-strings": "Classical",
    "rock-band": "Rock",
    "spoken-word": "Spoken",
}


SPEC = SYSTEMS["mobilenet"]
FEW = TrainingConfig(epochs=1, batch_size=8, crop_frames=320)
WINDOW_FRAMES = 320


@pytest.fixture
def table(tmp_path: Path, clips: list[Path], monkeypatch: pytest.MonkeyPatch) -> ClipTable:
    """Four genres with eight clips of three seconds each, and windows of three seconds."""
    monkeypatch.setitem(front_ends.WINDOW_FRAMES, FUSION, WINDOW_FRAMES)
    rows = []
    for clip in clips:
        if clip.stem in GENRE_OF:
            with soundfile.SoundFile(clip) as file:
                samples, rate = file.read(3 * file.samplerate), file.samplerate
            short = tmp_path / clip.name
            soundfile.write(short, samples, rate, format="WAV")
            rows += [
                [
                    f"{clip.stem}-{n}",
                    short,
                    GENRE_OF[clip.stem],
                    f"artist {n} of {clip.stem}",
                    "own",
                ]
                for n in range(8)
            ]
    write_table(tmp_path, rows)
    (tmp_path / "embeddings").mkdir()
    np.savez(
        tmp_path / "embeddings" / "someone.npz",
        clip_id=[str(row[0]) for row in rows],
        emb=np.random.default_rng(0).normal(0, 1, (len(rows), 5)),
    )
    return read_table(tmp_path / "clips.csv")


@pytest.fixture
def run(tmp_path: Path, table: ClipTable, monkeypatch: pytest.MonkeyPatch) -> TrainingRun:
    """Two folds, one epoch, random weights in the place of the published ones."""
    (tmp_path / "init").mkdir()
    (tmp_path / "runs" / "mobilenet").mkdir(parents=True)
    work = tmp_path / "runs" / "mobilenet"
    return TrainingRun(
        name="mobilenet",
        spec=SPEC,
        trainer=Networks(
            SPEC,
            work,
            FEW,
            FinishingConfig(),
            files=write_published(tmp_path / "init", monkeypatch),
            embeddings=tmp_path / "embeddings",
            teachers=("someone",),
        ),
        schemes={"cv0": folds.fold_numbers(table, 2, 0)},
        work=work,
        weights_folder=tmp_path / "weights",
        results_folder=tmp_path / "results",
    )


def assert_predicts(read: cards.Card, folder: Path) -> None:
    network = systems.load(read, folder).connect(Execution("cpu", 1, 2))
    silence = np.zeros((2, read.window_frames, read.front_end.width), np.float32)
    assert np.isfinite(network(silence)).all()


@pytest.mark.filterwarnings("default")
def test_training_writes_weights_that_predict_and_goes_on_where_it_stopped(
    run: TrainingRun, table: ClipTable
) -> None:
    said: list[str] = []
    card = train(run, table, said.append)
    assert sum("epoch" in line for line in said) == 3
    read = cards.read("mobilenet", run.weights_folder)
    assert read == dataclasses.replace(card, training=read.training, validation=read.validation)
    assert read.validation["scores"]["clips"] == 32
    assert read.training["clips_of_genre"]["Rock"] == 8
    assert [origin["licence"] for origin in read.training["initial_weights"]] == ["MIT", "MIT"]
    assert_predicts(read, run.weights_folder)
    held_out = heldout.read(heldout.path_of(run.results_folder, "mobilenet"))
    assert held_out.matches(table)

    said.clear()
    again = train(run, table, said.append)
    assert not any("epoch" in line for line in said)
    assert again.weights == card.weights
    assert json.dumps(again.validation) == json.dumps(card.validation)
    assert submission.HEADER[1:] == read.genres


@pytest.mark.filterwarnings("default")
def test_an_ablation_trains_again_only_what_the_changed_part_needs(
    run: TrainingRun, table: ClipTable
) -> None:
    said: list[str] = []
    wrong = np.random.default_rng(0).permutation(table.genres)  # labels that cannot be learned
    table = dataclasses.replace(table, genres=wrong)
    spec = dataclasses.replace(SPEC, parameters={"branches": [ARTIST]})  # the smallest one
    assert isinstance(run.trainer, Networks)
    run = dataclasses.replace(run, trainer=dataclasses.replace(run.trainer, spec=spec))
    names = ["labels alone, no teacher", "all layers trained for six epochs"]
    found = ablate(run, table, names, said.append)
    assert found["system"] == "mobilenet"
    first, finished, trained = found["variations"]
    assert first["name"] == AS_TRAINED
    assert first["excess"] == {"value": 0.0, "low": 0.0, "high": 0.0}
    for entry in (finished, trained):
        value = entry["scores"]["as_is"]["log_loss"]["value"]
        lost = value - first["scores"]["as_is"]["log_loss"]["value"]
        assert entry["excess"]["value"] == pytest.approx(lost, abs=2e-4)
        assert entry["excess"]["value"] != 0.0
    # Two folds of one epoch, whose last layer is fitted twice, and two of six epochs.
    assert sum("epoch " in line for line in said) == 2 + 12
    assert not run.weights_folder.exists()


@pytest.mark.filterwarnings("default")
def test_without_epochs_only_the_last_layer_is_fitted(run: TrainingRun, table: ClipTable) -> None:
    said: list[str] = []
    spec = dataclasses.replace(SPEC, parameters={"branches": [ARTIST]})  # the smallest one
    assert isinstance(run.trainer, Networks)
    trainer = dataclasses.replace(
        run.trainer, spec=spec, config=FROZEN, finishing=FinishingConfig(views=1)
    )
    run = dataclasses.replace(run, spec=spec, trainer=trainer)
    card = train(run, table, said.append)
    assert sum("features of all clips" in line for line in said) == 1
    assert not any("epoch 1" in line for line in said)
    network, start = (trainer.architecture.network(trainer.window_frames) for _ in range(2))
    network.load_weights(run.weights_folder / card.weights.file)
    assert trainer.files is not None
    initial.load(start, trainer.front_end, spec.branches, trainer.files)
    *trained, kernel, _ = network.get_weights()
    for found, expected in zip(trained, start.get_weights()[:-2], strict=True):
        np.testing.assert_array_equal(found, expected)
    assert kernel.any()
    assert card.training["config"]["epochs"] == 0

    said.clear()
    assert train(run, table, said.append).weights == card.weights
    assert not any("features of all clips" in line for line in said)


@pytest.mark.filterwarnings("default")
def test_one_part_is_only_trained_on_random_weights_do_and_half_precision_is_checked(
    run: TrainingRun, table: ClipTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with the official split of FMA: validation and test are predicted, training is fitted."""
    part = np.arange(len(table)) % 4
    split = folds.Split(*(np.flatnonzero(mask) for mask in (part > 1, part == 0, part == 1)))
    said: list[str] = []
    spec = dataclasses.replace(SPEC, parameters={"branches": SPEC.branches[:1]}, halved=True)
    config = dataclasses.replace(SCRATCH, epochs=1, crop_frames=200, batch_size=8)
    scratch = dataclasses.replace(
        run,
        spec=spec,
        trainer=Networks(spec, run.work, config),
        schemes={},
        split=split,
    )
    run.weights_folder.mkdir()
    shipped = run.weights_folder / "mobilenet.weights.h5"
    shipped.write_bytes(b"those of before")
    with monkeypatch.context() as patch:
        patch.setattr(half_precision, "TOLERANCE", -1.0)
        with pytest.raises(PrecisionError, match="changes by"):
            train(scratch, table, said.append)
    assert shipped.read_bytes() == b"those of before"
    card = train(scratch, table, said.append)
    assert any(line.startswith("half precision: 32 clips") for line in said)
    with h5py.File(shipped) as file:
        kinds: set[str] = set()
        file.visititems(lambda _, part: kinds.add(str(getattr(part, "dtype", ""))))
    assert "float16" in kinds
    assert card.training["clips"] == len(split.training) == 16
    assert card.training["initial_weights"] == []
    assert card.validation["scores"]["clips"] == 8
    assert sum(line.startswith("epoch 1 of 1: loss") for line in said) == 1
    assert sum("validation log loss" in line for line in said) == 1
    held_out = heldout.read(heldout.path_of(run.results_folder, "mobilenet"))
    assert (len(held_out), len(held_out.scored), held_out.repeats) == (16, 8, ["official"])
    assert_predicts(card, run.weights_folder)


@pytest.mark.filterwarnings("default")
def test_the_command_line_says_what_it_lacks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work = ["--work", str(tmp_path), "--replace"]
    assert main(["train", "--fma-root", str(tmp_path), "--init", "none", *work]) == 1
    assert "tracks.csv" in capsys.readouterr().err
    assert main(["train", "--data", str(tmp_path), "--init", str(tmp_path / "no"), *work]) == 1
    assert "clips.csv" in capsys.readouterr().err


def test_a_variation_that_is_unknown_or_impossible_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ["--data", str(tmp_path)]
    for arguments, problem in (
        ([*data, "--init", "none", "--variations", "no mask"], "no variation 'no mask'"),
        ([*data, "--system", "stft"], "a system of ours"),
    ):
        assert main(["ablate", *arguments]) == 2
        assert problem in capsys.readouterr().err
