"""The benchmarks still run; what they say about speed is not a test's business."""

from pathlib import Path

import pytest

from benchmarks import pipeline, scale


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_case_runs_and_the_naive_way_gives_our_probabilities(
    tmp_path: Path, clips: list[Path]
) -> None:
    paths = [str(path) for path in clips]
    place = scale.links(paths, pipeline.FEW + 2, tmp_path)
    text = pipeline.measured(place, rounds=1, folder=tmp_path)
    for case in ("decode", "front end", "ours", "naive"):
        assert f"| {case} |" in text
    apart = float(text.rpartition("ours and naive: ")[2])
    assert apart < 1e-3
