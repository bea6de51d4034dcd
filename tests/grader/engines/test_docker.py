"""The same submissions in real containers, and what only a container can show."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from grader.engines.docker import DockerEngine
from grader.engines.engine import AS_2018, ENTRIES, Job, Usage
from grader.errors import GraderError
from grader.judging.experiments import Experiment, run_and_explain
from grader.judging.runs import Run
from grader.judging.table import expected_ids
from grader.judging.verdict import Assessment, Defect, Verdict
from grader.repository.repo2docker import find_repo2docker
from tests.conftest import ROOT
from tests.grader.conftest import SUBMISSIONS, MakeJob, ignore_progress
from tests.support.grader_cases import CASES, ENDLESS, Case

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
ImageOf = Callable[[str], str]


def examined(job: Job, experiment: bool = True) -> tuple[Run, tuple[Experiment, ...], Assessment]:
    return run_and_explain(
        DockerEngine(), job, expected_ids(job.clips), ignore_progress, experiment
    )


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict_and_defect(case: Case, make_job: MakeJob, image_of: ImageOf) -> None:
    _, _, assessment = examined(make_job(image_of(case.name)))
    assert assessment.verdict is case.verdict
    assert assessment.defects == case.defects
    assert bool(assessment.remarks) is case.remark


@pytest.mark.parametrize("case", ENDLESS, ids=str)
def test_an_endless_loop_is_told_from_slowness(
    case: Case, make_job: MakeJob, image_of: ImageOf
) -> None:
    run, _, assessment = examined(make_job(image_of(case.name), seconds=4))
    assert (assessment.verdict, assessment.defects) == (case.verdict, case.defects)
    assert run.outcome.exit_code is None


def test_a_table_at_the_challenges_path_is_found(make_job: MakeJob, image_of: ImageOf) -> None:
    job = make_job(image_of("environment-ignored-quietly"))
    _, _, assessment = examined(job, experiment=False)
    assert assessment.verdict is Verdict.ENVIRONMENT_IGNORED
    assert list(assessment.defects) == [Defect.ENVIRONMENT_IGNORED]
    again = replace(job, paths=AS_2018, folder=job.folder / "again")
    _, _, assessment = examined(again, experiment=False)
    assert assessment.verdict is Verdict.PASSED


@pytest.mark.parametrize("method", ["urllib", "socket", "wget", "curl"])
def test_the_kernel_counts_what_no_log_tells(
    method: str, make_job: MakeJob, image_of: ImageOf
) -> None:
    run, _, assessment = examined(
        make_job(image_of("network-quietly"), METHOD=method), experiment=False
    )
    assert run.outcome.log.read_text() == ""
    assert run.outcome.exit_code == 0
    assert run.table is not None
    assert not run.table.violations
    assert assessment.verdict is Verdict.NETWORK_ATTEMPTED


@pytest.mark.parametrize("method", ["none", "localhost"])
def test_talking_to_oneself_is_no_attempt(
    method: str, make_job: MakeJob, image_of: ImageOf
) -> None:
    run, _, assessment = examined(
        make_job(image_of("network-quietly"), METHOD=method), experiment=False
    )
    assert run.outcome.network_attempts == 0
    assert assessment.verdict is Verdict.PASSED


PROBE = """#!/bin/bash
echo "uid $(id -u)"
touch /home/crowdai/x && echo code is writable
touch "$TEST_DIRECTORY/x" || true
touch /tmp/x && echo tmp is writable
grep -E '^(CapEff|NoNewPrivs|Seccomp):' /proc/self/status
echo interfaces: $(ls /sys/class/net)
"""


def test_the_container_is_as_tight_as_promised(
    make_job: MakeJob, base_image: str, tmp_path: Path
) -> None:
    probe = tmp_path / "probe"
    probe.mkdir()
    (probe / "run.sh").write_text(PROBE)
    (probe / "run.sh").chmod(0o755)
    recipe = f"FROM {base_image}\nCOPY --chown=1001:1001 . /home/crowdai/\nWORKDIR /home/crowdai\n"
    subprocess.run(
        ["docker", "build", "--quiet", "--tag", "grader-test/probe", "--file", "-", probe],
        input=recipe, text=True, check=True,
    )  # fmt: skip
    run, _, _ = examined(make_job("grader-test/probe"), experiment=False)
    log = run.outcome.log.read_text()
    assert "uid 1001\n" in log
    assert "code is writable" in log
    assert run.outcome.changed == ("code/x",)
    assert "touch: cannot touch '/grading/clips/x': Read-only file system" in log
    assert "tmp is writable" in log
    assert "CapEff:\t0000000000000000" in log
    assert "NoNewPrivs:\t1" in log
    assert "interfaces: lo\n" in log


@pytest.mark.parametrize(
    ("recipe", "verdict"),
    [
        ("", Verdict.PASSED),
        ("ENV PATH=/nowhere", Verdict.ENGINE_FAILED),
        ("COPY --chmod=755 run.sh /usr/local/bin/sleep", Verdict.ENGINE_FAILED),
    ],
    ids=["changes nothing", "no sleep on PATH", "another sleep"],
)
def test_images_that_are_odd(
    recipe: str, verdict: Verdict, make_job: MakeJob, image_of: ImageOf
) -> None:
    image = f"grader-test/odd-{verdict.name.lower()}-{len(recipe)}"
    sound = image_of("sound")
    for folder in ("/grading/clips", "/grading/out"):  # the engine would make them
        recipe = f"COPY --chown=1001:1001 run.sh {folder}/\n{recipe}"
    subprocess.run(
        ["docker", "build", "--quiet", "--tag", image, "--file", "-", SUBMISSIONS / "exit-code"],
        input=f"FROM {sound}\n{recipe}\n", text=True, check=True, capture_output=True,
    )  # fmt: skip
    run, _, assessment = examined(make_job(image), experiment=False)
    assert assessment.verdict is verdict
    assert run.outcome.changed == ()


CHANGES = """#!/bin/bash
mkdir -p net/__pycache__ net-v2/__pycache__ logs .cache
touch net/__pycache__/a net-v2/__pycache__/b .cache/c
truncate --size 1G holes
"""


def test_folders_caches_and_holes_of_files(
    make_job: MakeJob, base_image: str, tmp_path: Path
) -> None:
    folder = tmp_path / "changes"
    folder.mkdir()
    (folder / "run.sh").write_text(CHANGES)
    (folder / "run.sh").chmod(0o755)
    subprocess.run(
        ["docker", "build", "--quiet", "--tag", "grader-test/changes", "--file", "-", folder],
        input=f"FROM {base_image}\nCOPY --chown=1001:1001 . /home/crowdai/\nWORKDIR /home/crowdai",
        text=True, check=True, capture_output=True,
    )  # fmt: skip
    run, _, _ = examined(make_job("grader-test/changes"), experiment=False)
    assert run.outcome.changed == ("code/holes",)
    assert not run.outcome.disk_full


def test_memory_is_reported_while_it_runs(make_job: MakeJob, image_of: ImageOf) -> None:
    usages: list[Usage] = []
    job = make_job(image_of("out-of-memory"))
    run, _, _ = run_and_explain(
        DockerEngine(), job, expected_ids(job.clips), lambda _, usage: usages.append(usage), False
    )
    assert max(usage.memory for usage in usages) > 32 << 20
    assert run.outcome.peak_memory == job.limits.memory
    assert run.outcome.out_of_memory


def test_nothing_is_left_in_the_engine(
    make_job: MakeJob, image_of: ImageOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = f"left{os.getpid()}"
    monkeypatch.setattr("secrets.token_hex", lambda _: mark)
    examined(make_job(image_of("exit-code")), experiment=False)
    for listing in (("ps", "--all"), ("volume", "ls")):
        left = subprocess.run(
            ["docker", *listing, "--filter", f"name={mark}", "--quiet"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert left.stdout == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_grader_that_is_told_to_stop_cleans_up(
    payload: Path, image_of: ImageOf, tmp_path: Path, number: signal.Signals
) -> None:
    # An image of its own, for other tests may run the same submission at the same time.
    image = f"grader-test/stopped-by-{number.name.lower()}"
    subprocess.run(
        ["docker", "build", "--quiet", "--tag", image, "-"], check=True, capture_output=True,
        input=f"FROM {image_of('never-ends')}\nLABEL stopped-by={number.name}\n", text=True,
    )  # fmt: skip
    running = ["docker", "ps", "--quiet", "--filter", f"ancestor={image}"]
    with subprocess.Popen(
        [sys.executable, "-m", "grader", "run", image, payload, "-o", tmp_path / "graded"],
        cwd=ROOT, stdout=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        while len(subprocess.run(running, capture_output=True, text=True).stdout.split()) < 2:
            assert process.poll() is None
            time.sleep(0.1)
        process.send_signal(number)
    assert process.returncode == 128 + number
    assert subprocess.run(running, capture_output=True, text=True).stdout == ""


def test_clips_that_the_container_could_not_read(make_job: MakeJob, image_of: ImageOf) -> None:
    job = make_job(image_of("sound"))
    job.clips.chmod(0o700)
    with pytest.raises(GraderError, match="chmod"):
        examined(job)


def test_an_entry_that_is_not_there(make_job: MakeJob, image_of: ImageOf) -> None:
    job = replace(make_job(image_of("sound")), entry=ENTRIES[1])
    _, _, assessment = examined(job, experiment=False)
    assert assessment.verdict is Verdict.ENTRY_MISSING


def grader(*arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "grader", *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def build_arguments(base_image: str) -> list[str]:
    """How ``build`` is called; GRADER_REPO2DOCKER_CONFIG names a configuration for repo2docker."""
    program = find_repo2docker(os.environ.get("GRADER_REPO2DOCKER"))
    if program is None:
        pytest.skip("NOT TESTED: repo2docker is not installed")
    config = os.environ.get("GRADER_REPO2DOCKER_CONFIG")
    return ["--repo2docker", program, *(["--config", config] if config else [])]


def test_grade_builds_for_real(build_arguments: list[str], payload: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    ids = expected_ids(payload)
    labels.write_text("file_id,genre\n" + "".join(f"{file_id},Rock\n" for file_id in ids))
    done = grader(
        "grade", SUBMISSIONS / "sound", payload, "--truth", labels, "--memory", "1g", "-o",
        tmp_path / "graded", "--image-name", "grader-test/built", *build_arguments,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "verdict   passed" in done.stdout
    assert "log loss  2.7726" in done.stdout
    assert (tmp_path / "graded" / "report.html").is_file()
    for number, options in enumerate((
        ["--entry", ENTRIES[1]],
        ["--as-entrypoint"],
        ["--paths-of-2018"],
    )):  # fmt: skip
        done = grader(
            "run", "grader-test/built", payload, "--memory", "1g", "-o",
            tmp_path / f"run{number}", *options,
        )  # fmt: skip
        assert done.returncode == 0, (options, done.stdout + done.stderr)


def test_both_entries_are_there_when_built_into_home(
    build_arguments: list[str], payload: Path, tmp_path: Path
) -> None:
    built = grader(
        "build", SUBMISSIONS / "sound", "--image-name", "grader-test/home", "--log",
        tmp_path / "build.log", "--repo2docker-arg=--target-repo-dir=/home", *build_arguments,
    )  # fmt: skip
    assert built.returncode == 0, built.stdout + built.stderr
    for number, entry in enumerate(ENTRIES):
        for options in ([], ["--as-entrypoint"]):
            done = grader(
                "run", "grader-test/home", payload, "--memory", "1g", "--entry", entry, *options,
                "-o", tmp_path / f"run{number}{len(options)}",
            )  # fmt: skip
            assert done.returncode == 0, (entry, options, done.stdout + done.stderr)


def test_pip_is_seen_at_run_time(build_arguments: list[str], payload: Path, tmp_path: Path) -> None:
    built = grader("build", SUBMISSIONS / "network-quietly", "--log", tmp_path / "build.log",
                   "--image-name", "grader-test/pip", *build_arguments)  # fmt: skip
    assert built.returncode == 0, built.stdout + built.stderr
    done = grader("run", "grader-test/pip", payload, "--memory", "1g", "--env", "METHOD=pip",
                  "-o", tmp_path / "graded")  # fmt: skip
    assert done.returncode == 1
    assert "verdict   network attempted" in done.stdout


def test_a_build_that_fails(build_arguments: list[str], payload: Path, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "environment.yml").write_text("dependencies:\n  - python=3.11\n")
    (repository / "run.sh").write_text("#!/bin/bash\n")
    (repository / "postBuild").write_text("#!/bin/bash\necho no such model >&2\nexit 9\n")
    done = grader("grade", repository, payload, "-o", tmp_path / "graded", *build_arguments)
    assert done.returncode == 1
    assert "verdict   build failed\nbecause   postBuild: no such model\n" in done.stdout


@pytest.mark.parametrize(
    "name", [case.name for case in CASES if case.verdict is Verdict.ENTRY_MISSING]
)
def test_an_entry_that_repo2dockers_entrypoint_cannot_start(
    name: str, build_arguments: list[str], payload: Path, tmp_path: Path
) -> None:
    repository = Path(shutil.copytree(SUBMISSIONS / name, tmp_path / "repository"))
    shutil.copy(SUBMISSIONS / "sound" / "environment.yml", repository)
    done = grader("grade", repository, payload, "-o", tmp_path / "graded", "--memory", "1g",
                  "--image-name", f"grader-test/built-{name}", *build_arguments)  # fmt: skip
    assert "verdict   entry point missing" in done.stdout, done.stdout + done.stderr
