"""One run of a submission from the engine to the ruling."""

from collections.abc import Sequence
from dataclasses import dataclass

from grader.engines.engine import Engine, Job, Outcome, Watcher
from grader.judging.table import Table, read_table
from grader.judging.verdict import Ruling, judge


@dataclass(frozen=True)
class Run:
    """A run with everything that is known of it.

    Attributes:
        job: what was asked for.
        expected: ids that the table must have.
        outcome: what was seen.
        table: the table as read; None where there is none.
        ruling: the verdict.
    """

    job: Job
    expected: tuple[str, ...]
    outcome: Outcome
    table: Table | None
    ruling: Ruling

    @property
    def missing(self) -> list[str]:
        """Clips without a row, in the order of ids; all of them where there is no table."""
        if self.table is None:
            return list(self.expected)
        return [
            breach.file_id
            for breach in self.table.breaches
            if breach.rule == "row-missing" and breach.file_id is not None
        ]


def execute(engine: Engine, job: Job, expected: Sequence[str], watch: Watcher) -> Run:
    """Run a job, read its table and judge.

    Raises:
        GraderError: the engine cannot run it at all.
    """
    job.folder.mkdir(parents=True, exist_ok=True)
    outcome = engine.run(job, watch)
    table = read_table(outcome.table, expected) if outcome.table else None
    return Run(job, tuple(expected), outcome, table, judge(job, outcome, table))
