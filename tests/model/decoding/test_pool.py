"""A crash, a hang or a bloat of a decoder costs one clip."""

import itertools
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from model import systems
from model.decoding.pool import Decoded, DecoderPool
from model.errors import GenreError
from model.systems import cards
from model.workers.pool import Limits
from tests.conftest import ROOT
from tests.support.runs import children

FRONT_END = cards.read(systems.DEFAULT, systems.WEIGHTS_FOLDER).front_end
BROKEN = "tests.support.broken_decoder"


def decoded(
    paths: Sequence[Path],
    workers: int = 2,
    seconds: float = 60.0,
    decoder: str = "model.decoding.worker",
) -> list[Decoded]:
    limits = Limits(seconds=seconds)
    with DecoderPool(FRONT_END, workers, limits, decoder) as pool:
        return list(pool.map([str(path) for path in paths], 4))


def test_answers_come_in_order_whatever_the_number_of_workers(clips: list[Path]) -> None:
    one, three = decoded(clips, workers=1), decoded(clips, workers=3)
    assert len(one) == len(clips)
    for single, several in zip(one, three, strict=True):
        assert single.frames is not None
        assert several.frames is not None
        assert single.frames.dtype == np.float16
        np.testing.assert_array_equal(single.frames, several.frames)


@pytest.mark.parametrize(
    ("behaviour", "reason", "detail"),
    [
        ("segfault", "crash", "SIGSEGV"),
        ("abort", "crash", "SIGABRT"),
        ("realtime", "crash", "by signal 40"),
        ("exit", "crash", "exit code 7"),
        ("hang", "timeout", "no answer within 5 s"),
        ("bloat", "memory", "more memory"),
    ],
)
def test_the_culprit_is_named_and_the_others_live(
    tmp_path: Path, clips: list[Path], behaviour: str, reason: str, detail: str
) -> None:
    for number in range(6):
        name = f"{number}-{behaviour if number in (1, 4) else 'good'}.mp3"
        shutil.copy(clips[number], tmp_path / name)
    answers = decoded(sorted(tmp_path.iterdir()), seconds=5.0, decoder=BROKEN)
    for number, answer in enumerate(answers):
        if number in (1, 4):
            assert answer.frames is None
            assert answer.notices[0].reason == reason
            assert detail in answer.notices[0].detail
        else:
            assert answer.frames is not None
            assert answer.notices == ()


def test_a_decoders_complaints_go_into_the_notice(
    tmp_path: Path, clips: list[Path], capfd: pytest.CaptureFixture[str]
) -> None:
    content = bytearray(clips[0].read_bytes())
    content[20_000:85_000] = bytes(65_000)
    (tmp_path / "hole.mp3").write_bytes(content)
    (answer,) = decoded([tmp_path / "hole.mp3"])
    assert "(decoder:" in answer.notices[0].detail
    assert capfd.readouterr().err == ""


def test_a_process_that_was_killed_from_outside_costs_no_clip(
    tmp_path: Path, clips: list[Path]
) -> None:
    """A clip is tried again once: not every death is the clip's fault."""
    for number in range(4):
        shutil.copy(clips[number], tmp_path / f"{number}-{'once' * (number == 2)}.mp3")
    answers = decoded(sorted(tmp_path.iterdir()), workers=1, decoder=BROKEN)
    assert all(answer.frames is not None for answer in answers)
    assert (tmp_path / "2-once.mp3.died").exists()


def test_processes_that_cannot_start_end_the_run(clips: list[Path]) -> None:
    with pytest.raises(GenreError, match="exit code 1"):
        decoded(clips[:3], decoder="tests.model.no_such_module")


def test_a_process_that_does_not_start_at_first_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRST_START", str(tmp_path / "started"))
    (answer,) = decoded([tmp_path / "a.mp3"], decoder="tests.support.deadly_worker")
    assert answer.frames is not None
    assert (tmp_path / "started").exists()


def test_time_in_which_the_program_is_suspended_does_not_count(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.model.decoding.test_pool import decoded\n"
        "path, decoder = Path(sys.argv[1]), 'tests.support.deadly_worker'\n"
        "print(decoded([path], seconds=2.0, decoder=decoder)[0].frames is not None)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path / "slow.mp3"],
        cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    while not (tmp_path / "slow.mp3.begun").exists() and process.poll() is None:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGSTOP)
    time.sleep(3)
    os.killpg(process.pid, signal.SIGCONT)
    assert process.communicate(timeout=60)[0] == "True\n"


def test_processes_start_while_another_thread_sets_variables(
    tmp_path: Path, clips: list[Path]
) -> None:
    """As TensorFlow's import does; an exec that reads the changing environment fails."""
    for number in range(12):
        shutil.copy(clips[0], tmp_path / f"{number:02}-once.mp3")
    stop = threading.Event()

    def set_variables() -> None:
        for number in itertools.cycle(range(4000)):
            if stop.is_set():
                return
            os.environ[f"_VARIABLE_{number}"] = "x" * (number % 50)
            if number == 3999:
                remove_variables()

    def remove_variables() -> None:
        for name in [name for name in os.environ if name.startswith("_VARIABLE_")]:
            del os.environ[name]

    thread = threading.Thread(target=set_variables)
    thread.start()
    try:
        answers = decoded(sorted(tmp_path.glob("*.mp3")), decoder=BROKEN)
    finally:
        stop.set()
        thread.join()
        remove_variables()
    assert all(answer.frames is not None for answer in answers)


def test_a_decoder_that_hangs_ends_with_the_block(tmp_path: Path, clips: list[Path]) -> None:
    shutil.copy(clips[0], tmp_path / "a.mp3")
    shutil.copy(clips[0], tmp_path / "b-hang.mp3")
    paths = [str(path) for path in sorted(tmp_path.iterdir())]
    with DecoderPool(FRONT_END, 1, decoder=BROKEN) as pool:
        answers = pool.map(paths, 4)
        assert next(answers).frames is not None
        before = children()
        assert before
    assert not children() & before


def test_a_path_that_cannot_be_had_ends_the_run_in_its_turn(clips: list[Path]) -> None:
    def missing() -> str:
        raise LookupError("no second path")

    with DecoderPool(FRONT_END, 2) as pool:
        answers = pool.map([str(clips[0]), missing, str(clips[1])], 4)
        assert next(answers).frames is not None
        with pytest.raises(LookupError, match="no second path"):
            next(answers)


def test_leaving_early_ends_it(clips: list[Path]) -> None:
    with DecoderPool(FRONT_END, 2) as pool:
        answers = pool.map([str(path) for path in clips], 4)
        assert next(answers).frames is not None


def test_an_abandoned_call_leaves_nothing_to_the_next(clips: list[Path]) -> None:
    whole = decoded(clips)
    with DecoderPool(FRONT_END, 2) as pool:
        assert next(pool.map([str(path) for path in clips], 4)).frames is not None
        pool.map([str(path) for path in clips], 4)
        again = list(pool.map([str(path) for path in reversed(clips)], 4))
    assert len(again) == len(clips)
    for one, other in zip(reversed(again), whole, strict=True):
        np.testing.assert_array_equal(one.frames, other.frames)


def test_a_closed_pool_refuses_work(clips: list[Path]) -> None:
    pool = DecoderPool(FRONT_END, 1)
    results = pool.map([str(path) for path in clips], 1)
    next(results)
    pool.close()
    with pytest.raises(GenreError, match="closed"):
        list(results)
    with pytest.raises(GenreError, match="closed"):
        pool.map([str(clips[0])])
