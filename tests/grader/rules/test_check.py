"""``check``: each rule on a sound repository with one fault put in."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from grader.errors import GraderError
from grader.files import remove_folder
from grader.rules.check import check
from grader.rules.findings import Severity
from tests.conftest import ROOT
from tests.support.edits import OBEYS, Edit, environment, remove, run_sh, write

CONTEXT = {"context", "dockerfile-skipped"}
"""Notes that a clean repository gets as well."""


def manifest(**changes: object) -> Edit:
    good = {"challenge_id": "WWWMusicalGenreRecognitionChallenge", "authors": ["a"]}
    return write("crowdai.json", json.dumps({**good, **changes}))


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"
SINGLE_QUOTES = "{'challenge_id': 'x', 'authors': ['a', 'b']}"

FAULTS: list[tuple[str, str, Edit]] = [
    ("license-missing", "LICENSE", remove("LICENSE")),
    ("readme-missing", "README.md", remove("README.md")),
    ("run-missing", "run.sh", remove("run.sh")),
    ("run-not-executable", "run.sh", lambda root: (root / "run.sh").chmod(0o644)),
    ("environment-missing", "environment.yml", remove("environment.yml")),
    ("binder-folder", "binder/", write("binder/apt.txt", "")),
    ("build-file-wins", "Dockerfile", write("Dockerfile", "FROM scratch\n")),
    ("build-file-wins", "Project.toml", write("Project.toml", "")),
    ("file-ignored", "requirements.txt", write("requirements.txt", "numpy==2.0\n")),
    ("crowdai-missing", "crowdai.json", remove("crowdai.json")),
    ("crowdai-not-json", "crowdai.json:1", write("crowdai.json", SINGLE_QUOTES)),
    ("crowdai-keys", "crowdai.json", write("crowdai.json", "[]")),
    ("crowdai-keys", "crowdai.json", manifest(challenge_id="Other")),
    ("crowdai-keys", "crowdai.json", manifest(authors="me")),
    ("crowdai-keys", "crowdai.json", manifest(description=3)),
    ("crowdai-later-key", "crowdai.json", manifest(gpu=True)),
    ("crowdai-unknown-key", "crowdai.json", manifest(colour="red")),
    ("environment-not-yaml", "environment.yml:1", write("environment.yml", "name: a: b\n")),
    ("environment-empty", "environment.yml", write("environment.yml", "name: x\n")),
    ("environment-empty", "environment.yml", environment("- python=3.11", "- pip: numpy")),
    ("environment-prefix", "environment.yml", environment("- python=3.11", prefix="/Users/me")),
    ("python-pin", "environment.yml", environment("- numpy=2.0")),
    ("python-pin", "environment.yml", environment("- python>=3.11")),
    ("python-pin", "environment.yml", environment("- python 3.11.*")),
    ("python-pin", "environment.yml", environment("- python=3")),
    ("python-pin", "environment.yml", environment("- conda-forge::python=3.11")),
    ("python-pin", "environment.yml", environment('- " python=3.11"')),
    ("python-pin", "environment.yml", environment("- python=", "- python=3.11")),
    ("python-pin", "environment.yml", environment("- python=3.4")),
    ("python-pin", "environment.yml", environment("- python=4")),
    ("python-pin", "environment.yml", environment("- python=3.99")),
    ("python-pin", "environment.yml", environment("- python=2")),
    ("python-pin", "environment.yml", environment("- python=3.6.4=hc3d631a_3")),
    ("unpinned", "environment.yml", environment("- python=3.11", "- ffmpeg")),
    ("unpinned", "environment.yml", environment("- python=3.11", "- pip:", "  - numpy")),
    ("unpinned", "environment.yml", environment("- python=3.11", "- pip:", "  - numpy>=2")),
    (
        "pip-option",
        "environment.yml",
        environment("- python=3.11", "- pip:", "  - --ignore-installed"),
    ),
    (
        "requirements-missing",
        "environment.yml",
        environment("- python=3.11", "- pip:", "  - -r gone.txt"),
    ),
    (
        "requirements-missing",
        "environment.yml",
        environment("- python=3.11", "- pip:", "  - -r /etc/passwd"),
    ),
    ("crowdai-not-json", "crowdai.json", write("crowdai.json", "[" * 100_000)),
    ("environment-not-yaml", "environment.yml", write("environment.yml", "[" * 5_000)),
    ("crowdai-not-json", "crowdai.json", write("crowdai.json", "9" * 5000)),
    ("crowdai-keys", "crowdai.json", manifest(challenge_id=[[["x"]]])),
    ("environment-not-yaml", "environment.yml", environment('- "\\Uffffffff"')),
    ("environment-not-yaml", "environment.yml", write("environment.yml", f"%YAML 1.{'9' * 5000}")),
    ("unpinned", "environment.yml", environment("- python=3.11", "- 2001-99-99")),
    ("unpinned", "environment.yml", environment("- python=3.11", f"- {'9' * 5000}")),
    ("unpinned", "environment.yml", environment("- python=3.11", '- !!int ""')),
    ("unpinned", "environment.yml", environment("- python=3.11", '- !!bool "zz"')),
    ("unpinned", "environment.yml", environment("- python=3.11", f"- a={'9' * 5000}")),
    (
        "requirements-missing",
        "environment.yml",
        environment("- python=3.11", "- pip:", f"  - -r {'a' * 5000}"),
    ),
    (
        "requirements-missing",
        "environment.yml",
        environment("- python=3.11", "- pip:", '  - "-r a\\0b"'),
    ),
    ("dockerignore-pattern", ".dockerignore:2", write(".dockerignore", "data\n[z-a]\n")),
    ("apt-line", "apt.txt:2", write("apt.txt", "ffmpeg\nsox && reboot\n")),
    ("crlf", "run.sh", run_sh("\r", OBEYS)),
    ("no-shebang", "run.sh:1", write("run.sh", f"\n#!/bin/bash\n{OBEYS}\n")),
    ("start-ends", "start", write("start", "#!/bin/bash\necho hello\n")),
    ("start-ends", "start", write("start", "#!/bin/bash" + "\n" * 300_000)),
    ("environment-ignored", "run.sh", run_sh('python3 predict.py "$TEST_DIRECTORY" out.csv')),
    ("environment-ignored", "run.sh", run_sh('python3 predict.py data/clips "$OUTPUT_PATH"')),
    ("docker-inside", "run.sh:3", run_sh(OBEYS, "nvidia-docker run image")),
    ("network-at-run-time", "run.sh:2", run_sh("wget http://x.invalid/weights", OBEYS)),
    ("weights-missing", "predict.py:1", write("predict.py", "load('weights/model.h5')\n")),
    ("weights-missing", "net.onnx", write("net.onnx", "")),
    ("lfs-pointer", "net.h5", write("net.h5", POINTER)),
    ("broken-link", "hosts", lambda root: (root / "hosts").symlink_to("/etc/hosts")),
    ("broken-link", "net.h5", lambda root: (root / "net.h5").symlink_to("/mnt/gone.h5")),
    ("context-litter", ".dockerignore", write(".git/HEAD", "")),
]


def test_a_sound_repository_is_clean(repository: Path) -> None:
    findings = check(repository)
    assert {finding.rule for finding in findings} == CONTEXT
    assert {finding.severity for finding in findings} == {Severity.NOTE}


@pytest.mark.parametrize(("rule", "where", "edit"), FAULTS)
def test_a_fault_is_found_and_nothing_else(
    repository: Path, rule: str, where: str, edit: Edit
) -> None:
    edit(repository)
    found = {
        (finding.rule, finding.where)
        for finding in check(repository)
        if finding.rule not in CONTEXT
    }
    assert found == {(rule, where)}


def test_every_finding_but_notes_says_how_to_mend_it(repository: Path) -> None:
    for number, (_, _, edit) in enumerate(FAULTS):
        copy = Path(shutil.copytree(repository, repository.parent / str(number)))
        edit(copy)
        for finding in check(copy):
            assert finding.fix or finding.severity is Severity.NOTE, finding


@pytest.mark.parametrize(
    "edit",
    [
        environment("- python=3.11.9", "- conda-forge::ffmpeg=7.1", "- pip"),
        environment("- python=3.11.*", "- pip=24.0", "- pip:", "  - numpy==2.0"),
        environment("- python==3.11.9", "- pip:", "  - tensorflow[and-cuda]==2.21.0"),
        environment("- python=3.11.9=hb806964_0_cpython"),
        environment("- python = 3.11"),
        environment("- python =3.11.9"),
        environment("- python=3.7"),
        environment("- python=3.14"),
        environment("- python=3.11,<3.12"),
        environment("- python=3.11", "- python-dateutil=2.9"),
        write("LICENSE.txt", "free"),
        write("apt.txt", "# nothing\n\nlibsndfile1\nlibpq5=15.1\n"),
        write(".dockerignore", "net.h5\n"),
        run_sh(OBEYS, "a" * 300_000),
        run_sh(OBEYS, "a.py-" * 100_000),
        run_sh(OBEYS, " ".join(f"{number}.py" for number in range(100_000))),
        lambda root: os.mkfifo(root / "pipe.py"),
        lambda root: (root / "locked").mkdir(mode=0),
    ],
)
def test_what_is_right_is_left_alone(repository: Path, edit: Edit) -> None:
    edit(repository)
    assert {finding.rule for finding in check(repository)} == CONTEXT


def test_the_guides_example_is_recognised(repository: Path) -> None:
    write("crowdai.json", SINGLE_QUOTES)(repository)
    assert any("single" in finding.fix for finding in check(repository))


def test_requirements_are_followed(repository: Path) -> None:
    environment("- python=3.11", "- pip:", "  - -r all.txt")(repository)
    write("all.txt", "numpy==2.0 \\\n    --hash=sha256:00\n# why\nscipy\n")(repository)
    findings = [finding for finding in check(repository) if finding.rule not in CONTEXT]
    assert [finding.rule for finding in findings] == ["unpinned"]
    assert "scipy" in findings[0].what


def test_what_dockerignore_keeps_out_is_not_looked_at(repository: Path) -> None:
    write("cache/net.h5", POINTER)(repository)
    write(".dockerignore", "cache\n")(repository)
    assert {finding.rule for finding in check(repository)} == CONTEXT


def test_a_large_context_is_told(repository: Path) -> None:
    with (repository / "clips.tar").open("wb") as file:
        file.truncate((1 << 30) + 1)
    findings = {finding.rule: finding for finding in check(repository)}
    assert "clips.tar" in findings["context-large"].what


def test_requirements_that_include_each_other_are_read_once(repository: Path) -> None:
    environment("- python=3.11", "- pip:", "  - -r a.txt")(repository)
    write("a.txt", "-r b.txt\n" * 50 + "numpy\n")(repository)
    write("b.txt", "-r ./a.txt\n" * 50 + "scipy\n")(repository)
    findings = [finding.where for finding in check(repository) if finding.rule not in CONTEXT]
    assert findings == ["a.txt:51", "b.txt:51"]


def test_names_in_yaml_that_multiply_are_not_multiplied(repository: Path) -> None:
    merges = "".join(f"- &x{n} {{<<: [*x{n - 1}, *x{n - 1}]}}\n" for n in range(1, 40))
    text = f"a:\n- &x0 {{k: v}}\n{merges}dependencies:\n- python=3.11\n"
    write("environment.yml", text)(repository)
    assert {finding.rule for finding in check(repository)} == CONTEXT


def test_findings_of_a_kind_are_limited(repository: Path) -> None:
    write("apt.txt", "a b\n" * 5000)(repository)
    rules = Counter(finding.rule for finding in check(repository))
    assert (rules["apt-line"], rules["findings-omitted"]) == (1000, 1)


def test_a_link_to_a_name_that_is_too_long(repository: Path) -> None:
    (repository / "binder").symlink_to("x" * 300)
    (repository / "start").unlink()
    (repository / "start").symlink_to("x" * 300)
    assert {finding.rule for finding in check(repository)} - CONTEXT == {"broken-link"}


def test_links_that_lead_to_each_other(repository: Path) -> None:
    for name, target in (("LICENSE", "README.md"), ("README.md", "LICENSE")):
        (repository / name).unlink()
        (repository / name).symlink_to(target)
    rules = {finding.rule for finding in check(repository)} - CONTEXT
    assert rules == {"license-missing", "readme-missing", "broken-link"}


def test_folders_at_any_depth(tmp_path: Path, repository: Path) -> None:
    here = os.open(repository, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("a", dir_fd=here)
        below = os.open("a", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    try:
        assert {finding.rule for finding in check(repository)} == CONTEXT
    finally:
        remove_folder(repository)  # pytest cannot
    assert not repository.exists()


def test_no_folder() -> None:
    with pytest.raises(GraderError, match="no such folder"):
        check(Path("/none"))


def command(path: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "grader", "check", path], cwd=ROOT, capture_output=True, text=True
    )


def test_our_own_repository_is_clean() -> None:
    done = command(ROOT)
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith(": clean\n"), done.stdout


def test_exit_codes(repository: Path) -> None:
    assert command(repository).returncode == 0
    remove("README.md")(repository)
    assert command(repository).returncode == 0
    remove("LICENSE")(repository)
    done = command(repository)
    assert done.returncode == 1
    assert re.search(r"error\s+license-missing", done.stdout)
    assert command(repository / "none").returncode == 2


def test_names_move_no_cursor_and_fit_every_terminal(repository: Path) -> None:
    for name in ("\x1b[2J.h5", "\x9b2J.h5", "\u202egpj.h5", "caf\xe9.h5", "two\nlines.h5"):
        (repository / name).touch()
    (repository / os.fsdecode(b"\xff.h5")).touch()
    done = subprocess.run(
        [sys.executable, "-m", "grader", "check", repository], cwd=ROOT, capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii:strict", "PYTHONUTF8": "0"},
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == b""
    printed = done.stdout.decode("ascii")
    names = ("\\x1b[2J", "\\x9b2J", "\\u202egpj", "caf\\xe9", "two\\nlines", "\\udcff")
    for name in names:
        assert f"weights-missing  {name}.h5: an empty file" in printed
    assert printed.replace("\n", "").isprintable()


def test_a_version_that_repo2docker_refuses_is_an_error_and_an_old_one_a_warning(
    repository: Path,
) -> None:
    for pin, severity, says in (("3.99", Severity.ERROR, "refuses"),
                                ("3", Severity.ERROR, "default"),
                                ("3.6", Severity.WARNING, "python is 3.10")):  # fmt: skip
        environment(f"- python={pin}")(repository)
        (finding,) = (found for found in check(repository) if found.rule == "python-pin")
        assert finding.severity is severity
        assert says in finding.what
