"""The sample submissions and what must be said of them, on every engine."""

from dataclasses import dataclass

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
"""Apart, for it takes all of the time that it is given."""
