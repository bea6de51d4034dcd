"""A worker process has its limits before it opens anything."""

from pathlib import Path

import pytest

from model.decoding.pool import DecoderPool
from model.workers.process import address_space
from tests.model.decoding.test_pool import FRONT_END
from tests.support.runs import children

GIB = 1 << 30


def test_a_worker_is_the_first_that_the_system_ends(clips: list[Path]) -> None:
    before = children()
    with DecoderPool(FRONT_END, 1) as pool:
        next(pool.map([str(clips[0])]))
        (worker,) = children() - before
        score = int(Path(f"/proc/{worker}/oom_score_adj").read_text(encoding="ascii"))
    assert score == 1000
    assert int(Path("/proc/self/oom_score_adj").read_text(encoding="ascii")) < 1000


@pytest.mark.parametrize(
    ("files", "wanted", "expected"),
    [
        ({}, 4 * GIB, 4 * GIB),
        ({"memory.max": "max\n"}, 4 * GIB, 4 * GIB),
        ({"memory.max": f"{3 * GIB}\n"}, 4 * GIB, 3 * GIB),
        ({"memory.max": f"{GIB // 4}\n"}, 4 * GIB, GIB),
        ({"memory.max": f"{GIB // 4}\n"}, GIB // 2, GIB // 2),
        ({"memory/memory.limit_in_bytes": f"{5 * GIB // 2}\n"}, 4 * GIB, 5 * GIB // 2),
        ({"memory/memory.limit_in_bytes": f"{1 << 62}\n"}, 4 * GIB, 4 * GIB),
    ],
)
def test_a_worker_may_use_what_the_control_group_has(
    tmp_path: Path, files: dict[str, str], wanted: int, expected: int
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="ascii")
    assert address_space(wanted, tmp_path) == expected
