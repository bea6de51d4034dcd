"""Runs that people, systems and files disturb: a state machine for hypothesis.

``python -m tests.support.run_machine STEPS`` does at least so many steps.

A folder of files changes between runs, options change, runs are killed, suspended, ended, or meet a
full disk. At any time: no input changes; a run that succeeds gives each mp3 a row; each row is that
of an undisturbed run, or the prior's where the errors file says why; a run that fails says so in
words; nothing is left but its journal, and after success not even that.
"""

import hashlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache, partial
from pathlib import Path
from typing import ClassVar, Final

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from model.clips import find
from model.genres import GENRES
from model.outputs import submission
from model.probabilities import priors
from tests.conftest import CLIPS, ROOT
from tests.support import cheap_system
from tests.support.runs import errors

STEPS_OF_A_MACHINE: Final = 20

_NAMES: Final = ("a.mp3", "b.mp3", "b.MP3", "c d.mp3", "line\nbreak.mp3", "caf\udce9.mp3", "=1.mp3")
_PRIORS: Final = ("fma", "uniform")
_PATIENCE_SECONDS: Final = 30.0
_FULL_DISK_BYTES: Final = 3000
"""Largest file that may be written: less than a table of two rows."""


def _contents() -> dict[str, bytes]:
    """Files that a clip may be."""
    whole = (CLIPS / "rock-band.mp3").read_bytes()
    hole = bytearray(whole)
    hole[20_000:60_000] = bytes(40_000)
    return {
        "whole": whole,
        "other": (CLIPS / "folk-waltz.mp3").read_bytes(),
        "cut": whole[: len(whole) // 2],
        "hole": bytes(hole),
        "tagged": b"ID3\x03\x00\x00\x00\x00\x00\x0a" + bytes(10) + whole,
        "text": b"not audio " * 500,
        "empty": b"",
    }


CONTENTS: Final = _contents()
DISTURBANCES: Final = ("none", "kill", "terminate", "suspend", "kill a worker", "full disk")


@cache
def weights() -> Path:
    """Folder with the card of the cheap system."""
    folder = Path(tempfile.mkdtemp(prefix="weights"))
    cheap_system.write_card(folder)
    return folder


@cache
def undisturbed(prior: str) -> Mapping[str, tuple[float, ...]]:
    """The row of each of ``CONTENTS`` in a run that nothing disturbs."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in CONTENTS.items():
            Path(folder, f"{name}.mp3").write_bytes(content)
        table = Path(folder, "o.csv")
        process = started([folder, "-o", table, "--prior", prior], Path(folder))
        _, said = process.communicate(timeout=200)
        assert process.returncode == 0, said
        return {row.file_id: tuple(row.probabilities) for row in submission.read(table)}


def started(
    arguments: list[object], temporary: Path, full_disk: bool = False
) -> "subprocess.Popen[str]":
    """A run in a session of its own."""
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (_FULL_DISK_BYTES,) * 2)
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.cheap_system", weights(), *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="surrogateescape",
        start_new_session=True,
        preexec_fn=limit if full_disk else None,
    )


def disturb(process: "subprocess.Popen[str]", how: str, seconds: float) -> None:
    """Do something to a run after some seconds."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    with suppress(ProcessLookupError, FileNotFoundError):  # it has ended meanwhile
        if how == "kill":
            process.kill()
        elif how == "terminate":
            process.terminate()
        elif how == "suspend":
            os.killpg(process.pid, signal.SIGSTOP)
            time.sleep(0.3)
            os.killpg(process.pid, signal.SIGCONT)
        elif how == "kill a worker":
            children = Path(f"/proc/{process.pid}/task").glob("*/children")
            for worker in [pid for path in children for pid in path.read_text().split()][:1]:
                os.kill(int(worker), signal.SIGKILL)


def is_running(session: int) -> bool:
    """Whether a process of a session still runs."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, *_, own = path.read_text().rpartition(")")[2].split()[:4]
            if int(own) == session and state not in "ZX":
                return True
    return False


class RunMachine(RuleBasedStateMachine):
    """A folder, and runs of the program on it that write one table.

    Attributes:
        steps: how many steps of each kind all machines have taken.
    """

    steps: ClassVar[Counter[str]] = Counter()

    @initialize()
    def begin(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="machine"))
        self.music, self.out, self.temporary = (self.home / name for name in ("in", "out", "tmp"))
        for folder in (self.music, self.out, self.temporary):
            folder.mkdir()
        self.held: dict[str, str] = {}
        self.change("a.mp3", "whole")

    def teardown(self) -> None:
        if hasattr(self, "home"):
            shutil.rmtree(self.home)

    @rule(name=st.sampled_from(_NAMES), content=st.sampled_from(sorted(CONTENTS)))
    def change(self, name: str, content: str) -> None:
        """Add a file, or put another in its place."""
        self.steps["change"] += 1
        (self.music / name).write_bytes(CONTENTS[content])
        self.held[name] = content

    @rule(name=st.sampled_from(_NAMES))
    def remove(self, name: str) -> None:
        self.steps["remove"] += 1
        if len(self.held) > 1 and name in self.held:
            del self.held[name]
            (self.music / name).unlink()

    @rule(name=st.sampled_from(_NAMES))
    def touch(self, name: str) -> None:
        self.steps["touch"] += 1
        if name in self.held:
            (self.music / name).touch()

    @rule(
        how=st.sampled_from(DISTURBANCES),
        seconds=st.floats(0.0, 3.0),
        prior=st.sampled_from(_PRIORS),
        options=st.sets(
            st.sampled_from(("--partial", "--workers=2", "--batch-size=3", "--no-resume"))
        ),
    )
    def run(self, how: str, seconds: float, prior: str, options: set[str]) -> None:
        self.steps[f"run: {how}"] += 1
        arguments = [self.music, "-o", self.out / "o.csv", "--prior", prior, *sorted(options)]
        with self._nothing_changes():
            process = started(arguments, self.temporary, how == "full disk")
            disturb(process, how, seconds)
            _, said = process.communicate(timeout=200)
        self._nothing_runs(process.pid)
        assert "Traceback" not in said, said
        if process.returncode == 0:
            self._rows_are_right(prior)
            left = {path.name for path in self.out.iterdir()}
            if "not reached" in said:
                left -= {"o.csv.journal"}
            assert left <= {"o.csv", "o.errors.jsonl"}, left
            assert not list(self.temporary.iterdir())
        else:
            assert how in ("kill", "terminate", "full disk"), said
            assert process.returncode < 0 or said.strip()  # a signal may come before Python is up

    @contextmanager
    def _nothing_changes(self) -> Iterator[None]:
        before = self._inputs()
        yield
        assert self._inputs() == before

    def _inputs(self) -> dict[str, tuple[str, int]]:
        return {
            path.name: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
            for path in self.music.iterdir()
        }

    def _nothing_runs(self, session: int) -> None:
        """Workers see that the program is gone, and end."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while is_running(session) and time.monotonic() < until:
            time.sleep(0.01)
        assert not is_running(session)

    def _rows_are_right(self, prior: str) -> None:
        table = self.out / "o.csv"
        rows = {row.file_id: tuple(row.probabilities) for row in submission.read(table)}
        clips = find([str(self.music)]).clips
        assert list(rows) == [clip.file_id for clip in clips]
        noted, mix = errors(table), priors.named(prior, [1.0] * len(GENRES))
        for clip in clips:
            if rows[clip.file_id] == undisturbed(prior)[self.held[clip.name]]:
                continue
            assert [line["row"] for line in noted[clip.file_id]].count("prior"), clip
            assert rows[clip.file_id] == tuple(mix.tolist()), clip


def take(steps: int, derandomize: bool = False) -> dict[str, int]:
    """Do at least so many steps; returns how many of each kind.

    Args:
        steps: number of steps.
        derandomize: whether to do the same steps each time.
    """
    RunMachine.steps.clear()
    while RunMachine.steps.total() < steps:
        run_state_machine_as_test(
            RunMachine,
            settings=settings(
                max_examples=max(3, steps // STEPS_OF_A_MACHINE),
                derandomize=derandomize,
                stateful_step_count=min(steps, STEPS_OF_A_MACHINE),
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            ),
        )
    return dict(RunMachine.steps)


if __name__ == "__main__":
    print(take(int(sys.argv[1])))
