"""Runs of the command line in processes of their own, and what they leave behind."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import pytest

from model.outputs import submission
from tests.conftest import ROOT
from tests.support import cheap_system


def start(weights: Path, *arguments: object, pause: float = 0.0) -> "subprocess.Popen[str]":
    """Start a run; its network takes ``pause`` seconds a call, so that a test can interrupt it."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.cheap_system", weights, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, cheap_system.PAUSE: str(pause)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(weights: Path, *arguments: object) -> "subprocess.CompletedProcess[str]":
    process = start(weights, *arguments)
    out, err = process.communicate(timeout=200)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def wait_for_rows(rows: Path) -> None:
    """Wait until a run has written the whole line of its first clip; a kill may cut a line off."""
    for _ in range(6000):
        if rows.exists() and b"\n" in rows.read_bytes():
            return
        time.sleep(0.01)
    pytest.fail("no clip was finished")


def errors(table: Path) -> dict[str, list[dict[str, str]]]:
    """Lines of the errors file by ``file_id``; none when there is no file."""
    path = submission.errors_path(table)
    found = defaultdict(list)
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        found[json.loads(line)["file_id"]].append(json.loads(line))
    return found


def children() -> set[int]:
    """Processes of ours that still run; a thread may end while its list is read."""
    found: set[int] = set()
    for path in Path(f"/proc/{os.getpid()}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found.update(map(int, path.read_text().split()))
    return found


def is_running(process: int) -> bool:
    """Whether a process is there and has not ended; its parent may be slow to notice the end."""
    try:
        status = Path(f"/proc/{process}/stat").read_text(encoding="ascii")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] not in "ZX"


def wait_for_end(process: int) -> None:
    """Wait until a process has ended; a signal takes effect only when the process runs again."""
    for _ in range(1000):
        if not is_running(process):
            return
        time.sleep(0.01)
    pytest.fail(f"process {process} still runs")
