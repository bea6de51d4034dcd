"""Names, lists, files and systems that are hostile: a table where one is possible, or one line."""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from model.outputs import submission
from tests.conftest import CLIPS, ROOT, Run
from tests.support.runs import errors


@pytest.mark.parametrize("name", ["-x", "@x"])
def test_run_sh_takes_any_name_for_a_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "a.mp3").touch()
    variables = {"TEST_DIRECTORY": name, "OUTPUT_PATH": "o.csv", "SYSTEM": "prior"}
    more = {"NB_PYTHON_PREFIX": sys.prefix, "PYTHONSAFEPATH": "1"}
    (tmp_path / "o.csv").write_text("left by somebody else")
    done = subprocess.run(
        [ROOT / "run.sh", "-q"], cwd=tmp_path, env=os.environ | variables | more,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [row.file_id for row in submission.read(tmp_path / "o.csv")] == ["a"]


def test_a_null_byte_in_a_list_costs_one_row(predict: Run, tmp_path: Path) -> None:
    (tmp_path / "l.txt").write_bytes(b"a\0b.mp3\n" + os.fsencode(CLIPS / "rock-band.mp3"))
    table = tmp_path / "o.csv"
    done = predict(f"@{tmp_path / 'l.txt'}", "-o", table, "--system", "prior")
    assert done.returncode == 0, done.stderr
    assert [row.file_id for row in submission.read(table)] == ["a\0b", "rock-band"]
    assert errors(table)["a\0b"][0]["reason"] == "failure"


@pytest.mark.parametrize("option", ["--prior", "--settings", "--weights"])
def test_deep_json_is_told_on_one_line(predict: Run, tmp_path: Path, option: str) -> None:
    (tmp_path / "deep.json").write_text("[" * 100_000)
    done = predict(CLIPS, "-o", tmp_path / "o.csv", option, tmp_path / "deep.json")
    assert done.returncode in (1, 2)
    assert "deep.json: not" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("runtime", ["keras", "onnx"])
def test_an_environment_that_a_runtime_cannot_bear_is_told_or_borne(
    tmp_path: Path, runtime: str
) -> None:
    """A flag of its compiler, no folder for temporary files, or too little memory.

    Python takes the working directory where no folder for temporary files can be written.
    """
    clip = [ROOT / "predict.py", CLIPS / "rock-band.mp3", "--runtime", runtime]
    command = [sys.executable, *clip, "-o"]
    run = partial(subprocess.run, capture_output=True, text=True, check=False, cwd="/proc")
    hostile = {"TF_XLA_FLAGS": "--bogus", "TMPDIR": "/proc"}
    done = run([*command, tmp_path / "a.csv"], env=os.environ | hostile)
    assert done.returncode == 0, done.stderr
    assert "TF_XLA_FLAGS is ignored" in done.stderr
    assert len(submission.read(tmp_path / "a.csv")) == 1
    shell = ["bash", "-c", 'ulimit -v 1000000 && exec "$@"', "bash"]
    done = run([*shell, *command, tmp_path / "b.csv"])
    if runtime == "keras":
        assert "the address space is limited to 1.0 GiB" in done.stderr
        return
    assert done.returncode == 0, done.stderr
    shell[2] = shell[2].replace("1000000", "250000")
    done = run([*shell, *command, tmp_path / "c.csv"])
    assert done.returncode in (0, 1)
    assert "Traceback" not in done.stderr
