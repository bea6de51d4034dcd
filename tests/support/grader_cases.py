"""Sample submissions with their expected verdicts, and helpers of the grader's tests."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from grader.judging.verdict import Defect, Verdict


@dataclass(frozen=True)
class Case:
    """A sample submission: its folder, and the verdict and defect that it must get."""

    name: str
    verdict: Verdict
    defect: Defect | None = None

    def __str__(self) -> str:
        return self.name


CASES = (
    Case("sound", Verdict.PASSED),
    Case("environment-ignored", Verdict.ENVIRONMENT_IGNORED, Defect.ENVIRONMENT_IGNORED),
    Case("id-suffix", Verdict.CSV_INVALID, Defect.ID_SUFFIX),
    Case("rows-lost", Verdict.CSV_INVALID, Defect.ROWS_LOST),
    Case("trailing-slash", Verdict.NON_ZERO_EXIT, Defect.TRAILING_SLASH),
    Case("network", Verdict.NETWORK_ATTEMPTED, Defect.NETWORK),
    Case("wrote-into-payload", Verdict.WROTE_INTO_PAYLOAD, Defect.WROTE_INTO_PAYLOAD),
    Case("wrote-into-code", Verdict.WROTE_INTO_CODE, Defect.WROTE_INTO_CODE),
    Case("clip-without-row", Verdict.CSV_INVALID, Defect.CLIP_WITHOUT_ROW),
    Case("docker-inside", Verdict.DOCKER_INSIDE, Defect.DOCKER_INSIDE),
    Case("few-clips", Verdict.NON_ZERO_EXIT, Defect.FEW_CLIPS),
    Case("out-of-memory", Verdict.OUT_OF_MEMORY),
    Case("exit-code", Verdict.NON_ZERO_EXIT),
    Case("no-table", Verdict.CSV_MISSING),
)
NEVER_ENDS = Case("never-ends", Verdict.TIME_LIMIT, Defect.NEVER_ENDS)
"""Not in ``CASES``, since it always runs until the time limit."""


def git(folder: Path, *arguments: str, when: int = 0) -> None:
    """Run git with a fixed identity, ``when`` seconds after a fixed date."""
    stamp = f"{1_500_000_000 + when} +0000"
    identity = {f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER")
                for what in ("NAME", "EMAIL")}  # fmt: skip
    dates = {"GIT_AUTHOR_DATE": stamp, "GIT_COMMITTER_DATE": stamp}
    subprocess.run(
        ["git", "-C", folder, *arguments],
        check=True, capture_output=True, env={**os.environ, **identity, **dates},
    )  # fmt: skip
