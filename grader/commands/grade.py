"""``grade REPO CLIPS``: the whole way, with a report."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from grader.commands.build import Builder, Built, add_build_arguments, build, builder_of, one_name
from grader.commands.build import describe as describe_build
from grader.commands.check import check
from grader.commands.options import (
    Prepared,
    Progress,
    add_run_arguments,
    describe,
    empty_folder,
    prepare,
    with_image,
)
from grader.errors import GraderError
from grader.judging.experiments import Probe, examine
from grader.judging.labels import read_labels
from grader.judging.runs import Run
from grader.judging.table import expected_ids
from grader.judging.verdict import Ruling, Verdict
from grader.repository.sources import Source, sources
from grader.rules.findings import Finding, Severity

if TYPE_CHECKING:
    from grader.commands.score import Judgement


@dataclass(frozen=True)
class Grade:
    """Everything that was found out about one submission.

    Attributes:
        source: what was graded.
        findings: of ``check``.
        ruling: verdict, with the defects that experiments proved.
        prepared: engine, limits and notes on them.
        built: the build; None on an engine that builds nothing.
        run: the run; None where the build failed.
        probes: experiments after a failure.
        judgement: scores; None without a valid table or without labels.
    """

    source: Source
    findings: tuple[Finding, ...]
    ruling: Ruling
    prepared: Prepared
    built: Built | None = None
    run: Run | None = None
    probes: tuple[Probe, ...] = ()
    judgement: "Judgement | None" = None

    @property
    def faultless(self) -> bool:
        """Whether it passed and no defect was found on the way."""
        return self.ruling.verdict is Verdict.PASSED and not self.ruling.defects


@dataclass(frozen=True)
class Exam:
    """What a submission is put to.

    Attributes:
        expected: ids that the table must have.
        labels: true genres by id; None where they are not known.
        builder: how to call repo2docker; None on an engine that builds nothing.
        image: name for the image; one made of the source's name where None.
        probe: whether to experiment after a failure.
    """

    expected: Sequence[str]
    labels: dict[str, int] | None
    builder: Builder | None
    image: str | None = None
    probe: bool = True


def grade(source: Source, prepared: Prepared, exam: Exam) -> Grade:
    """Grade one source into ``prepared.job.folder``.

    Raises:
        GraderError: the engine cannot work at all.
    """
    findings = tuple(check(source.folder, exam.builder.program if exam.builder else None))
    folder = prepared.job.folder
    image, built = str(source.folder), None
    if exam.builder is not None:
        print(f"building {source.name} {source.ref} (log: {folder / 'build.log'})", flush=True)
        built = build(source, exam.builder, folder / "build.log", exam.image)
        print(describe_build(built))
        if built.fault:
            ruling = Ruling(Verdict.BUILD_FAILED, (built.fault,))
            return Grade(source, findings, ruling, prepared, built)
        image = built.image
    watch = Progress()
    run, probes, ruling = examine(
        prepared.engine, with_image(prepared, image), exam.expected, watch, exam.probe
    )
    watch.done()
    judgement = _judgement(run, exam) if run.table and not run.table.breaches else None
    return Grade(source, findings, ruling, prepared, built, run, probes, judgement)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command line."""
    add_build_arguments(parser)
    parser.add_argument("clips", metavar="CLIPS", type=Path, help="folder of mp3 files")
    parser.add_argument(
        "--truth", metavar="LABELS", type=Path,
        help="CSV with the columns file_id (or track_id) and genre; gives scores",
    )  # fmt: skip
    parser.add_argument("--name", help="name on the leaderboard (default: the repository's)")
    parser.add_argument(
        "--no-probes", action="store_true", help="do not run it again to find out why it fails"
    )
    add_run_arguments(parser)


def command(arguments: argparse.Namespace) -> int:
    """Grade every ref; 1 when one has a fault."""
    from grader.report.page import write_report

    expected = expected_ids(arguments.clips)
    labels = _labels(arguments.truth, expected)
    builder = builder_of(arguments) if arguments.engine == "docker" else None
    one_name(arguments)
    prepared = prepare(arguments, arguments.output)
    exam = Exam(expected, labels, builder, arguments.image_name, not arguments.no_probes)
    with sources(arguments.repository, arguments.ref, arguments.tags) as found:
        several = len(found) > 1
        faultless = True
        for source in found:
            folder = arguments.output / source.image.rsplit(":", 1)[-1] if several else None
            folder = empty_folder(folder or arguments.output)
            write_report(folder, None, "")  # marks the folder as ours from the start
            job = replace(prepared.job, folder=folder)
            result = grade(source, replace(prepared, job=job), exam)
            name = arguments.name or " ".join(filter(None, (source.name, source.ref)))
            print(_summary(result))
            print(f"report    {write_report(folder, result, name)}")
            faultless &= result.faultless
    return int(not faultless)


def _judgement(run: Run, exam: Exam) -> "Judgement | None":
    if exam.labels is None or run.table is None:
        return None
    from grader.commands.score import judge_rows

    return judge_rows(run.table.rows, exam.labels)


def _labels(path: Path | None, expected: Sequence[str]) -> dict[str, int] | None:
    """Labels of the clips that are there.

    Raises:
        GraderError: they cannot be read, or fit no clip.
    """
    if path is None:
        return None
    labels = read_labels(path)
    fitting = {file_id: labels[file_id] for file_id in expected if file_id in labels}
    if not fitting:
        raise GraderError(f"{path}: none of its labels is for one of the clips")
    if len(fitting) < len(expected):
        print(f"note: {len(expected) - len(fitting)} clip(s) have no label and are not scored")
    return fitting


def _summary(result: Grade) -> str:
    errors = [finding for finding in result.findings if finding.severity is Severity.ERROR]
    lines = [f"check     {finding.rule} {finding.where}: {finding.what}" for finding in errors]
    if result.run is None:
        lines.append(f"verdict   {result.ruling.verdict}")
        lines += [f"because   {reason}" for reason in result.ruling.reasons]
    else:
        lines.append(describe(replace(result.run, ruling=result.ruling)))
    if result.judgement:
        from grader.commands.score import describe as describe_scores

        lines.append(describe_scores(result.judgement))
    return "\n".join(lines)
