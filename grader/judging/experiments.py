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
        experiments = tuple(series.until_a_defect_is_proved())
    return run, experiments, _with_proved_defects(run.assessment, experiments)


def _with_proved_defects(
    assessment: Assessment, experiments: Sequence[Experiment]
) -> Assessment:  # fmt: skip
    proved = {item.defect: item for item in experiments if item.defect}
    ignored = Defect.ENVIRONMENT_IGNORED in proved
    reasons = [f"experiment, {item.question}: {item.answer}" for item in proved.values()]
    return Assessment(
        Verdict.ENVIRONMENT_IGNORED if ignored else assessment.verdict,
        (*assessment.reasons, *reasons),
        tuple(dict.fromkeys([*assessment.defects, *proved])),
    )


@dataclass(frozen=True)
class _Series:
    """The experiments on one run; ``folder`` is for their files."""

    engine: Engine
    run: Run
    folder: Path
    report_usage: ProgressCallback

    def until_a_defect_is_proved(self) -> Iterator[Experiment]:
        """Experiments that fit the run's verdict; the first that proves a defect is the last."""
        run, verdict = self.run, self.run.assessment.verdict
        if verdict is Verdict.PASSED:
            experiments = [self.one_clip]
        elif verdict in _UNEXPLAINED and len(run.missing) == len(run.expected):
            experiments = [self.trailing_slash, self.paths_of_2018, self.many_clips]
        elif verdict in _UNEXPLAINED and run.missing:
            experiments = [self.same_content]
        else:
            experiments = []
        for experiment in experiments:
            result = experiment()
            if result:
                yield result
            if result and result.defect:
                return

    def trailing_slash(self) -> Experiment:
        """TEST_DIRECTORY ends in a slash."""
        changed = self._repeat(paths=replace(self.run.job.paths, slash=True))
        return _conclusion(
            "TEST_DIRECTORY with a slash at its end", changed, not changed.missing,
            "it works only so: join folder and name with a slash", Defect.TRAILING_SLASH,
        )  # fmt: skip

    def paths_of_2018(self) -> Experiment | None:
        """The container has the challenge's own paths; None on the local engine."""
        if self.engine.name == "local":
            return None
        changed = self._repeat(paths=AS_2018)
        return _conclusion(
            f"TEST_DIRECTORY={AS_2018.payload} and OUTPUT_PATH={AS_2018.table}", changed,
            not changed.missing, "it works only with these: it does not read the variables",
            Defect.ENVIRONMENT_IGNORED,
        )  # fmt: skip

    def many_clips(self) -> Experiment | None:
        """A hundred clips: copies of the clips under other names."""
        clips = self._readable_clips()
        paths = list(clips.values())
        if not 0 < len(paths) < MANY_CLIPS:
            return None
        copies = {}
        for number in range(MANY_CLIPS - len(paths)):
            path = paths[number % len(paths)]
            copies[f"copy{number:03d}-{path.name}"] = path
        changed = self._repeat(clips=self._folder_of(clips | copies))
        # Rows may still be missing: that there is any row proves the defect.
        return _conclusion(
            f"{MANY_CLIPS} clips instead of {len(paths)}", changed,
            len(changed.missing) < len(changed.expected), "it works only with many clips",
            Defect.FEW_CLIPS,
        )  # fmt: skip

    def one_clip(self) -> Experiment | None:
        """One clip alone."""
        clips = self._readable_clips()
        if len(clips) < 2:
            return None
        changed = self._repeat(clips=self._folder_of(dict([next(iter(clips.items()))])))
        return _conclusion(
            f"one clip instead of {len(clips)}", changed,
            changed.assessment.verdict is not Verdict.PASSED, "it fails with few clips",
            Defect.FEW_CLIPS, otherwise="it works as well",
        )  # fmt: skip

    def same_content(self) -> Experiment | None:
        """Every file name with the content of a clip that had a row."""
        missing, clips = self.run.missing, self._readable_clips()
        good = next((name for name in self.run.expected if name not in missing), None)
        path = next((path for path in clips.values() if path.name[:-4] == good), None)
        if path is None:
            return None
        changed = self._repeat(clips=self._folder_of(dict.fromkeys(clips, path)))
        lost, names = len(changed.missing), ", ".join(map(repr, missing[:5]))
        result = _conclusion(
            f"every clip with the content of {good!r}", changed, bool(lost),
            f"{lost} row(s) are missing again: the position in a batch decides, not the clip",
            Defect.ROWS_LOST,
            otherwise=f"all rows are there: the content of {names} is why they had no row",
        )  # fmt: skip
        return result if lost else replace(result, defect=Defect.CLIP_WITHOUT_ROW)

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
        """A folder with the files ``clips``: name -> source."""
        folder = Path(tempfile.mkdtemp(prefix="clips-", dir=self.folder))
        folder.chmod(0o755)  # the container's user reads it
        for name, source in clips.items():
            try:
                os.link(source, folder / name)
            except OSError:  # another file system
                shutil.copyfile(source, folder / name)
        return folder

    def _readable_clips(self) -> dict[str, Path]:
        """The readable clips of the run: name -> path, sorted."""
        return {
            path.name: path
            for path in sorted(self.run.job.clips.iterdir())
            if path.name.lower().endswith(".mp3") and path.is_file() and os.access(path, os.R_OK)
        }


def _conclusion(
    question: str, changed: Run, proved: bool, answer: str, defect: Defect,
    otherwise: str = NO_CHANGE,
) -> Experiment:  # fmt: skip
    """The result of an experiment that proves ``defect`` or does not."""
    return Experiment(
        question, changed.assessment.verdict, answer if proved else otherwise,
        defect if proved else None,
    )  # fmt: skip
