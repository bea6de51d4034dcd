"""Runs submissions in a real container, by the ``docker`` program.

Two containers share a network namespace and a /tmp. The first only waits: it is made with
``--network none`` from the same image, and keeps both after the submission has ended. So the engine
can then read the kernel's count of packets without a route, and files that the submission left in
/tmp. It reads them with the image's ``cat``, so a hostile image may lie about both.

The submission may write to its image, as in 2018; ``docker diff`` tells what it wrote.
"""

import json
import os
import re
import secrets
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

from grader.engines.cgroup import ControlGroup
from grader.engines.engine import (
    FIXED_TABLE,
    Job,
    Outcome,
    ProgressCallback,
    Usage,
    cache_variables,
    is_cache,
)
from grader.engines.entry import HEAD_BYTES, MISSING, entry_fault
from grader.engines.limits import Machine
from grader.engines.supervision import supervise
from grader.errors import GraderError
from grader.files import copy_table, folder_bytes, free_disk
from grader.logs import last_line, read_log

UID: Final = 1001
"""The challenge's user ``crowdai``."""
NOWHERE: Final = "192.0.2.1"
"""Name server of the container: an address reserved for documentation, so no route leads to it."""
_OUT: Final = "/grading/out"
_ANSWER_SECONDS: Final = 60.0
_ANSWER_BYTES: Final = 1 << 20
"""Limits of what a docker command may take and print."""
_HARDENED: Final = (
    "--user", str(UID), "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
)  # fmt: skip
_CHANGES: Final = {"A", "C", "D"}
"""Letters of ``docker diff``: added, changed, deleted."""
_LOOKED_AT: Final = 20
"""Of changed paths, so many are asked whether they are folders."""
_MOUNTED: Final = "grading"
"""Folder of the clips and of the table in the container."""
_CHANGES_BYTES: Final = 16 << 20
"""Of its output, so much is read."""


class DockerEngine:
    """The engine that DOCKER_HOST names, or this machine's."""

    name = "docker"
    limitations = ""

    def machine(self) -> Machine:
        """The engine's machine.

        Raises:
            GraderError: the engine cannot be reached.
        """
        info: dict[str, Any] = json.loads(docker("info", "--format", "{{json .}}"))
        if not info.get("NCPU"):
            raise GraderError(f"no Docker engine: {'; '.join(info.get('ServerErrors') or ['?'])}")
        return Machine(
            info["NCPU"], info["MemTotal"], "nvidia" in (info.get("Runtimes") or {}),
            free_disk(info.get("DockerRootDir") or ""),
        )  # fmt: skip

    def run(self, job: Job, report_usage: ProgressCallback) -> Outcome:
        """Run a job; see ``Engine.run``."""
        docker("image", "inspect", job.image, fault=f"{job.image}: no such image; build it first")
        if job.clips.stat().st_mode & 0o005 != 0o005:
            raise GraderError(
                f"{job.clips}: the container's user may not read this folder; "
                f"run chmod -R a+rX {job.clips}"
            )
        out = job.folder / "out"
        out.mkdir()
        out.chmod(0o777)  # the container's user is not this machine's user
        log = job.folder / "run.log"
        log.touch()
        try:
            return self._run(job, out, report_usage)
        except _NotPreparedError as error:
            return Outcome(None, 0.0, log, engine_fault=str(error))

    def _run(self, job: Job, out: Path, report_usage: ProgressCallback) -> Outcome:
        with _prepared(job) as names:

            def end(process: subprocess.Popen[bytes]) -> None:
                if process.poll() is None:
                    _try("kill", names.run)
                    try:
                        process.wait(timeout=60)
                    except subprocess.TimeoutExpired:
                        process.kill()

            command, measure = _command_line(names, job), _Measurement(names.run, out)
            outcome = supervise(command, job, measure, measure.disk, end, report_usage)
            return _collect(names, job, _final_state(names, job, outcome))


class _NotPreparedError(GraderError):
    """The image cannot start the waiting container."""


def reachable() -> bool:
    """Whether there is an engine."""
    try:
        DockerEngine().machine()
    except GraderError:
        return False
    return True


def docker(*arguments: str, fault: str | None = None) -> str:
    """Output of a docker command.

    Args:
        arguments: arguments of the ``docker`` program.
        fault: message when it fails; its own last line by default.

    Raises:
        GraderError: it failed, or is not installed.
    """
    try:
        done = subprocess.run(
            ["docker", *arguments], capture_output=True, text=True, errors="replace"
        )
    except FileNotFoundError:
        raise GraderError(
            "docker is not installed; install it, or use --engine local (no container)"
        ) from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[0]
        raise GraderError(fault or f"docker {arguments[0]}: {last}")
    return done.stdout


@dataclass(frozen=True)
class _Names:
    """Names of the containers and the volume of one run."""

    run: str
    network: str
    tmp: str


