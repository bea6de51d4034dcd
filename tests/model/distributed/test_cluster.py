"""Runs on a real Ray cluster: two machines that are both this one."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from model.distributed.cluster import LOCAL, connected
from model.distributed.storage import Folder
from model.errors import GenreError
from tests.conftest import CLIPS, ROOT, Run
from tests.support.object_store import serving

pytest.importorskip("ray", reason="no Ray: install requirements/distributed.in")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
SECONDS = 300.0
BUCKET = f"tests-{uuid4().hex}"


@dataclass(frozen=True)
class Cluster:
    """A running cluster.

    Attributes:
        address: where it is.
        managers: process ids of its machines' managers, whose children the actors are.
        environment: for programs that use it.
    """

    address: str
    managers: list[int]
    environment: dict[str, str]

    def begin(self, *arguments: object, cpus: int = 1) -> "subprocess.Popen[str]":
        """A run with small blocks."""
        options = ["--ray", self.address, "--cpus", str(cpus), "--block", "2"]
        return subprocess.Popen(
            [sys.executable, "-m", "model.distributed", *map(str, arguments), *options],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def actors(self) -> list[int]:
        """Process ids of the actors that classify, oldest first."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                title = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if parent in self.managers and title.startswith(b"ray::MapWorker"):
                found.append(int(folder.name))
        return sorted(found)


@pytest.fixture(scope="module")
def store() -> Iterator[dict[str, str]]:
    """Variables by which to find an S3 server, none where there is no such server."""
    try:
        with serving(BUCKET) as variables:
            yield variables
    except pytest.skip.Exception:
        yield {}


@pytest.fixture(scope="module")
def cluster(store: dict[str, str]) -> Iterator[Cluster]:
    folder = tempfile.mkdtemp(prefix="ray", dir="/tmp")
    environment = os.environ | store
    environment |= {
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        "RAY_TMPDIR": folder,
        "TMPDIR": folder,
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # its name for: 127.0.0.1 is an address, too
        "RAY_raylet_start_wait_time_s": "120",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.ray_cluster"],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    try:
        address, managers = json.loads(process.stdout.readline())
        yield Cluster(address, managers, environment)
    finally:
        process.stdin.close()
        process.wait(60)
        process.stdout.close()
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample clips twice, and a file that is no audio."""
    folder = tmp_path_factory.mktemp("music")
    for path in CLIPS.glob("*.mp3"):
        shutil.copy(path, folder)
        shutil.copy(path, folder / f"{path.stem} again.mp3")
    (folder / "text.mp3").write_text("these are words")
    return folder


@pytest.fixture(scope="module")
def local(music: Path, predict: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with what a local run writes."""
    folder = tmp_path_factory.mktemp("local")
    done = predict(music, "-o", folder / "submission.csv", "--device", "cpu", "-q")
    assert done.returncode == 0, done.stderr
    return folder


def wait_for(what: Callable[[], object], process: "subprocess.Popen[str]") -> None:
    end = time.monotonic() + SECONDS
    while not what():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)


def finished(folder: Path) -> list[Path]:
    return sorted((folder / "blocks").glob("*.jsonl"))


def test_a_start_that_takes_too_long_is_told_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    import ray

    def late(**settings: object) -> None:
        raise Exception("The current node timed out during startup.")

    monkeypatch.setattr(ray, "init", late)
    told = r"timed out during startup.*less busy"
    with pytest.raises(GenreError, match=told), connected(LOCAL):
        pytest.fail("nothing is connected")


