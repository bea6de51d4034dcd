"""Verdicts from what was seen: which ground weighs more, and which signs are none."""

from dataclasses import replace
from pathlib import Path

import pytest

from grader.engines.engine import Job, Outcome
from grader.engines.limits import Limits
from grader.judging.table import Table, Violation
from grader.judging.verdict import Assessment, Defect, Verdict, judge

VALID = Table(rows={"a": (0.0625,) * 16})
BROKEN = Table(violations=[Violation("row-missing", None, "no row for clip 'a'", "a")])
WELL = Outcome(exit_code=0, seconds=10.0, log=Path("none"), network_attempts=0)
ILL = replace(WELL, exit_code=1)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """Any job."""
    return Job("image", tmp_path, tmp_path, Limits())


def assessment(job: Job, outcome: Outcome, table: Table | None = None, log: str = "") -> Assessment:
    path = job.folder / "run.log"
    path.write_text(log)
    if table is not None:
        outcome = replace(outcome, table=job.folder / "table.csv")
    return judge(job, replace(outcome, log=path), table)


@pytest.mark.parametrize(
    ("log", "verdict"),
    [
        ("OSError: [Errno 30] Read-only file system: '/grading/clips/a.npy'",
         Verdict.WROTE_INTO_PAYLOAD),
        ("touch: cannot touch '/grading/clips/a': Read-only file system",
         Verdict.WROTE_INTO_PAYLOAD),
        ("open: '/grading/clips/a.mp3': Permission denied", Verdict.NON_ZERO_EXIT),
        ("mkdir: cannot create directory '/usr/x': Read-only file system", Verdict.NON_ZERO_EXIT),
        ("bash: docker: command not found\na\nb\nSyntaxError: no model", Verdict.NON_ZERO_EXIT),
        ("docker: Cannot connect to the Docker daemon.\nSee 'docker run --help'.",
         Verdict.DOCKER_INSIDE),
        ("the default is /crowdai-payload\nImportError: No module", Verdict.NON_ZERO_EXIT),
        ("    main(get('TEST_DIRECTORY', '/crowdai-payload'))\nImportError: No module",
         Verdict.NON_ZERO_EXIT),
        ("ls: cannot access '/crowdai-payload/*.mp3': No such file or directory",
         Verdict.ENVIRONMENT_IGNORED),
        ("tee: /proc/sys/vm/drop_caches: Read-only file system", Verdict.NON_ZERO_EXIT),
        ("bash: docker: command not found", Verdict.DOCKER_INSIDE),
        ("FileNotFoundError: [Errno 2] No such file or directory: 'docker'",
         Verdict.DOCKER_INSIDE),
        ("FileNotFoundError: '/crowdai-payload'", Verdict.ENVIRONMENT_IGNORED),
        ("/home/crowdai/run.sh: line 3: ./tool.sh: Permission denied", Verdict.NON_ZERO_EXIT),
        ("MemoryError", Verdict.NON_ZERO_EXIT),
        ("dial unix /run/docker.sock: no such file", Verdict.DOCKER_INSIDE),
        ("dial unix " + "docker" * 100_000, Verdict.NON_ZERO_EXIT),
        ("dial unix docker\n" * 100_000, Verdict.NON_ZERO_EXIT),
    ],
)  # fmt: skip
def test_what_a_log_gives_away(job: Job, log: str, verdict: Verdict) -> None:
    assert assessment(job, ILL, log=log).verdict is verdict
    # The same words beside a right table and a good end are only words.
    assert assessment(job, WELL, VALID, log).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    "log",
    [
        "socket.gaierror: [Errno -3] Temporary failure in name resolution",
        "wget: unable to resolve host address 'weights.invalid'",
        "curl: (6) Could not resolve host: weights.invalid",
        "urllib3.exceptions.NewConnectionError: [Errno 101] Network is unreachable",
        "W: Temporary failure resolving 'mirror.example.org'",
    ],
)
def test_network_from_the_log_where_nobody_counted(job: Job, log: str) -> None:
    uncounted = replace(ILL, network_attempts=None)
    assert assessment(job, uncounted, log=log).verdict is Verdict.NETWORK_ATTEMPTED
    assert assessment(job, ILL, log=log).verdict is Verdict.NON_ZERO_EXIT, "counted, and none"


