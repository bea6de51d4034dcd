"""Real recordings from Debian packages through the whole program."""

from pathlib import Path

import pytest

from model import submission
from tests.conftest import ROOT, Run
from tests.recordings import DEFAULT_PACKAGES, RecordingUnavailable, excerpt, recordings


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_real_recordings_get_a_row_each(tmp_path: Path, predict: Run) -> None:
    payload = tmp_path / "payload"
    payload.mkdir()
    cache = ROOT / "cache" / "recordings"
    wanted = recordings(DEFAULT_PACKAGES)
    try:
        for number, recording in enumerate(wanted):
            made = excerpt(recording, cache)
            (payload / f"{number:03}.mp3").write_bytes(made.read_bytes())
    except RecordingUnavailable as error:
        pytest.skip(f"recordings cannot be had here: {error}")
    table = tmp_path / "output.csv"
    done = predict(payload, "-o", table, "--strict")
    assert done.returncode == 0, done.stderr
    rows = submission.read(table)
    assert [row.file_id for row in rows] == [f"{number:03}" for number in range(len(wanted))]
    # They differ in genre, so that a network that looks at nothing would not tell them apart.
    favourites = {row.probabilities.index(max(row.probabilities)) for row in rows}
    assert len(favourites) >= 3
