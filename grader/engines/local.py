"""Runs the entry point of a repository as a plain process on copies of the code and the clips.

For machines without Docker, and for tests. It does not confine the submission: network, other
files and CPUs are open to it, the user is the caller, packages are this machine's. Run only what
you would run by hand.
"""

import os
import shutil
import stat
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from grader.engines.engine import Job, Outcome, ProgressCallback, cache_variables, is_cache
from grader.engines.entry import HEAD_BYTES, MISSING, entry_fault
from grader.engines.limits import Machine
from grader.engines.processes import PAGE_BYTES, Family
from grader.engines.supervision import supervise
from grader.errors import GraderError
from grader.files import (
    copy_table,
    folder_bytes,
    free_disk,
    make_parents,
    open_plain,
    temporary_folder,
    walk,
)
from grader.repository.files import Repository

POLL = 0.05
Snapshot = dict[str, tuple[int, int]]


class LocalEngine:
    """Runs repositories, not images: ``Job.image`` is a repository's folder."""

    name = "local"
    limitations = (
        "a plain process, no container: no repo2docker build, network not cut and only its "
        "errors in the log seen, no CPU limit, this machine's packages, the caller's user"
    )

    def machine(self) -> Machine:
        """This machine; a GPU is not looked for."""
        memory = os.sysconf("SC_PHYS_PAGES") * PAGE_BYTES
        free = free_disk(tempfile.gettempdir())
        return Machine(len(os.sched_getaffinity(0)), memory, gpu=False, disk=free)

    def run(self, job: Job, report_usage: ProgressCallback) -> Outcome:
        """Run ``run.sh`` of a repository; see ``Engine.run``."""
        repository = Repository.at(Path(job.image))
        with temporary_folder("grader") as root:
            folders = {"code": root / "code", "payload": root / "payload"}
            for folder in (*folders.values(), root / "out", root / "tmp"):
                folder.mkdir()
            _copy_context(repository, folders["code"])
            for clip in job.clips.iterdir():
                _copy_clip(clip, folders["payload"] / clip.name)
            entry = folders["code"] / "run.sh"
            fault, given = _entry_fault(entry), folder_bytes(root)
            before = {kind: _snapshot(folder) for kind, folder in folders.items()}
            try:
                with Family() as family:
                    outcome = supervise(
                        [str(entry)], job, family.usage, lambda: folder_bytes(root) - given,
                        family.end, report_usage, poll=POLL, stop_at_memory=True,
                        environment=_environment(job, root), folder=entry.parent,
                    )  # fmt: skip
            except OSError as error:
                log = job.folder / "run.log"
                log.write_text(f"run.sh cannot be started: {error.strerror}\n", encoding="utf-8")
                outcome = Outcome(126 if isinstance(error, PermissionError) else 127, 0.0, log)
            changed = tuple(
                f"{kind}/{path}"
                for kind, folder in folders.items()
                for path in _changes(before[kind], _snapshot(folder))
                if kind == "payload" or not is_cache(path)
            )
            outcome = replace(outcome, changed=changed, entry_fault=fault)
            return _save_table(outcome, root / "out", job.folder)


def _environment(job: Job, root: Path) -> dict[str, str]:
    """The submission's variables; of the caller's variables only PATH."""
    paths = replace(job.paths, payload=str(root / "payload"), table=str(root / "out" / "table.csv"))
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(root / "tmp"),
        "TMPDIR": str(root / "tmp"),
        "LANG": "C.UTF-8",
        **cache_variables(str(root / "tmp")),
        # The submission must not reach a Docker engine of this machine.
        "DOCKER_HOST": f"unix://{root}/no-docker.sock",
        **paths.environment,
        **job.environment,
    }


def _copy_clip(clip: Path, target: Path) -> None:
    """Copy a clip; links, folders, pipes and unreadable files become the same kind of entry."""
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
    """Copy the files that a build would take; links stay links, pipes and devices are left out."""
    for path in repository.context:
        source, copy = repository.root / path, target / path
        try:
            mode = source.lstat().st_mode
            if path.parts[0] != ".git" and (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
                make_parents(copy)
                shutil.copy2(source, copy, follow_symlinks=False)
        except OSError as error:
            raise GraderError(f"{source}: cannot be copied: {error}") from None


def _entry_fault(entry: Path) -> str:
    """Why the system cannot start a file; links are followed."""
    if not os.path.isfile(entry):  # noqa: PTH113 - Path.is_file raises at some links
        return MISSING
    executable = os.access(entry, os.X_OK)
    if not os.access(entry, os.R_OK):
        return entry_fault(executable, b"")
    with entry.open("rb") as file:
        return entry_fault(executable, file.read(HEAD_BYTES))


def _snapshot(folder: Path) -> Snapshot:
    """Size and time of every file."""
    return {path: (status.st_size, status.st_mtime_ns) for path, status in walk(folder)}


def _changes(before: Snapshot, after: Snapshot) -> list[str]:
    names = before.keys() | after.keys()
    return sorted(name for name in names if before.get(name) != after.get(name))


def _save_table(outcome: Outcome, written: Path, folder: Path) -> Outcome:
    """The outcome with the table, copied from the temporary folder ``written``."""
    copy = folder / "table.csv"
    try:
        with open_plain(written / "table.csv") as table:
            age = max(0.0, time.time() - os.fstat(table.fileno()).st_mtime)
            copy_table(table, copy)
    except (OSError, ValueError):
        return outcome
    return replace(outcome, table=copy, table_age=age)