@contextmanager
def _prepared(job: Job) -> Iterator[_Names]:
    """Create the waiting container and the volume for /tmp; remove all in the end."""
    name = f"grader-{secrets.token_hex(6)}"
    names = _Names(name, f"{name}-net", f"{name}-tmp")
    try:
        docker(
            "volume", "create", "--driver", "local", "--opt", "type=tmpfs", "--opt",
            "device=tmpfs", "--opt", f"o=size={job.limits.tmp},mode=1777,nosuid,nodev", names.tmp,
        )  # fmt: skip
        try:
            docker(
                "run", "--detach", "--name", names.network, "--network", "none",
                "--hostname", "grader", "--add-host", "grader:127.0.0.1", "--dns", NOWHERE,
                "--dns-option", "timeout:1", "--dns-option", "attempts:1", *_HARDENED,
                "--read-only", "--pids-limit", "16", "--memory", "64m", "--cpus", "1",
                "--volume", f"{names.tmp}:/tmp:nocopy", "--entrypoint", "sleep", job.image,
                "infinity",
            )  # fmt: skip
        except GraderError as error:
            raise _NotPreparedError(str(error)) from None
        yield names
    finally:
        _try("rm", "--force", names.run, names.network)
        _try("volume", "rm", names.tmp)
        left = _try("ps", "--all", "--filter", f"name={name}", "--format", "{{.Names}}").split()
        left += _try("volume", "ls", "--quiet", "--filter", f"name={name}").split()
        if left:
            print(f"Docker did not remove {', '.join(left)}; remove them by hand", file=sys.stderr)


def _command_line(names: _Names, job: Job) -> list[str]:
    """The ``docker run`` of a job."""
    limits = job.limits
    command = [
        "docker", "run", "--name", names.run, "--network", f"container:{names.network}",
        *_HARDENED, "--pids-limit", str(limits.processes), "--cpus", f"{limits.cpus:g}",
        "--memory", str(limits.memory), "--memory-swap", str(limits.memory),
        "--volume", f"{names.tmp}:/tmp:nocopy",
        "--volume", f"{job.clips.resolve()}:{job.paths.payload}:ro",
        "--volume", f"{(job.folder / 'out').resolve()}:{_OUT}", "--log-driver", "none",
        *(("--gpus", "all") if limits.gpu else ()),
    ]  # fmt: skip
    variables = {**cache_variables("/tmp"), **job.environment, **job.paths.environment}  # noqa: S108
    for name, value in variables.items():
        command += ["--env", f"{name}={value}"]
    if job.as_entrypoint:
        return [*command, "--entrypoint", job.entry, job.image]
    return [*command, job.image, job.entry]


class _Measurement:
    """Reads the usage of a container, by its control group or else ``docker stats``."""

    def __init__(self, container: str, out: Path) -> None:
        self.container, self.out, self.started = container, out, False
        self.group: ControlGroup | None = None

    def __call__(self, _: int) -> Usage | None:
        """The usage now; None before the container has started and when it is not known."""
        if not self.started:
            found = _try("inspect", "--format", "{{.State.Pid}}", self.container).strip()
            self.started = found.isdecimal() and int(found) > 0
            self.group = ControlGroup.of_process(int(found)) if self.started else None
        if self.group:
            return self.group.read()
        return self._stats() if self.started else None

    def disk(self) -> int:
        """Bytes in the image's writable layer, as far as known, and in the folder of the table.

        Where the layer's folder cannot be read, as on another machine, Docker tells its apparent
        size, in which holes of files count.
        """
        template = "{{.GraphDriver.Data.UpperDir}}"
        folder = Path(_try("inspect", "--format", template, self.container).strip() or "-")
        if os.access(folder, os.R_OK | os.X_OK):
            return folder_bytes(self.out) + folder_bytes(folder)
        layer = _try("inspect", "--size", "--format", "{{.SizeRw}}", self.container).strip()
        return folder_bytes(self.out) + (int(layer) if layer.isdecimal() else 0)

    def _stats(self) -> Usage | None:
        """Memory by ``docker stats``, which takes two seconds and reports no peak."""
        text = _try("stats", "--no-stream", "--format", "{{.MemUsage}}", self.container)
        found = re.match(r"([\d.]+)([KMGT]?)i?B", text.strip())
        memory = int(float(found[1]) * 1024 ** " KMGT".index(found[2] or " ")) if found else 0
        return Usage(memory, memory) if memory else None


def _final_state(names: _Names, job: Job, outcome: Outcome) -> Outcome:
    """The outcome with the engine's record of the container's end."""
    try:
        state = json.loads(docker("inspect", "--format", "{{json .State}}", names.run))
    except GraderError:
        return replace(outcome, exit_code=None, engine_fault=last_line(read_log(outcome.log)))
    never_started = str(state.get("StartedAt", "")).startswith("0001")
    if never_started and state.get("ExitCode") not in (126, 127):
        fault = state.get("Error") or last_line(read_log(outcome.log))
        return replace(outcome, exit_code=None, engine_fault=fault)
    out_of_memory = bool(state.get("OOMKilled"))
    # The last measurement may have been too early; a run that hit the limit used all of it.
    peak = job.limits.memory if out_of_memory else outcome.peak_memory
    code = None if outcome.timed_out or outcome.disk_full else int(state["ExitCode"])
    return replace(outcome, exit_code=code, out_of_memory=out_of_memory, peak_memory=peak)


