"""Each defect of 2018 is caught and named: sample submissions as plain processes."""

import os
import shutil
from pathlib import Path

import pytest

from grader.engines.engine import Job
from grader.engines.local import LocalEngine
from grader.errors import GraderError
from grader.files import make_parents, remove_folder
from grader.judging.experiments import Experiment, run_and_explain
from grader.judging.runs import Run, execute
from grader.judging.table import expected_ids
from grader.judging.verdict import Assessment, Defect, Verdict
from tests.grader.conftest import SHORT, SUBMISSIONS, MakeJob, ignore_progress
from tests.support.grader_cases import CASES, NEVER_ENDS, Case


def examined(job: Job) -> tuple[Run, tuple[Experiment, ...], Assessment]:
    return run_and_explain(LocalEngine(), job, expected_ids(job.clips), ignore_progress)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict_and_defect(case: Case, make_job: MakeJob) -> None:
    _, _, assessment = examined(make_job(str(SUBMISSIONS / case.name)))
    assert assessment.verdict is case.verdict
    assert list(assessment.defects) == ([case.defect] if case.defect else [])


def test_an_endless_loop_is_told_from_slowness(make_job: MakeJob) -> None:
    run, _, assessment = examined(make_job(str(SUBMISSIONS / NEVER_ENDS.name), seconds=2))
    assert assessment.verdict is NEVER_ENDS.verdict
    assert list(assessment.defects) == [NEVER_ENDS.defect]
    assert run.outcome.timed_out
    assert run.outcome.exit_code is None


def test_every_sample_is_a_case() -> None:
    names = {case.name for case in (*CASES, NEVER_ENDS)}
    quiet = {"environment-ignored-quietly", "network-quietly"}  # only a container sees these
    assert {path.name for path in SUBMISSIONS.iterdir()} == names | quiet


def test_a_sound_run_is_measured(make_job: MakeJob) -> None:
    run, probes, _ = examined(make_job(str(SUBMISSIONS / "sound")))
    assert run.outcome.exit_code == 0
    assert run.outcome.peak_memory
    assert run.table is not None
    assert len(run.table.rows) == 6
    assert [probe.verdict for probe in probes] == [Verdict.PASSED]


def test_the_clip_without_a_row_is_named(make_job: MakeJob) -> None:
    run, _, assessment = examined(make_job(str(SUBMISSIONS / "clip-without-row")))
    assert run.missing == [SHORT]
    assert SHORT in assessment.reasons[-1]


def test_the_submission_gets_copies(make_job: MakeJob) -> None:
    job = make_job(str(SUBMISSIONS / "wrote-into-payload"))
    before = sorted(path.name for path in job.clips.iterdir())
    run, _, _ = examined(job)
    assert "payload/short.npy" in run.outcome.changed
    assert sorted(path.name for path in job.clips.iterdir()) == before


def test_a_submission_that_passes_but_cannot_take_one_clip(
    make_job: MakeJob, tmp_path: Path
) -> None:
    repository = Path(shutil.copytree(SUBMISSIONS / "sound", tmp_path / "repository"))
    script = (repository / "run.sh").read_text().splitlines()
    script.insert(1, '[ "$(ls "$TEST_DIRECTORY" | wc -l)" -gt 1 ] || exit 5')
    (repository / "run.sh").write_text("\n".join(script) + "\n")
    _, probes, assessment = examined(make_job(str(repository)))
    assert (assessment.verdict, assessment.defects) == (Verdict.PASSED, (Defect.FEW_CLIPS,))
    assert [probe.verdict for probe in probes] == [Verdict.NON_ZERO_EXIT]


def test_odd_files_are_clips_as_well(make_job: MakeJob) -> None:
    job = make_job(str(SUBMISSIONS / "sound"))
    (job.clips / "link.mp3").symlink_to("/nowhere.mp3")
    os.mkfifo(job.clips / "pipe.mp3")
    (job.clips / "closed.mp3").touch(mode=0)
    (job.clips / "again.mp3").symlink_to("short.mp3")
    run, _, assessment = examined(job)
    assert assessment.verdict is Verdict.PASSED
    assert len(run.expected) == 10


def test_variables_are_handed_on_and_the_callers_are_not(
    make_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "token")
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "run.sh").write_text("#!/bin/bash\nenv\n")
    (repository / "run.sh").chmod(0o755)
    run, _, _ = examined(make_job(str(repository), SYSTEM="mobilenet"))
    log = run.outcome.log.read_text()
    assert "SYSTEM=mobilenet" in log
    assert "SECRET" not in log


def test_a_run_sh_that_cannot_be_executed(make_job: MakeJob, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    shutil.copytree(SUBMISSIONS / "sound", repository)
    (repository / "run.sh").chmod(0o644)
    _, _, assessment = examined(make_job(str(repository)))
    assert assessment.verdict is Verdict.ENTRY_MISSING


def test_a_failing_run_without_any_readable_clip(make_job: MakeJob) -> None:
    job = make_job(str(SUBMISSIONS / "exit-code"))
    for clip in list(job.clips.iterdir()):
        clip.unlink()
        clip.symlink_to("/nowhere.mp3")
    _, experiments, assessment = examined(job)
    assert assessment.verdict is Verdict.NON_ZERO_EXIT
    assert len(experiments) == 1


def test_a_repository_without_run_sh(make_job: MakeJob, tmp_path: Path) -> None:
    with pytest.raises(GraderError, match=r"no run\.sh"):
        examined(make_job(str(tmp_path)))


def test_a_table_that_is_a_link_is_not_followed(make_job: MakeJob, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "run.sh").write_text('#!/bin/bash\nln -s /etc/passwd "$OUTPUT_PATH"\n')
    (repository / "run.sh").chmod(0o755)
    run, _, assessment = examined(make_job(str(repository)))
    assert assessment.verdict is Verdict.CSV_MISSING
    assert run.table is None


def test_what_a_submission_leaves_is_removed_and_read_safely(
    make_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    repository = tmp_path / "repository"
    repository.mkdir()
    os.mkfifo(repository / "pipe")
    deep = repository.joinpath(*["a"] * 1500)
    make_parents(deep / "file")
    (deep / "file").touch()
    (repository / "run.sh").write_text(
        '#!/bin/bash\nmkfifo "$OUTPUT_PATH"\n'
        "mkdir -m 0 locked\n"
        'python3 -c \'import os\nfor _ in range(1500): os.mkdir("b"); os.chdir("b")\'\n'
    )
    (repository / "run.sh").chmod(0o755)
    try:
        job = make_job(str(repository))
        run = execute(LocalEngine(), job, expected_ids(job.clips), ignore_progress)
    finally:
        remove_folder(repository)  # pytest cannot
    assert run.assessment.verdict is Verdict.CSV_MISSING
    assert list(scratch.iterdir()) == []
