"""Decides on the verdict of a run, the defects of 2018 that it shows, and the reasons."""

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Final

from grader.engines.engine import FIXED_PAYLOAD, FIXED_TABLE, Job, Outcome
from grader.judging.table import Table
from grader.logs import (
    ABSENT,
    DOCKER,
    NETWORK,
    NOT_STARTED,
    REFUSED,
    ending,
    last_line,
    lines_with,
    read_log,
)
from grader.text import visible


class Verdict(StrEnum):
    """The one result of a submission; each way to fail has its own."""

    PASSED = "passed"
    BUILD_FAILED = "build failed"
    ENGINE_FAILED = "engine failed"
    OUT_OF_MEMORY = "out of memory"
    DISK_LIMIT = "disk limit"
    WROTE_INTO_PAYLOAD = "wrote into the payload folder"
    DOCKER_INSIDE = "docker inside docker"
    NETWORK_ATTEMPTED = "network attempted"
    TIME_LIMIT = "time limit"
    ENTRY_MISSING = "entry point missing"
    ENVIRONMENT_IGNORED = "environment variables ignored"
    NON_ZERO_EXIT = "non-zero exit"
    CSV_MISSING = "CSV missing"
    CSV_INVALID = "CSV invalid"


class Defect(StrEnum):
    """Faults that submissions of 2018 had, by name."""

    ENVIRONMENT_IGNORED = "environment-ignored"
    ID_SUFFIX = "id-suffix"
    ROWS_LOST = "rows-lost"
    TRAILING_SLASH = "trailing-slash"
    NETWORK = "network"
    WROTE_INTO_PAYLOAD = "wrote-into-payload"
    CLIP_WITHOUT_ROW = "clip-without-row"
    NEVER_ENDS = "never-ends"
    DOCKER_INSIDE = "docker-inside"
    FEW_CLIPS = "few-clips"


_DEFECTS: Final = {
    Verdict.WROTE_INTO_PAYLOAD: Defect.WROTE_INTO_PAYLOAD,
    Verdict.DOCKER_INSIDE: Defect.DOCKER_INSIDE,
    Verdict.NETWORK_ATTEMPTED: Defect.NETWORK,
    Verdict.ENVIRONMENT_IGNORED: Defect.ENVIRONMENT_IGNORED,
}
IDLE: Final = 0.05
"""A run that hit the time limit only waited if it used fewer CPU seconds per second than this."""


@dataclass(frozen=True)
class Assessment:
    """A verdict with its reasons.

    Attributes:
        verdict: the result.
        reasons: sentences for people, the most important first.
        defects: named faults.
        remarks: sentences on what the challenge allowed and stricter graders do not.
    """

    verdict: Verdict
    reasons: tuple[str, ...] = ()
    defects: tuple[Defect, ...] = ()
    remarks: tuple[str, ...] = ()

    def __str__(self) -> str:
        """One line for the verdict, each reason, each defect and each remark."""
        lines = [f"verdict   {self.verdict}"]
        lines += [f"because   {visible(reason)}" for reason in self.reasons]
        lines += [f"defect    {defect}" for defect in self.defects]
        lines += [f"remark    {visible(remark)}" for remark in self.remarks]
        return "\n".join(lines)


def judge(job: Job, outcome: Outcome, table: Table | None) -> Assessment:
    """The assessment of one run.

    Args:
        job: the request.
        outcome: the engine's observations.
        table: the table as read, None where there is none.
    """
    log = read_log(outcome.log)
    valid = table is not None and not table.violations
    # Error messages in the log do not matter where the run succeeded and its table is valid.
    failed = outcome.exit_code != 0 or not valid
    verdict, reason = (
        _forbidden(outcome, log, job, failed)
        or _ended_badly(job, outcome, log, valid)
        or _without_table(table)
        or (Verdict.PASSED, "the table is valid and complete")
    )
    defects = [_DEFECTS[verdict]] if verdict in _DEFECTS else []
    reasons = [reason]
    if verdict is Verdict.TIME_LIMIT:
        hangs = _hangs(outcome, valid)
        reasons += hangs
        defects += [Defect.NEVER_ENDS] if hangs else []
    if table is not None and "id-suffix" in table.rules:
        defects.append(Defect.ID_SUFFIX)
    if table is not None and verdict is not Verdict.CSV_INVALID:
        reasons += [str(violation) for violation in table.violations[:5]]
    if outcome.out_of_memory and verdict is Verdict.PASSED:
        reasons.append("the memory limit ended one of its processes during the run")
    return Assessment(verdict, tuple(reasons), tuple(defects), _remarks(outcome))


def _remarks(outcome: Outcome) -> tuple[str, ...]:
    """What works on an image that can be written to, as the challenge's, and nowhere else."""
    written = [path for path in outcome.changed if path.startswith("code/")]
    if not written:
        return ()
    return (
        f"changed {len(written)} file(s) of the code folder, e.g. {written[0]}; "
        "an image that is read-only refuses that",
    )


