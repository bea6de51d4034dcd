"""Experiments that tell why a submission fails: one thing is changed, then it is run again.

A log may be silent or in any language; what changes when one condition changes is evidence that
works on any repository.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from grader.engines.engine import AS_2018, Engine, Job, Stage, Watcher
from grader.judging.runs import Run, execute
from grader.judging.table import expected_ids
from grader.judging.verdict import Defect, Ruling, Verdict

MANY: Final = 100
"""Clips of the experiment with many: a submission of 2018 crashed with fewer than 50."""
AT_LEAST: Final = 600.0
"""Seconds that an experiment may take, or three times the run that it follows, if that is more."""
_OPEN: Final = frozenset(
    {Verdict.NON_ZERO_EXIT, Verdict.CSV_MISSING, Verdict.CSV_INVALID, Verdict.ENVIRONMENT_IGNORED}
)
"""Verdicts whose cause an experiment may find; the others name their cause."""


@dataclass(frozen=True)
class Probe:
    """One experiment.

    Attributes:
        question: what was changed.
        verdict: of the changed run.
        answer: what follows, for people.
        defect: the defect that it proves, None where it proves none.
    """

    question: str
    verdict: Verdict
    answer: str
    defect: Defect | None


@dataclass(frozen=True)
class Laboratory:
    """What every experiment needs: the engine, the run to explain and a folder for its files."""

    engine: Engine
    run: Run
    folder: Path
    watch: Watcher

    def repeat(self, name: str, clips: Path | None = None, stage: Stage | None = None) -> Run:
        """The run once more, with other clips or on another stage."""
        job = self.run.job
        seconds = min(job.limits.seconds, max(AT_LEAST, 3 * self.run.outcome.seconds))
        changed = replace(
            job,
            folder=self.folder / name,
            limits=replace(job.limits, seconds=seconds),
            clips=clips or job.clips,
            stage=stage or job.stage,
        )
        return execute(self.engine, changed, expected_ids(changed.clips), self.watch)

    def clips(self, name: str, sources: dict[str, Path]) -> Path:
        """A folder of clips: name -> file to take."""
        folder = self.folder / name
        folder.mkdir(parents=True)
        for clip, source in sources.items():
            try:
                os.link(source, folder / clip)
            except OSError:  # another file system
                shutil.copyfile(source, folder / clip)
        return folder

    def sources(self) -> dict[str, Path]:
        """The clips of the run that can be read: name -> file, sorted."""
        return {
            path.name: path
            for path in sorted(self.run.job.clips.iterdir())
            if path.name.lower().endswith(".mp3") and path.is_file() and os.access(path, os.R_OK)
        }


def examine(
    engine: Engine, job: Job, expected: Sequence[str], watch: Watcher, probe: bool = True
) -> tuple[Run, tuple[Probe, ...], Ruling]:
    """A run, the experiments that explain it, and the ruling with what they proved.

    Raises:
        GraderError: the engine cannot run it at all.
    """
    run = execute(engine, job, expected, watch)
    if not probe:
        return run, (), run.ruling
    with tempfile.TemporaryDirectory(prefix="grader-probes-") as scratch:
        probes = tuple(explain(Laboratory(engine, run, Path(scratch), watch)))
    return run, probes, with_probes(run.ruling, probes)


def with_probes(ruling: Ruling, probes: Sequence[Probe]) -> Ruling:
    """A ruling with what experiments proved."""
    proved = [(probe.defect, probe) for probe in probes if probe.defect]
    verdict = ruling.verdict
    if any(defect is Defect.ENVIRONMENT_IGNORED for defect, _ in proved):
        verdict = Verdict.ENVIRONMENT_IGNORED
    defects = dict.fromkeys([*ruling.defects, *(defect for defect, _ in proved)])
    reasons = [f"experiment, {probe.question}: {probe.answer}" for _, probe in proved]
    return Ruling(verdict, (*ruling.reasons, *reasons), tuple(defects))


def explain(laboratory: Laboratory) -> Iterator[Probe]:
    """Experiments that fit a run, until one proves a defect."""
    experiments: tuple[Callable[[Laboratory], Probe | None], ...] = ()
    run = laboratory.run
    if run.ruling.verdict is Verdict.PASSED:
        experiments = (one_clip,)
    elif run.ruling.verdict in _OPEN and len(run.missing) == len(run.expected):
        experiments = (with_slash, paths_of_2018, many_clips)
    elif run.ruling.verdict in _OPEN and run.missing:
        experiments = (same_content,)
    for experiment in experiments:
        probe = experiment(laboratory)
        if probe is not None:
            yield probe
            if probe.defect:
                return


def with_slash(laboratory: Laboratory) -> Probe:
    """TEST_DIRECTORY with a slash at its end: does that help."""
    stage = replace(laboratory.run.job.stage, slash=True)
    changed = laboratory.repeat("with-slash", stage=stage)
    helps = not changed.missing
    return Probe(
        "TEST_DIRECTORY with a slash at its end",
        changed.ruling.verdict,
        "it works only so: join folder and name with a slash" if helps else "no better",
        Defect.TRAILING_SLASH if helps else None,
    )


def paths_of_2018(laboratory: Laboratory) -> Probe | None:
    """The challenge's own paths: does it know no others. Needs a container."""
    if laboratory.engine.name == "local":
        return None
    changed = laboratory.repeat("paths-of-2018", stage=AS_2018)
    helps = not changed.missing
    return Probe(
        f"TEST_DIRECTORY={AS_2018.payload} and OUTPUT_PATH={AS_2018.table}",
        changed.ruling.verdict,
        "it works only with these: the variables are not obeyed" if helps else "no better",
        Defect.ENVIRONMENT_IGNORED if helps else None,
    )