def _collect(names: _Names, job: Job, outcome: Outcome) -> Outcome:
    """The outcome with what the run left: tables, network attempts and changed files."""
    fixed = _fetch(names, FIXED_TABLE, job.folder / "fixed.csv")
    if job.paths.table == FIXED_TABLE:
        table, elsewhere = fixed, False
    else:
        written = job.folder / "out" / Path(job.paths.table).name
        table = written if not written.is_symlink() and written.is_file() else None
        elsewhere = fixed is not None
    age = max(0.0, time.time() - table.stat().st_mtime) if table and table != fixed else None
    attempts = _network_attempts(names)
    return replace(
        outcome, table=table, fixed_table=elsewhere, table_age=age, network_attempts=attempts,
        changed=tuple(f"code/{path}" for path in _changes(names, job)),
        entry_fault=_entry_fault(names, job),
    )  # fmt: skip


def _changes(names: _Names, job: Job) -> list[str]:
    """Files of the code folder that the run changed, without caches; folders do not count."""
    working = _try("image", "inspect", "--format", "{{.Config.WorkingDir}}", job.image).strip()
    code = PurePosixPath(working) if working.strip("/") else PurePosixPath(job.entry).parent
    with _started("diff", names.run) as (_, output):
        lines = output.read(_CHANGES_BYTES).decode("utf-8", "replace").splitlines()
    changes = (line.partition(" ") for line in lines)
    paths = sorted(PurePosixPath(path) for letter, _, path in changes if letter in _CHANGES)
    # Of a folder, its files follow at once, since paths are compared part by part.
    leaves = [path for path, after in pairwise([*paths, PurePosixPath("/")])
              if path not in after.parents]  # fmt: skip
    below = [path for path in leaves if code in path.parents and path.parts[1] != _MOUNTED]
    files = [path for path in below[:_LOOKED_AT] if _is_file(names.run, path)]
    found = [str(path.relative_to(code)) for path in [*files, *below[_LOOKED_AT:]]]
    return [path for path in found if not is_cache(path)]


def _is_file(container: str, path: PurePosixPath) -> bool:
    """Whether something is no folder; what was deleted counts as a file."""
    entry, _ = _copied(container, str(path))
    return entry is None or not entry.isdir()


def _entry_fault(names: _Names, job: Job) -> str:
    """Why the system cannot start the entry point; without a program of the image."""
    entry, head = _copied(names.network, job.entry)
    if entry is None or not entry.isfile():
        return MISSING
    bit = 0o100 if entry.uid == UID else 0o001
    return entry_fault(bool(entry.mode & bit), head)


def _copied(container: str, path: str) -> tuple[tarfile.TarInfo | None, bytes]:
    """What a path in a container is, and the first bytes of a file; None where nothing is."""
    with _started("cp", "--follow-link", f"{container}:{path}", "-") as (_, output):
        try:
            # A stream, of which the first entry is read: the file may be of any size.
            with tarfile.open(fileobj=output, mode="r|") as archive:
                entry = archive.next()
                file = archive.extractfile(entry) if entry else None
                return entry, file.read(HEAD_BYTES) if file else b""
        except (tarfile.TarError, OSError):
            return None, b""


def _fetch(names: _Names, path: str, target: Path) -> Path | None:
    """Copy a file of the shared /tmp; None where there is none."""
    with _started("exec", names.network, "cat", path) as (process, output):
        copy_table(output, target)
    if process.returncode and not target.stat().st_size:
        target.unlink()
        return None
    return target


def _network_attempts(names: _Names) -> int | None:
    """Packets and connections without a route, from the kernel's counters."""
    lines = _try("exec", names.network, "cat", "/proc/net/snmp").splitlines()
    rows = [line.split() for line in lines if line.startswith("Ip:")]
    try:
        return int(dict(zip(*rows, strict=True))["OutNoRoutes"])
    except (ValueError, KeyError, TypeError):  # the image's `cat` prints something else
        return None


def _try(*arguments: str) -> str:
    """Beginning of the output of a docker command; empty where it fails."""
    with _started(*arguments) as (_, output):
        return output.read(_ANSWER_BYTES).decode("utf-8", "replace")


@contextmanager
def _started(*arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """A docker command and its output; the command is ended after a minute.

    What it runs in a container may be a stranger's program, which prints or waits for ever.
    """
    with subprocess.Popen(
        ["docker", *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        timer = threading.Timer(_ANSWER_SECONDS, process.kill)
        timer.start()
        assert process.stdout is not None  # noqa: S101 - for the type checker
        try:
            yield process, process.stdout
        finally:
            process.stdout.close()  # the command ends at its next output, if there is one
            process.wait()
            timer.cancel()
