"""Experiments that explain why a submission fails: change one condition and run it again.

A log may be empty or in any language. A result that changes with one condition is evidence for any
submission.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from grader.engines.engine import AS_2018, ContainerPaths, Engine, Job, ProgressCallback
from grader.files import temporary_folder
from grader.judging.runs import Run, execute
from grader.judging.table import expected_ids
from grader.judging.verdict import Assessment, Defect, Verdict

MANY_CLIPS: Final = 100
"""Clips of the experiment with many: a submission of 2018 crashed with fewer than 50."""
MIN_SECONDS: Final = 600.0
"""Time limit of an experiment, or three times the duration of the first run, if that is more."""
_UNEXPLAINED: Final = frozenset(
    {Verdict.NON_ZERO_EXIT, Verdict.CSV_MISSING, Verdict.CSV_INVALID, Verdict.ENVIRONMENT_IGNORED}
)
"""Verdicts whose cause an experiment may find; the others name their cause."""
NO_CHANGE: Final = "the result is no better"


@dataclass(frozen=True)
class Experiment:
    """A repeated run with one changed condition, and its result.

    Attributes:
        question: the changed condition.
        verdict: verdict of the changed run.
        answer: the conclusion, as text.
        defect: the defect that the experiment proves, None where it proves none.
    """

    question: str
    verdict: Verdict
    answer: str
    defect: Defect | None


def run_and_explain(
    engine: Engine,
    job: Job,
    expected: Sequence[str],
    report_usage: ProgressCallback,
    experiment: bool = True,
) -> tuple[Run, tuple[Experiment, ...], Assessment]:
    """Run a submission, explain its result by experiments, and add the defects that they prove.

    Raises:
        GraderError: the engine cannot run it at all.
    """
    run = execute(engine, job, expected, report_usage)
    if not experiment:
        return run, (), run.assessment
    with temporary_folder("grader-experiments") as scratch:
        series = _Series(engine, run, scratch, report_usage)
        experiments = tuple(series.experiments())
    return run, experiments, _with_proved_defects(run.assessment, experiments)


def _with_proved_defects(
    assessment: Assessment, experiments: Sequence[Experiment]
) -> Assessment:  # fmt: skip
    proved = {item.defect: item for item in experiments if item.defect}
    ignored = Defect.ENVIRONMENT_IGNORED in proved
    reasons = [f"experiment, {item.question}: {item.answer}" for item in proved.values()]
    return replace(
        assessment,
        verdict=Verdict.ENVIRONMENT_IGNORED if ignored else assessment.verdict,
        reasons=(*assessment.reasons, *reasons),
        defects=tuple(dict.fromkeys([*assessment.defects, *proved])),
    )


@dataclass(frozen=True)
class _Condition:
    """A condition that a submission of 2018 needed, and what it proves that it is needed."""

    question: str
    defect: Defect
    answer: str


@dataclass(frozen=True)
class _Series:
    """The experiments on one run; ``folder`` is for their files."""

    engine: Engine
    run: Run
    folder: Path
    report_usage: ProgressCallback

    def experiments(self) -> Iterator[Experiment]:
        """Experiments that fit the run's verdict."""
        run, verdict = self.run, self.run.assessment.verdict
        if verdict is Verdict.PASSED:
            yield from self.one_clip()
        elif verdict in _UNEXPLAINED and len(run.missing) == len(run.expected):
            yield from self.favourable_conditions()
        elif verdict in _UNEXPLAINED and run.missing:
            yield from self.same_content()

    def favourable_conditions(self) -> Iterator[Experiment]:
        """All conditions that a submission of 2018 needed; then each of them left out in turn.

        A submission may need several at once, so that one alone changes nothing.
        """
        conditions = self._conditions()
        together = " and ".join(condition.question for condition in conditions)
        changed = self._repeat_under(conditions)
        if not _has_rows(changed):
            yield Experiment(together, changed.assessment.verdict, NO_CHANGE, None)
            return
        passed = changed.assessment.verdict is Verdict.PASSED
        after = "" if passed else f", and then: {changed.assessment.reasons[0]}"
        for condition in conditions:
            others = [other for other in conditions if other is not condition]
            if others and _has_rows(self._repeat_under(others)):
                continue
            yield Experiment(
                condition.question, changed.assessment.verdict, f"{condition.answer}{after}",
                condition.defect,
            )  # fmt: skip

    def _conditions(self) -> list[_Condition]:
        """Conditions that this engine and these clips allow."""
        clips = self._readable_clips()
        return [
            _Condition(
                "TEST_DIRECTORY with a slash at its end", Defect.TRAILING_SLASH,
                "only so it writes rows: join folder and name with a slash",
            ),
            *([] if self.engine.name == "local" or self.run.job.paths == AS_2018 else [_Condition(
                f"TEST_DIRECTORY={AS_2018.payload} and OUTPUT_PATH={AS_2018.table}",
                Defect.ENVIRONMENT_IGNORED,
                "only so it writes rows: it does not read the variables",
            )]),
            *([] if not 0 < len(clips) < MANY_CLIPS else [_Condition(
                f"{MANY_CLIPS} clips instead of {len(clips)}", Defect.FEW_CLIPS,
                "only so it writes rows",
            )]),
        ]  # fmt: skip

    def _repeat_under(self, conditions: Sequence[_Condition]) -> Run:
        """Run the submission again under the conditions of these defects."""
        defects = {condition.defect for condition in conditions}
        paths = AS_2018 if Defect.ENVIRONMENT_IGNORED in defects else self.run.job.paths
        return self._repeat(
            clips=self._many_clips() if Defect.FEW_CLIPS in defects else None,
            paths=replace(paths, slash=paths.slash or Defect.TRAILING_SLASH in defects),
        )

    def _many_clips(self) -> Path:
        """A folder of a hundred clips: copies of the clips under other names."""
        clips = self._readable_clips()
        paths = list(clips.values())
        copies = {}
        for number in range(MANY_CLIPS - len(paths)):
            path = paths[number % len(paths)]
            copies[f"copy{number:03d}-{path.name}"] = path
        return self._folder_of(clips | copies)

    def one_clip(self) -> Iterator[Experiment]:
        """One clip alone."""
        clips = self._readable_clips()
        if len(clips) < 2:
            return
        changed = self._repeat(clips=self._folder_of(dict([next(iter(clips.items()))])))
        verdict = changed.assessment.verdict
        passed = verdict is Verdict.PASSED
        yield Experiment(
            f"one clip instead of {len(clips)}", verdict,
            "it works as well" if passed else "it fails with few clips",
            None if passed else Defect.FEW_CLIPS,
        )  # fmt: skip

    def same_content(self) -> Iterator[Experiment]:
        """Every file name with the content of a clip that had a row."""
        missing, clips = self.run.missing, self._readable_clips()
        good = next((name for name in self.run.expected if name not in missing), None)
        path = next((path for path in clips.values() if path.name[:-4] == good), None)
        if path is None:
            return
        changed = self._repeat(clips=self._folder_of(dict.fromkeys(clips, path)))
        lost, names = len(changed.missing), ", ".join(map(repr, missing[:5]))
        yield Experiment(
            f"every clip with the content of {good!r}", changed.assessment.verdict,
            f"{lost} row(s) are missing again: the position in a batch decides, not the clip"
            if lost else f"all rows are there: the content of {names} is why they had no row",
            Defect.ROWS_LOST if lost else Defect.CLIP_WITHOUT_ROW,
        )  # fmt: skip

    def _repeat(self, clips: Path | None = None, paths: ContainerPaths | None = None) -> Run:
        """Run the submission again with other clips or other paths."""
        job = self.run.job
        seconds = min(job.limits.seconds, max(MIN_SECONDS, 3 * self.run.outcome.seconds))
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=self.folder))
        changed = replace(
            job,
            folder=folder,
            limits=replace(job.limits, seconds=seconds),
            clips=clips or job.clips,
            paths=paths or job.paths,
        )
        return execute(self.engine, changed, expected_ids(changed.clips), self.report_usage)

    def _folder_of(self, clips: dict[str, Path]) -> Path:
        """A folder with the files ``clips``, name -> source, and the run's files of other names."""
        folder = Path(tempfile.mkdtemp(prefix="clips-", dir=self.folder))
        folder.chmod(0o755)  # the container's user reads it
        others = {path.name: path for path in self._readable_files() if not _is_called_mp3(path)}
        for name, source in (others | clips).items():
            try:
                os.link(source, folder / name)
            except OSError:  # another file system
                shutil.copyfile(source, folder / name)
        return folder

    def _readable_clips(self) -> dict[str, Path]:
        """The readable clips of the run: name -> path, sorted."""
        return {path.name: path for path in self._readable_files() if _is_called_mp3(path)}

    def _readable_files(self) -> Iterator[Path]:
        for path in sorted(self.run.job.clips.iterdir()):
            if path.is_file() and os.access(path, os.R_OK):
                yield path


def _is_called_mp3(path: Path) -> bool:
    return path.name.lower().endswith(".mp3")


def _has_rows(run: Run) -> bool:
    """Whether a clip has a row; others may have none, and the row may be invalid."""
    return len(run.missing) < len(run.expected)