def test_a_counted_attempt_weighs_even_beside_a_right_table(job: Job) -> None:
    found = assessment(job, replace(WELL, network_attempts=2), VALID)
    assert found.verdict is Verdict.NETWORK_ATTEMPTED
    assert found.defects == (Defect.NETWORK,)


@pytest.mark.parametrize("code", [126, 127])
def test_entry_missing_is_told_from_a_command_missing_in_it(job: Job, code: int) -> None:
    outcome = replace(WELL, exit_code=code)
    entry = 'exec: "/home/crowdai/run.sh": no such file or directory'
    assert assessment(job, outcome, log=entry).verdict is Verdict.ENTRY_MISSING
    for inside in (
        "/home/crowdai/run.sh: line 2: python: command not found",
        "/home/crowdai/run.sh: 2: pythonn: not found",
        "run.sh: start",
    ):
        assert assessment(job, outcome, log=inside).verdict is Verdict.NON_ZERO_EXIT


def test_an_entry_that_cannot_be_started(job: Job) -> None:
    """repo2docker's entry point is a program of its own: it ends with 1."""
    outcome = replace(ILL, entry_fault="is not executable")
    raised = "PermissionError: [Errno 13] Permission denied: '/home/crowdai/run.sh'"
    found = assessment(job, outcome, log=raised)
    assert found.verdict is Verdict.ENTRY_MISSING
    assert found.reasons == ("/home/crowdai/run.sh is not executable",)
    # A start of its own may run what the system does not.
    assert assessment(job, outcome, log="no such model").verdict is Verdict.NON_ZERO_EXIT
    assert assessment(job, outcome, VALID, raised).verdict is Verdict.NON_ZERO_EXIT


def test_the_disk_limit(job: Job) -> None:
    outcome = replace(WELL, exit_code=None, disk_full=True)
    assert assessment(job, outcome).verdict is Verdict.DISK_LIMIT


def test_memory_weighs_more_than_what_follows_from_it(job: Job) -> None:
    killed = replace(ILL, exit_code=247, out_of_memory=True)
    assert assessment(job, killed, log="Temporary failure in name resolution").verdict is (
        Verdict.OUT_OF_MEMORY
    )
    # A process was ended, but the work was done: said, not held against it.
    passed = assessment(job, replace(WELL, out_of_memory=True), VALID)
    assert passed.verdict is Verdict.PASSED
    assert "memory limit" in passed.reasons[-1]


@pytest.mark.parametrize(
    ("table", "age", "cpu", "hangs"),
    [
        (VALID, 3.0, 10.0, True),
        (None, None, 0.1, True),
        (None, None, 10.0, False),
        (BROKEN, 3.0, 10.0, False),
        (None, None, None, False),
    ],
)
def test_slow_is_not_endless(
    job: Job, table: Table | None, age: float | None, cpu: float | None, hangs: bool
) -> None:
    outcome = replace(WELL, exit_code=None, timed_out=True, table_age=age, cpu_seconds=cpu)
    found = assessment(job, outcome, table)
    assert found.verdict is Verdict.TIME_LIMIT
    assert (Defect.NEVER_ENDS in found.defects) is hangs


def test_an_invalid_table_names_rules_and_how_many_more(job: Job) -> None:
    many = Table(violations=[Violation("range", n, "too large") for n in range(2, 12)])
    found = assessment(job, WELL, many)
    assert found.verdict is Verdict.CSV_INVALID
    assert "line 2: range: too large" in found.reasons[0]
    assert "and 5 more" in found.reasons[0]


def test_a_wrong_exit_code_is_a_fault_even_with_a_right_table(job: Job) -> None:
    assert assessment(job, ILL, VALID).verdict is Verdict.NON_ZERO_EXIT


def test_the_engines_own_fault(job: Job) -> None:
    outcome = replace(WELL, exit_code=None, engine_fault="no space left on device")
    found = assessment(job, outcome)
    assert (found.verdict, found.reasons) == (
        Verdict.ENGINE_FAILED, ("no space left on device",)
    )  # fmt: skip
