"""Each defect of 2018 is caught and named: sample submissions as plain processes."""

import contextlib
import os
import shutil
from pathlib import Path

import pytest

from grader.engines.engine import Job
from grader.engines.local import LocalEngine
from grader.files import make_parents, remove_folder
from grader.judging.experiments import NO_CHANGE, Experiment, run_and_explain
from grader.judging.runs import Run, execute
from grader.judging.table import expected_ids
from grader.judging.verdict import Assessment, Defect, Verdict
from grader.logs import LARGEST
from tests.grader.conftest import SHORT, SUBMISSIONS, MakeJob, ignore_progress, table_text
from tests.support.grader_cases import CASES, ENDLESS, Case


def examined(job: Job) -> tuple[Run, tuple[Experiment, ...], Assessment]:
    return run_and_explain(LocalEngine(), job, expected_ids(job.clips), ignore_progress)


def repository_with(run_sh: str, folder: Path) -> str:
    """A repository with nothing but ``run.sh``."""
    repository = folder / "repository"
    repository.mkdir()
    (repository / "run.sh").write_text(run_sh)
    (repository / "run.sh").chmod(0o755)
    return str(repository)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict_and_defect(case: Case, make_job: MakeJob) -> None:
    _, _, assessment = examined(make_job(str(SUBMISSIONS / case.name)))
    assert assessment.verdict is case.verdict
    assert assessment.defects == case.defects
    assert bool(assessment.remarks) is case.remark


@pytest.mark.parametrize("case", ENDLESS, ids=str)
def test_an_endless_loop_is_told_from_slowness(case: Case, make_job: MakeJob) -> None:
    run, _, assessment = examined(make_job(str(SUBMISSIONS / case.name), seconds=2))
    assert (assessment.verdict, assessment.defects) == (case.verdict, case.defects)
    assert run.outcome.timed_out
    assert run.outcome.exit_code is None
    assert run.outcome.log.stat().st_size < LARGEST + 1000


def test_every_sample_is_a_case() -> None:
    names = {case.name for case in (*CASES, *ENDLESS)}
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


def test_several_conditions_at_once(make_job: MakeJob, tmp_path: Path) -> None:
    run_sh = """#!/bin/bash
[ "$(ls "$TEST_DIRECTORY"*.mp3 | wc -l)" -ge 50 ] || exit 3
printf '%s' 'HEADER' >"$OUTPUT_PATH"
for clip in "$TEST_DIRECTORY"*.mp3; do
    case $clip in *short.mp3) continue ;; esac
    clip=${clip##*/}
    printf '%s' "${clip%.mp3}" >>"$OUTPUT_PATH"
    printf ',0.0625%.0s' {1..16} >>"$OUTPUT_PATH"
    echo >>"$OUTPUT_PATH"
done
"""
    job = make_job(repository_with(run_sh.replace("HEADER", table_text()), tmp_path))
    _, experiments, assessment = examined(job)
    assert assessment.verdict is Verdict.NON_ZERO_EXIT
    assert assessment.defects == (Defect.TRAILING_SLASH, Defect.FEW_CLIPS)
    assert "short" in experiments[0].answer, "rows, but not a valid table"


def test_experiments_change_one_condition_at_a_time(make_job: MakeJob, tmp_path: Path) -> None:
    """A file that is no clip is in the folder in every experiment, too."""
    run_sh = '#!/bin/bash\n[ ! -e "$TEST_DIRECTORY/README.md" ] || exit 4\n'
    job = make_job(repository_with(run_sh, tmp_path))
    (job.clips / "README.md").write_text("not music")
    _, experiments, assessment = examined(job)
    assert [experiment.answer for experiment in experiments] == [NO_CHANGE]
    assert assessment.defects == ()


def test_what_no_condition_helps(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(repository_with("#!/bin/bash\nexit 3\n", tmp_path))
    _, experiments, assessment = examined(job)
    assert [experiment.answer for experiment in experiments] == [NO_CHANGE]
    assert assessment.defects == ()


def test_run_sh_starts_in_the_repository(make_job: MakeJob, tmp_path: Path) -> None:
    script = (SUBMISSIONS / "sound" / "predict.py").read_text()
    run_sh = '#!/bin/bash\npython3 guess.py "$TEST_DIRECTORY" "$OUTPUT_PATH"\n'
    repository = repository_with(run_sh, tmp_path)
    (Path(repository) / "guess.py").write_text(script)
    _, _, assessment = examined(make_job(repository))
    assert assessment.verdict is Verdict.PASSED


def test_caches_are_neither_refused_nor_remarked(make_job: MakeJob, tmp_path: Path) -> None:
    script = (SUBMISSIONS / "sound" / "predict.py").read_text()
    run_sh = """#!/bin/bash
mkdir -p __pycache__ .cache "$NUMBA_CACHE_DIR" "$MPLCONFIGDIR"
touch __pycache__/a.nbi .cache/b "$NUMBA_CACHE_DIR/c"
python3 guess.py "$TEST_DIRECTORY" "$OUTPUT_PATH"
"""
    repository = repository_with(run_sh, tmp_path)
    (Path(repository) / "guess.py").write_text(script)
    _, _, assessment = examined(make_job(repository))
    assert (assessment.verdict, assessment.remarks) == (Verdict.PASSED, ())


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
    repository = repository_with("#!/bin/bash\nenv\n", tmp_path)
    run, _, _ = examined(make_job(repository, SYSTEM="mobilenet"))
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


def test_a_process_of_another_session_does_not_live_on(make_job: MakeJob, tmp_path: Path) -> None:
    repository = Path(shutil.copytree(SUBMISSIONS / "outlives", tmp_path / "repository"))
    mark = f"600.{os.getpid()}"
    script = (repository / "run.sh").read_text()
    (repository / "run.sh").write_text(script.replace("sleep 600", f"sleep {mark}"))
    examined(make_job(str(repository)))
    commands = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            commands.append((process / "cmdline").read_bytes())
    assert f"sleep\0{mark}\0".encode() not in commands


def test_a_table_that_is_a_link_is_not_followed(make_job: MakeJob, tmp_path: Path) -> None:
    run_sh = '#!/bin/bash\nln -s /etc/passwd "$OUTPUT_PATH"\n'
    run, _, assessment = examined(make_job(repository_with(run_sh, tmp_path)))
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
