"""Sample submissions with what the grader must say of them, and helpers of the grader's tests.

``python -m tests.support.grader_cases`` writes their table into docs/grading.md.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from grader.judging.verdict import Defect, Verdict


@dataclass(frozen=True)
class Case:
    """A sample submission and what the grader must say of it.

    Attributes:
        name: its folder.
        pattern: what is wrong with it, for the table in docs/grading.md.
        verdict: the verdict.
        defects: the defects.
        check: rules of ``check`` that must find it, beside those of files that are left out here.
        remark: whether the verdict comes with a remark.
    """

    name: str
    pattern: str
    verdict: Verdict = Verdict.PASSED
    defects: tuple[Defect, ...] = ()
    check: tuple[str, ...] = ()
    remark: bool = False

    def __str__(self) -> str:
        return self.name


CASES = (
    Case("sound", "none"),
    Case("style-agf", "none; `conda env export`, a second script starts Python"),
    Case("style-short", "none; relative paths, a cache as numba writes it", remark=True),
    Case("style-xgboost", "none; `python = 3.11`, `python -m`, options"),
    Case("style-stft", "none; adds the slash itself, writes a log beside its code", remark=True),
    Case("style-xception", "none; three scripts, variables with defaults"),
    Case("style-dpn", "none; weights named in the code, local modules"),
    Case(
        "fault-agf",
        "Docker inside, the challenge's paths, Python 2",
        Verdict.DOCKER_INSIDE,
        (Defect.DOCKER_INSIDE,),
        check=("docker-inside", "environment-ignored", "fixed-path", "python-syntax"),
    ),
    Case(
        "fault-stft",
        "joins folder and name without a slash; ids end in `.mp3`",
        Verdict.NON_ZERO_EXIT,
        (Defect.TRAILING_SLASH,),
        check=("trailing-slash", "id-suffix"),
    ),
    Case(
        "fault-dpn",
        "needs a slash and more than fifty clips, drops clips; weights are missing",
        Verdict.NON_ZERO_EXIT,
        (Defect.TRAILING_SLASH, Defect.FEW_CLIPS),
        check=("trailing-slash", "rows-lost", "weights-missing"),
    ),
    Case(
        "environment-ignored",
        "uses the challenge's paths, not the two variables",
        Verdict.ENVIRONMENT_IGNORED,
        (Defect.ENVIRONMENT_IGNORED,),
        check=("environment-ignored", "fixed-path"),
    ),
    Case(
        "id-suffix",
        "ids end in `.mp3`",
        Verdict.CSV_INVALID,
        (Defect.ID_SUFFIX,),
        check=("id-suffix",),
    ),
    Case(
        "rows-lost",
        "drops the last file of each chunk",
        Verdict.CSV_INVALID,
        (Defect.ROWS_LOST,),
        check=("rows-lost",),
    ),
    Case(
        "trailing-slash",
        "needs a slash at the end of `TEST_DIRECTORY`",
        Verdict.NON_ZERO_EXIT,
        (Defect.TRAILING_SLASH,),
        check=("trailing-slash",),
    ),
    Case(
        "network",
        "downloads at run time",
        Verdict.NETWORK_ATTEMPTED,
        (Defect.NETWORK,),
        check=("network-at-run-time",),
    ),
    Case(
        "wrote-into-payload",
        "writes features beside the clips",
        Verdict.WROTE_INTO_PAYLOAD,
        (Defect.WROTE_INTO_PAYLOAD,),
        check=("writes-into-payload",),
    ),
    Case("wrote-into-code", "writes features beside its code", remark=True),
    Case(
        "clip-without-row",
        "has no row for a clip that is too short",
        Verdict.CSV_INVALID,
        (Defect.CLIP_WITHOUT_ROW,),
    ),
    Case(
        "docker-inside",
        "starts Docker in the container",
        Verdict.DOCKER_INSIDE,
        (Defect.DOCKER_INSIDE,),
        check=("docker-inside",),
    ),
    Case("few-clips", "crashes with few clips", Verdict.NON_ZERO_EXIT, (Defect.FEW_CLIPS,)),
    Case("out-of-memory", "needs more memory than there is", Verdict.OUT_OF_MEMORY),
    Case(
        "exit-code",
        "fails without a word on why",
        Verdict.NON_ZERO_EXIT,
    ),
    Case("no-table", "writes no table", Verdict.CSV_MISSING),
    Case("entry-missing", "has no `run.sh`", Verdict.ENTRY_MISSING, check=("run-missing",)),
    Case(
        "entry-not-executable",
        "`run.sh` is not executable",
        Verdict.ENTRY_MISSING,
        check=("run-not-executable",),
    ),
    Case(
        "entry-without-shebang",
        "line 1 of `run.sh` names no interpreter",
        Verdict.ENTRY_MISSING,
        check=("no-shebang",),
    ),
    Case(
        "entry-crlf", "lines of `run.sh` end as on Windows", Verdict.ENTRY_MISSING, check=("crlf",)
    ),
    Case(
        "disk-full",
        "hostile: fills the disk",
        Verdict.DISK_LIMIT,
        remark=True,
    ),
    Case("outlives", "hostile: leaves a process behind"),
)
ENDLESS = (
    Case(
        "never-ends",
        "waits for ever after it wrote its table",
        Verdict.TIME_LIMIT,
        (Defect.NEVER_ENDS,),
    ),
    Case("log-flood", "hostile: prints for ever", Verdict.TIME_LIMIT),
)
"""Not in ``CASES``, since they always run until the time limit."""


DOCUMENT = Path(__file__).parents[2] / "docs" / "grading.md"
_BEGIN = "<!-- patterns: begin; written by python -m tests.support.grader_cases -->\n"
_END = "<!-- patterns: end -->"


def with_table(document: str) -> str:
    """A document with the table of all samples between the markers."""
    before, begin, rest = document.partition(_BEGIN)
    after = rest.partition(_END)[2]
    lines = ["| pattern | folder | `check` | defects | verdict |", "|---|---|---|---|---|"]
    for case in (*CASES, *ENDLESS):
        verdict = f"{case.verdict}, with a remark" if case.remark else str(case.verdict)
        lines.append(
            f"| {case.pattern} | `{case.name}` | {_names(case.check)} | {_names(case.defects)} "
            f"| {verdict} |"
        )
    return "\n".join([before + begin + lines[0], *lines[1:], _END]) + after


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "-"


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


if __name__ == "__main__":
    DOCUMENT.write_text(with_table(DOCUMENT.read_text()))
