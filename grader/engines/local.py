"""A stand-in for the container: the entry point as a plain process on copies of the folders.

For machines without an engine, and for tests. The same verdicts follow from what it sees, but it
does not confine: network, other files and the processor stay open to the submission, the user
is the caller's, packages are this machine's. Run only what you would run by hand.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from grader.engines.engine import Job, Outcome, Reading, Watcher
from grader.engines.limits import Machine
from grader.engines.logs import LogKeeper
from grader.errors import GraderError
from grader.repository import dockerignore
from grader.repository.files import Repository

POLL = 0.05
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")
Snapshot = dict[str, tuple[int, int]]


class LocalEngine:
    """Runs repositories, not images: ``Job.image`` is a repository's folder."""

    name = "local"
    covers = (
        "a plain process, no container: no repo2docker build, network not cut and only its "
        "errors in the log seen, no CPU limit, this machine's packages, the caller's user"
    )

    def machine(self) -> Machine:
        """This machine; a graphics card is not looked for."""
        memory = os.sysconf("SC_PHYS_PAGES") * _PAGE
        return Machine(len(os.sched_getaffinity(0)), memory, gpu=False)

    def run(self, job: Job, watch: Watcher) -> Outcome:
        """Run ``run.sh`` of a repository; see ``Engine.run``."""
        repository = Repository.at(Path(job.image))
        log = job.folder / "run.log"
        with tempfile.TemporaryDirectory(prefix="grader-") as name:
            place = Path(name)
            folders = {"code": place / "code", "payload": place / "payload"}
            for folder in (*folders.values(), place / "out", place / "tmp"):
                folder.mkdir()
            _copy_context(repository, folders["code"])
            for clip in job.clips.iterdir():
                _copy_clip(clip, folders["payload"] / clip.name)
            before = {kind: _snapshot(folder) for kind, folder in folders.items()}
            outcome = _supervise(job, place, log, watch)
            changed = [
                f"{kind}/{path}"
                for kind, folder in folders.items()
                for path in _changes(before[kind], _snapshot(folder))
            ]
            return _collect(outcome, place / "out" / "table.csv", job.folder, tuple(changed))


def _supervise(job: Job, place: Path, log: Path, watch: Watcher) -> Outcome:
    """Start the entry point, and end it where it passes a limit."""
    started = time.monotonic()
    try:
        process = subprocess.Popen(
            [str(place / "code" / "run.sh")], cwd=place / "tmp", env=_environment(job, place),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        log.write_text(f"run.sh cannot be started: {error.strerror}\n", encoding="utf-8")
        return Outcome(126 if isinstance(error, PermissionError) else 127, 0.0, log)
    if process.stdout is None:
        raise AssertionError("a pipe was asked for")
    keeper = LogKeeper(process.stdout, log)
    keeper.start()
    peak, cpu, timed_out, out_of_memory = 0, 0.0, False, False
    try:
        while process.poll() is None:
            seconds = time.monotonic() - started
            memory, spent = _usage(process.pid)
            peak, cpu = max(peak, memory), max(cpu, spent)
            watch(Reading(seconds, memory, peak))
            out_of_memory, timed_out = memory > job.limits.memory, seconds > job.limits.seconds
            if out_of_memory or timed_out:
                break
            time.sleep(POLL)
    finally:
        _end(process)
    keeper.join(timeout=5)
    ended = timed_out or out_of_memory
    return Outcome(
        None if ended else process.returncode, time.monotonic() - started, log,
        peak_memory=peak, cpu_seconds=cpu, timed_out=timed_out and not out_of_memory,
        out_of_memory=out_of_memory,
    )  # fmt: skip


def _environment(job: Job, place: Path) -> dict[str, str]:
    """A bare environment: nothing of the caller's but PATH."""
    slash = "/" if job.stage.slash else ""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(place / "tmp"),
        "TMPDIR": str(place / "tmp"),
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        # An engine of this machine must not be at the submission's service.
        "DOCKER_HOST": f"unix://{place}/no-docker.sock",
        "TEST_DIRECTORY": str(place / "payload") + slash,
        "OUTPUT_PATH": str(place / "out" / "table.csv"),
        **job.environment,
    }


def _copy_clip(clip: Path, target: Path) -> None:
    """Copy a clip; what is none, or cannot be read, becomes something just as odd."""
    if clip.is_file() and os.access(clip, os.R_OK):
        shutil.copyfile(clip, target)
    elif clip.is_symlink() and not clip.exists():
        target.symlink_to(clip.readlink())
    elif clip.is_dir():
        target.mkdir()
    elif clip.is_file():
        target.touch(mode=0)
    else:
        os.mkfifo(target)


def _copy_context(repository: Repository, target: Path) -> None:
    """Copy what a build would take, links as links."""
    patterns = dockerignore.parse(repository.text(".dockerignore"))
    for path in dockerignore.context_files(repository.root, patterns):
        if path.parts[0] == ".git":
            continue
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(repository.root / path, target / path, follow_symlinks=False)
    if not (target / "run.sh").is_file():
        raise GraderError(f"{repository.root}: no run.sh in it (or .dockerignore takes it out)")


def _snapshot(folder: Path) -> Snapshot:
    """Size and time of every file; bytecode caches do not count."""
    snapshot = {}
    for path in folder.rglob("*"):
        if "__pycache__" not in path.parts and not path.is_dir():
            status = path.lstat()
            snapshot[path.relative_to(folder).as_posix()] = (status.st_size, status.st_mtime_ns)
    return snapshot


def _changes(before: Snapshot, after: Snapshot) -> list[str]:
    names = before.keys() | after.keys()
    return sorted(name for name in names if before.get(name) != after.get(name))


def _collect(seen: Outcome, table: Path, folder: Path, changed: tuple[str, ...]) -> Outcome:
    """The outcome with the table saved from the folder that goes away."""
    if table.is_symlink() or not table.is_file():
        return replace(seen, changed=changed)
    age = max(0.0, time.time() - table.stat().st_mtime)
    kept = folder / "table.csv"
    shutil.copyfile(table, kept)
    return replace(seen, table=kept, table_age=age, changed=changed)


def _usage(session: int) -> tuple[int, float]:
    """Resident bytes and CPU seconds of a session's processes."""
    pages = ticks = 0
    for fields in _processes(session):
        ticks += int(fields[11]) + int(fields[12]) + int(fields[13]) + int(fields[14])
        pages += int(fields[21])
    return pages * _PAGE, ticks / _TICKS


def _processes(session: int) -> Iterator[list[str]]:
    """Fields of /proc/PID/stat after the name, of each process of a session."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                stat = (folder / "stat").read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue  # it has ended meanwhile
            fields = stat.rpartition(")")[2].split()
            if int(fields[3]) == session:
                yield [*fields, folder.name]


def _end(process: subprocess.Popen[bytes]) -> None:
    """End every process of the session, its leader last."""
    for fields in list(_processes(process.pid)):
        try:
            os.kill(int(fields[-1]), signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait()