def test_a_killed_run_goes_on_and_a_killed_actor_costs_nothing(
    cluster: Cluster, music: Path, local: Path, tmp_path: Path
) -> None:
    first = cluster.begin(music, "-o", tmp_path / "out")
    wait_for(lambda: finished(tmp_path / "out"), first)
    first.kill()
    first.communicate()
    before = {path: path.stat().st_mtime_ns for path in finished(tmp_path / "out")}

    second = cluster.begin(music, "-o", tmp_path / "out")
    wait_for(lambda: len(finished(tmp_path / "out")) > len(before), second)
    (killed, *_) = cluster.actors()
    os.kill(killed, signal.SIGKILL)
    _, said = second.communicate(timeout=SECONDS)

    assert second.returncode == 0, said
    assert f"11 blocks, {len(before)} of them finished already" in said
    assert "Traceback" not in said
    assert {path: path.stat().st_mtime_ns for path in before} == before
    for name in ("submission.csv", "submission.errors.jsonl"):
        assert (tmp_path / "out" / name).read_bytes() == (local / name).read_bytes()


def test_two_machines_and_a_store_give_the_bytes_of_a_local_run(
    cluster: Cluster,
    store: dict[str, str],
    music: Path,
    local: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not store:
        pytest.skip("no S3 server: requirements/distributed.in has moto")
    for name, value in store.items():
        monkeypatch.setenv(name, value)
    folder = Folder(f"s3://{BUCKET}")
    for path in music.iterdir():
        folder.upload(str(path), f"music/{path.name}")
    process = cluster.begin(f"s3://{BUCKET}/music", "-o", f"s3://{BUCKET}/out")
    wait_for(lambda: len(cluster.actors()) == 2, process)
    printed, said = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, said
    assert printed == f"Output file written at s3://{BUCKET}/out/submission.csv\n"
    assert folder.read("out/submission.csv") == (local / "submission.csv").read_bytes()


def test_no_machine_with_room_is_told(cluster: Cluster, music: Path, tmp_path: Path) -> None:
    process = cluster.begin(music, "-o", tmp_path / "out", cpus=64)
    _, said = process.communicate(timeout=SECONDS)
    assert process.returncode == 1
    assert "no machine of the cluster has 64 CPUs" in said
    assert "Traceback" not in said


def test_a_machine_that_differs_ends_the_run_with_a_line(
    cluster: Cluster, music: Path, tmp_path: Path
) -> None:
    code = """
import sys
from model.run import identity
from model.distributed.__main__ import main
from model.errors import GenreError
known_by = identity.fingerprint
identity.fingerprint = lambda card, options: {**known_by(card, options), "program": "0"}
sys.exit(main(sys.argv[1:]))
"""
    options = ["--ray", cluster.address, "--cpus", "1"]
    done = subprocess.run(
        [sys.executable, "-c", code, str(music), "-o", str(tmp_path / "out"), *options],
        cwd=ROOT,
        env=cluster.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert done.returncode == 1
    first, last = done.stderr.splitlines()
    assert first == "1 blocks, 0 of them finished already"
    assert "a machine of the cluster differs from this one in: program" in last


def test_the_run_that_the_guide_shows_leaves_a_table_and_nothing_of_ray(
    cluster: Cluster, tmp_path: Path
) -> None:
    for name in ("model", "weights"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    python = tmp_path / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    (tmp_path / "music").mkdir()
    shutil.copy(CLIPS / "jazz-trio.mp3", tmp_path / "music")
    guide = (ROOT / "docs" / "distributed.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```\n(\.venv/.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    before = set(Path("/tmp").glob("ray*"))  # noqa: S108 - where cluster.py has Ray's files
    done = subprocess.run(
        ["bash", "-euc", code],
        cwd=tmp_path,
        env=cluster.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "genres" / "submission.csv").exists()
    assert set(Path("/tmp").glob("ray*")) == before  # noqa: S108


def test_options_that_the_guide_lists_exist() -> None:
    guide = (ROOT / "docs" / "distributed.md").read_text(encoding="utf-8")
    helped = subprocess.run(
        [sys.executable, "-m", "model.distributed", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    listed = re.findall(r"^(--[a-z-]+) ", guide, re.MULTILINE)
    assert len(listed) >= 5
    assert set(listed) <= set(re.findall(r"--[a-z-]+", helped))
