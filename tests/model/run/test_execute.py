"""What one run keeps, by what was asked for and by the system."""

import time
from functools import partial
from pathlib import Path

import pytest

from model import systems
from model.clips import find
from model.decoding.pool import DecoderPool
from model.errors import GenreError
from model.options import EMBEDDING, LIKENESS, THUMBNAIL, WINDOWS, Options
from model.outputs import submission
from model.run.execute import array_names, execute
from model.run.identity import fingerprint
from model.systems import cards
from model.workers.pool import Limits

PLACE = Path("there.npz")


@pytest.mark.parametrize(
    ("asked", "system", "expected"),
    [
        ({}, "mobilenet", set()),
        ({"per_window": PLACE}, "mobilenet", {WINDOWS}),
        ({"embeddings": PLACE}, "mobilenet", {EMBEDDING}),
        ({"report": PLACE}, "mobilenet", {WINDOWS, LIKENESS, THUMBNAIL}),
        ({"report": PLACE}, "stft", {WINDOWS, LIKENESS, THUMBNAIL}),
        ({"report": PLACE}, "svm", {WINDOWS, LIKENESS}),
    ],
)
def test_a_picture_is_kept_where_there_is_one(
    asked: dict[str, Path], system: str, expected: set[str]
) -> None:
    options = Options((), PLACE, system, **asked)  # type: ignore[arg-type]
    assert array_names(options, cards.read(system, systems.WEIGHTS_FOLDER)) == expected


def run(
    folder: Path, monkeypatch: pytest.MonkeyPatch, decoder: str, **options: object
) -> dict[str, tuple[float, ...]]:
    """Rows by id of a run with a quick system and other worker processes."""
    pool = partial(DecoderPool, limits=Limits(seconds=1.0), decoder=decoder)
    monkeypatch.setattr("model.run.execute.DecoderPool", pool)
    output = folder / "o.csv"
    asked = Options((str(folder),), output, "prior", **options)  # type: ignore[arg-type]
    found = find(asked.sources)
    execute(asked, found, time.monotonic(), lambda steps, *_: steps, lambda *_: None)
    return {row.file_id: row.probabilities for row in submission.read(output)}


def test_a_clip_that_timed_out_is_tried_once_more_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "slow-once"):
        (tmp_path / f"{name}.mp3").touch()
    rows = run(tmp_path, monkeypatch, "tests.support.deadly_worker", workers=2)
    assert list(rows) == ["a", "slow-once"]
    assert not submission.errors_path(tmp_path / "o.csv").exists()


def test_without_worker_processes_a_partial_table_has_all_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in "ab":
        (tmp_path / f"{name}.mp3").touch()
    with pytest.raises(GenreError, match="cannot start a worker process"):
        run(tmp_path, monkeypatch, "tests.no_such_module")
    assert not (tmp_path / "o.csv").exists()
    assert list(run(tmp_path, monkeypatch, "tests.no_such_module", partial=True)) == ["a", "b"]
    assert "2 clips not reached and given the prior" in caplog.text


def test_what_changes_last_digits_is_in_the_fingerprint() -> None:
    card = cards.read("stft", systems.WEIGHTS_FOLDER)
    one, other = (Options((), PLACE, "stft", batch_size=size) for size in (2, 3))
    assert fingerprint(card, one) != fingerprint(card, other)