def many_clips(laboratory: Laboratory) -> Probe | None:
    """Copies of the clips under other names, a hundred in all: does it need many."""
    sources = laboratory.sources()
    if len(sources) >= MANY:
        return None
    paths = list(sources.values())
    copies = {f"copy{n:03d}-{paths[n % len(paths)].name}": paths[n % len(paths)]
              for n in range(MANY - len(paths))}  # fmt: skip
    changed = laboratory.repeat("many", laboratory.clips("many-clips", sources | copies))
    # Some rows may still be lost; that it runs at all is the answer.
    helps = len(changed.missing) < len(changed.expected)
    return Probe(
        f"{MANY} clips instead of {len(sources)}",
        changed.ruling.verdict,
        "it works only with many clips" if helps else "no better",
        Defect.FEW_CLIPS if helps else None,
    )


def one_clip(laboratory: Laboratory) -> Probe | None:
    """One clip alone: does it need more."""
    sources = laboratory.sources()
    if len(sources) < 2:
        return None
    name, path = next(iter(sources.items()))
    changed = laboratory.repeat("one", laboratory.clips("one-clip", {name: path}))
    fails = changed.ruling.verdict is not Verdict.PASSED
    return Probe(
        f"one clip instead of {len(sources)}",
        changed.ruling.verdict,
        "it fails with few clips" if fails else "works as well",
        Defect.FEW_CLIPS if fails else None,
    )


def same_content(laboratory: Laboratory) -> Probe | None:
    """Every name with the sound of one clip that had a row: do the same names lose theirs."""
    run = laboratory.run
    good = next((file_id for file_id in run.expected if file_id not in run.missing), None)
    sources = laboratory.sources()
    path = next((path for path in sources.values() if path.name[:-4] == good), None)
    if path is None:
        return None
    clips = laboratory.clips("same-clips", dict.fromkeys(sources, path))
    changed = laboratory.repeat("same", clips)
    lost = len(changed.missing)
    names = ", ".join(map(repr, run.missing[:5]))
    if lost:
        answer = f"{lost} row(s) lost again: the place in a batch decides, not the clip"
    else:
        answer = f"all rows are there: {names} got none for what the files hold"
    return Probe(
        f"every clip with the content of {good!r}",
        changed.ruling.verdict,
        answer,
        Defect.ROWS_LOST if lost else Defect.CLIP_WITHOUT_ROW,
    )
