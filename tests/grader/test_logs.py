"""The log of a run: kept up to a size."""

import subprocess
import sys
from pathlib import Path

import pytest

from grader import logs


def kept(code: str, path: Path) -> str:
    """Log of a Python program, and proof that it could write all it wanted."""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert process.stdout is not None
    writer = logs.LogWriter(process.stdout, path)
    writer.start()
    writer.join(timeout=60)
    assert process.wait(timeout=60) == 0
    return logs.read_log(path)


def test_a_log_is_cut_and_its_program_is_not_held_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "LARGEST", 1000)
    log = kept("for n in range(100_000): print('line', n)", tmp_path / "log")
    assert log.startswith("line 0\nline 1\n")
    assert log.endswith("[the log is longer; the rest was not saved]\n")
    assert len(log) < 1100


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    log = kept(r"import os; os.write(1, b'\xff\x00 end')", tmp_path / "log")
    assert log.endswith(" end")


def test_no_log() -> None:
    assert logs.read_log(Path("/none")) == ""
