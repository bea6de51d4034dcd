"""Grades one submission: check, build, run, explain and score; used by the command ``grade``."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from grader.engines.engine import Engine, Job, ProgressCallback
from grader.judging.experiments import Experiment, run_and_explain
from grader.judging.runs import Run
from grader.judging.verdict import Assessment, Verdict
from grader.repository.repo2docker import Build, Builder
from grader.repository.sources import Source
from grader.rules.check import check
from grader.rules.findings import Finding, Severity
from grader.text import visible

if TYPE_CHECKING:
    from grader.judging.scores import TableScores


@dataclass(frozen=True)
class Grade:
    """The result of grading one submission.

    Attributes:
        source: the submission.
        job: the request of the run; its limits are not above what the machine has.
        findings: findings of ``check``.
        assessment: verdict, with the defects that experiments proved.
        build: the build; None on an engine that builds nothing.
        run: the run; None where the build failed.
        experiments: experiments that explain the run.
        scores: scores; None without a valid table or without labels.
    """

    source: Source
    job: Job
    findings: tuple[Finding, ...]
    assessment: Assessment
    build: Build | None = None
    run: Run | None = None
    experiments: tuple[Experiment, ...] = ()
    scores: "TableScores | None" = None

    @property
    def faultless(self) -> bool:
        """Whether the submission passed and no defect was found."""
        return self.assessment.verdict is Verdict.PASSED and not self.assessment.defects

    def __str__(self) -> str:
        """Summary: errors of ``check``, verdict, reasons, figures and scores."""
        lines = [
            visible(f"check     {finding.rule} {finding.where}: {finding.what}")
            for finding in self.findings
            if finding.severity is Severity.ERROR
        ]
        run = replace(self.run, assessment=self.assessment) if self.run else self.assessment
        lines += [str(run), *([self.scores.text()] if self.scores else [])]
        return "\n".join(lines)


def grade(
    source: Source,
    engine: Engine,
    job: Job,
    expected: Sequence[str],
    report_usage: ProgressCallback,
    *,
    labels: dict[str, int] | None = None,
    builder: Builder | None = None,
    image: str | None = None,
    experiment: bool = True,
) -> Grade:
    """Grade one submission into ``job.folder``.

    Args:
        source: the submission.
        engine: runs the submission.
        job: the run's request; its image is replaced.
        expected: ids that the table must have.
        report_usage: receives what the submission uses, from time to time while it runs.
        labels: true genres by id; None where they are not known.
        builder: builds the image; None on an engine that builds nothing.
        image: name for the image; derived from the source's name where None.
        experiment: whether to explain the result by experiments.

    Raises:
        GraderError: the engine cannot work at all.
    """
    findings = tuple(check(source.folder, builder.program if builder else None))
    build = builder.build(source, job.folder / "build.log", image) if builder else None
    if build:
        print(build)
    job = replace(job, image=build.image if build else str(source.folder))
    if build and build.fault:
        return Grade(source, job, findings, Assessment(Verdict.BUILD_FAILED, (build.fault,)), build)
    run, experiments, assessment = run_and_explain(engine, job, expected, report_usage, experiment)
    scores = None
    if labels is not None and run.table and not run.table.violations:
        from grader.judging.scores import score_rows

        scores = score_rows(run.table.rows, labels)
    return Grade(source, job, findings, assessment, build, run, experiments, scores)
