"""One run of a submission: run, read the table, assess."""

from collections.abc import Sequence
from dataclasses import dataclass

from grader.engines.engine import Engine, Job, Outcome, ProgressCallback
from grader.engines.limits import GIB
from grader.judging.table import Table, read_table
from grader.judging.verdict import Assessment, judge


@dataclass(frozen=True)
class Run:
    """A run and its result.

    Attributes:
        job: the request.
        expected: ids that the table must have.
        outcome: the engine's observations.
        table: the table as read; None where there is none.
        assessment: the verdict.
    """

    job: Job
    expected: tuple[str, ...]
    outcome: Outcome
    table: Table | None
    assessment: Assessment

    @property
    def missing(self) -> list[str]:
        """Clips without a row, in the order of ids; all of them where there is no table."""
        if self.table is None:
            return list(self.expected)
        return self.table.missing

    def __str__(self) -> str:
        """Verdict, reasons and figures as lines."""
        outcome = self.outcome
        lines = [str(self.assessment), f"time      {outcome.seconds:.1f} s"]
        if outcome.peak_memory is not None:
            lines.append(f"memory    {outcome.peak_memory / GIB:.2f} GiB at most")
        lines.append(f"log       {outcome.log}")
        if outcome.table:
            lines.append(f"table     {outcome.table}")
        return "\n".join(lines)


def execute(
    engine: Engine, job: Job, expected: Sequence[str], report_usage: ProgressCallback
) -> Run:
    """Run a job, read its table and assess the result.

    Raises:
        GraderError: the engine cannot run it at all.
    """
    job.folder.mkdir(parents=True, exist_ok=True)
    outcome = engine.run(job, report_usage)
    table = read_table(outcome.table, expected) if outcome.table else None
    return Run(job, tuple(expected), outcome, table, judge(job, outcome, table))
