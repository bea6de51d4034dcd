"""A run that was killed, ended or late goes on, and its table is the same to the byte."""

import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from model.outputs import submission
from model.run.journal import Journal
from tests.conftest import CLIPS
from tests.support.runs import errors, finish, start, wait_for_rows

CLIP_COUNT = 80


@pytest.fixture(scope="module")
def payload(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Links to the sample clips under many names, and two bad files."""
    folder = tmp_path_factory.mktemp("payload")
    samples = sorted(CLIPS.glob("*.mp3"))
    for number in range(CLIP_COUNT - 2):
        (folder / f"{number:03}.mp3").symlink_to(samples[number % len(samples)])
    (folder / "bad.mp3").write_text("not audio")
    (folder / "empty.mp3").touch()
    return folder


@pytest.fixture(scope="module")
def uninterrupted(
    weights: Path, payload: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[bytes, bytes, float]:
    """The table and the errors of a run that nothing disturbs, and the seconds it took."""
    table = tmp_path_factory.mktemp("whole") / "output.csv"
    begun = time.monotonic()
    done = finish(weights, payload, "-o", table)
    seconds = time.monotonic() - begun
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in table.parent.iterdir()) == [
        "output.csv",
        "output.errors.jsonl",
    ]
    return table.read_bytes(), submission.errors_path(table).read_bytes(), seconds


def kill_until_done(
    weights: Path, payload: Path, table: Path, kills: int, seconds: float, seed: int
) -> int:
    """Kill runs at random moments, then let the last one finish; returns the kills that hit."""
    moments = random.Random(seed)  # noqa: S311 - no secret
    hits = 0
    for _ in range(kills):
        process = start(weights, payload, "-o", table, "--workers", moments.choice([1, 2, 3]))
        try:
            process.wait(moments.uniform(0.1, seconds))
        except subprocess.TimeoutExpired:
            process.kill()
            hits += 1
        process.communicate()
        if process.returncode == 0:
            break
    assert finish(weights, payload, "-o", table).returncode == 0
    return hits


@pytest.mark.parametrize("seed", range(2))
def test_killed_runs_end_in_the_same_bytes(
    weights: Path,
    payload: Path,
    uninterrupted: tuple[bytes, bytes, float],
    tmp_path: Path,
    seed: int,
) -> None:
    table, beside, seconds = uninterrupted
    output = tmp_path / "output.csv"
    kill_until_done(weights, payload, output, 3, seconds, seed)
    assert output.read_bytes() == table
    assert submission.errors_path(output).read_bytes() == beside
    assert not (tmp_path / "output.csv.journal").exists()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_hundred_kills_end_in_the_same_bytes(
    weights: Path, payload: Path, uninterrupted: tuple[bytes, bytes, float], tmp_path: Path
) -> None:
    table, beside, seconds = uninterrupted
    hits = seed = 0
    while hits < 100:
        seed += 1
        output = tmp_path / str(seed) / "output.csv"
        hits += kill_until_done(weights, payload, output, 5, 0.9 * seconds, 1000 + seed)
        assert output.read_bytes() == table, seed
        assert submission.errors_path(output).read_bytes() == beside, seed


@pytest.mark.parametrize("gone", ["output.csv.journal", "."])
def test_a_journal_or_a_folder_that_goes_away_costs_nothing(
    weights: Path,
    payload: Path,
    uninterrupted: tuple[bytes, bytes, float],
    tmp_path: Path,
    gone: str,
) -> None:
    output = tmp_path / "out" / "output.csv"
    process = start(weights, payload, "-o", output, "--time-limit", "1e18", pause=0.25)
    wait_for_rows(output.parent / "output.csv.journal" / "rows.jsonl")
    shutil.rmtree(output.parent / gone)
    _, said = process.communicate(timeout=100)
    assert process.returncode == 0, said
    assert "Traceback" not in said
    assert output.read_bytes() == uninterrupted[0]


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["SIGTERM", "SIGINT"]
)
def test_a_signal_leaves_a_journal_to_go_on_from(
    weights: Path,
    payload: Path,
    uninterrupted: tuple[bytes, bytes, float],
    tmp_path: Path,
    number: int,
    code: int,
) -> None:
    output = tmp_path / "output.csv"
    process = start(weights, payload, "-o", output, pause=0.5)
    wait_for_rows(tmp_path / "output.csv.journal" / "rows.jsonl")
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == code, said
    assert "run the same command again to go on" in said
    assert "Traceback" not in said
    assert not output.exists()
    again = finish(weights, payload, "-o", output)
    assert "clips are in the journal already" in again.stderr
    assert output.read_bytes() == uninterrupted[0]


def test_with_partial_a_signal_gives_a_complete_table(
    weights: Path, payload: Path, tmp_path: Path, uninterrupted: tuple[bytes, bytes, float]
) -> None:
    output = tmp_path / "output.csv"
    process = start(weights, payload, "-o", output, "--partial", pause=0.5)
    wait_for_rows(tmp_path / "output.csv.journal" / "rows.jsonl")
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    rows = submission.read(output)
    assert len(rows) == CLIP_COUNT
    late = [lines for lines in errors(output).values() if lines[0]["reason"] == "time_limit"]
    assert 0 < len(late) < CLIP_COUNT
    assert f"{len(late)} clips not reached" in said
    assert finish(weights, payload, "-o", output).returncode == 0
    assert output.read_bytes() == uninterrupted[0]


def test_the_time_limit_gives_a_complete_table(
    weights: Path, payload: Path, tmp_path: Path
) -> None:
    output = tmp_path / "output.csv"
    done = finish(weights, payload, "-o", output, "--time-limit", "1s")
    assert done.returncode == 0, done.stderr
    assert "the time limit" in done.stderr
    assert len(submission.read(output)) == CLIP_COUNT
    assert {lines[0]["reason"] for lines in errors(output).values()} >= {"time_limit"}


def test_workers_and_batches_do_not_change_a_byte(
    weights: Path, payload: Path, uninterrupted: tuple[bytes, bytes, float], tmp_path: Path
) -> None:
    output = tmp_path / "output.csv"
    listed = tmp_path / "list.txt"
    files = sorted(payload.iterdir(), reverse=True)
    listed.write_text("".join(f"{path}\n" for path in files))
    assert (
        finish(weights, f"@{listed}", "-o", output, "--workers", 3, "--batch-size", 5).returncode
        == 0
    )
    assert output.read_bytes() == uninterrupted[0]


def test_a_journal_is_kept_when_asked_for_and_dropped_when_not_wanted(
    weights: Path, payload: Path, tmp_path: Path
) -> None:
    few = tmp_path / "few"
    few.mkdir()
    for name in ("000.mp3", "001.mp3"):
        shutil.copy(payload / name, few / name)
    output = tmp_path / "output.csv"
    assert finish(weights, few, "-o", output, "--keep-journal").returncode == 0
    again = finish(weights, few, "-o", output, "--keep-journal")
    assert "2 of 2 clips are in the journal already" in again.stderr
    anew = finish(weights, few, "-o", output, "--no-resume")
    assert "in the journal already" not in anew.stderr
    assert not (tmp_path / "output.csv.journal").exists()


def test_a_second_run_on_one_output_is_refused(
    weights: Path, payload: Path, tmp_path: Path
) -> None:
    output = tmp_path / "output.csv"
    with Journal(output, [], {}):
        second = finish(weights, payload, "-o", output)
    assert second.returncode == 1
    assert "another run is writing the same output" in second.stderr
    assert not output.exists()
    assert finish(weights, payload, "-o", output).returncode == 0