VerdictReason = tuple[Verdict, str]


def _forbidden(outcome: Outcome, log: str, job: Job, failed: bool) -> VerdictReason | None:
    """What no submission may do, even where its table is valid."""
    if outcome.engine_fault:
        return Verdict.ENGINE_FAILED, outcome.engine_fault
    if outcome.out_of_memory and failed:
        return Verdict.OUT_OF_MEMORY, f"needed more than {job.limits.memory / 2**20:.0f} MiB"
    if outcome.disk_full:
        return Verdict.DISK_LIMIT, f"wrote more than {job.limits.disk / 2**20:.0f} MiB to disk"
    if written := [path for path in outcome.changed if path.startswith("payload/")]:
        return (
            Verdict.WROTE_INTO_PAYLOAD,
            f"changed {len(written)} file(s), e.g. {written[0]}",
        )
    # A program may ask for Docker and do without it: only what it ended with counts.
    if failed and (line := next(lines_with(ending(log), DOCKER), None)):
        return Verdict.DOCKER_INSIDE, f"the log says: {line}"
    line = next(lines_with(log, NETWORK), "")
    said = f"; the log says: {line}" if line else ""
    if outcome.network_attempts:
        return (
            Verdict.NETWORK_ATTEMPTED,
            f"the kernel counted {outcome.network_attempts} network attempt(s){said}",
        )
    if outcome.network_attempts is None and failed and line:
        return Verdict.NETWORK_ATTEMPTED, f"the log says: {line}"
    refused = (line for line in lines_with(log, REFUSED) if job.paths.payload in line)
    if failed and (line := next(refused, "")):
        return Verdict.WROTE_INTO_PAYLOAD, f"the log says: {line}"
    return None


def _ended_badly(job: Job, outcome: Outcome, log: str, valid: bool) -> VerdictReason | None:
    """The run did not end by itself with exit code 0."""
    if outcome.timed_out:
        return Verdict.TIME_LIMIT, f"ended after {job.limits.seconds:g} s, the time limit"
    not_started = outcome.entry_fault or outcome.exit_code in (126, 127)
    if outcome.exit_code and not outcome.table and not_started and _names_entry(log, job):
        fault = outcome.entry_fault or "cannot be started: is its interpreter in the image?"
        return Verdict.ENTRY_MISSING, f"{job.entry} {fault}"
    if not valid and (ground := _fixed_paths(job, outcome, log)):
        return ground
    if outcome.exit_code != 0:
        last = last_line(log)
        return Verdict.NON_ZERO_EXIT, f"exit code {outcome.exit_code}; last line: {last}"
    return None


def _without_table(table: Table | None) -> VerdictReason | None:
    """The run succeeded, but its table is missing or invalid."""
    if table is None:
        return Verdict.CSV_MISSING, "exit code 0, but no file at OUTPUT_PATH"
    if table.violations:
        first = "; ".join(str(violation) for violation in table.violations[:5])
        more = len(table.violations) + table.omitted - 5
        return Verdict.CSV_INVALID, first + (f"; and {more} more" if more > 0 else "")
    return None


def _fixed_paths(job: Job, outcome: Outcome, log: str) -> VerdictReason | None:
    """Signs that the code uses the challenge's paths instead of the two variables."""
    if job.paths.table != FIXED_TABLE and outcome.fixed_table and outcome.table is None:
        return (
            Verdict.ENVIRONMENT_IGNORED,
            f"wrote {FIXED_TABLE}, but OUTPUT_PATH is {job.paths.table}",
        )
    fixed = {FIXED_PAYLOAD: "TEST_DIRECTORY", FIXED_TABLE: "OUTPUT_PATH"}
    for line in lines_with(log, ABSENT):
        for path, variable in fixed.items():
            if path in line and path not in (job.paths.payload, job.paths.table):
                return (
                    Verdict.ENVIRONMENT_IGNORED,
                    f"{variable} is another path than {path}; the log says: {line}",
                )
    return None


def _names_entry(log: str, job: Job) -> bool:
    """Whether an error message in the log is about the entry point itself, not a line in it."""
    name = PurePosixPath(job.entry).name
    of_a_line = re.compile(rf"{re.escape(name)}: (?:line )?\d+: ")
    found = (line for line in lines_with(log, NOT_STARTED) if name in line)
    return any(not of_a_line.search(line) for line in found)


def _hangs(outcome: Outcome, valid: bool) -> list[str]:
    """Signs that a run that hit the time limit would never have ended."""
    signs = []
    if valid and outcome.table_age is not None:
        signs.append(f"the table was complete {outcome.table_age:.0f} s before the end")
    if outcome.cpu_seconds is not None and outcome.cpu_seconds < IDLE * outcome.seconds:
        signs.append(
            f"it only waited: {outcome.cpu_seconds:.1f} s of CPU in {outcome.seconds:.0f} s"
        )
    return signs
