"""Runs submissions in a real container, by the ``docker`` program.

Two containers share one network namespace and one /tmp. The first only waits: made with
``--network none`` from the same image, it keeps both alive after the submission has ended. So the
kernel's own count of packets without a route can be read then (no program in the container has a
say in it), and files left at the challenge's path in /tmp can be seen.
"""

import json
import secrets
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from grader.engines.cgroup import Meter, peak_of_stats
from grader.engines.engine import FIXED_TABLE, Job, Outcome, Reading, Watcher
from grader.engines.limits import Limits, Machine
from grader.engines.logs import LogKeeper, read_log
from grader.errors import GraderError
from grader.judging.table import LARGEST

UID: Final = 1001
"""The challenge's user ``crowdai``."""
NOWHERE: Final = "192.0.2.1"
"""Name server of the container: an address reserved for documentation, so no route leads to it."""
POLL: Final = 0.25
"""Seconds between looks at a run; shorter at first, so that a short run is seen as well."""
EARLY: Final = 2.0
_OUT: Final = "/grading/out"
_HARDENED: Final = (
    "--read-only", "--user", str(UID), "--cap-drop", "ALL",
    "--security-opt", "no-new-privileges",
)  # fmt: skip


class DockerEngine:
    """The engine that DOCKER_HOST names, or this machine's."""

    name = "docker"
    covers = ""

    def machine(self) -> Machine:
        """What the engine's machine has.

        Raises:
            GraderError: the engine cannot be reached.
        """
        info: dict[str, Any] = json.loads(docker("info", "--format", "{{json .}}"))
        if not info.get("NCPU"):
            raise GraderError(f"no Docker engine: {'; '.join(info.get('ServerErrors') or ['?'])}")
        return Machine(info["NCPU"], info["MemTotal"], "nvidia" in (info.get("Runtimes") or {}))

    def run(self, job: Job, watch: Watcher) -> Outcome:
        """Run a job; see ``Engine.run``."""
        docker("image", "inspect", job.image, fault=f"{job.image}: no such image; build it first")
        _readable(job.clips)
        out = job.folder / "out"
        out.mkdir()
        out.chmod(0o777)  # the container's user is none of this machine's
        with _cell(job) as cell:
            outcome = _supervise(cell, job, watch)
            return _collect(cell, job, outcome)


def _readable(clips: Path) -> None:
    """Make sure that the container's user, a stranger here, can look into the folder.

    Raises:
        GraderError: it cannot.
    """
    if clips.stat().st_mode & 0o005 != 0o005:
        raise GraderError(
            f"{clips}: others may not read this folder, so the container's user could not; "
            f"chmod -R a+rX {clips}"
        )


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
        arguments: of the ``docker`` program.
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
class _Cell:
    """Names of what one run has in the engine."""

    run: str
    holder: str
    tmp: str


@contextmanager
def _cell(job: Job) -> Iterator[_Cell]:
    """The waiting container and /tmp of one run, removed in the end."""
    name = f"grader-{secrets.token_hex(6)}"
    cell = _Cell(name, f"{name}-net", f"{name}-tmp")
    try:
        docker(
            "volume", "create", "--driver", "local", "--opt", "type=tmpfs", "--opt",
            "device=tmpfs", "--opt", f"o=size={job.limits.tmp},mode=1777,nosuid,nodev", cell.tmp,
        )  # fmt: skip
        docker(
            "run", "--detach", "--name", cell.holder, "--network", "none", "--hostname", "grader",
            "--add-host", "grader:127.0.0.1", "--dns", NOWHERE, "--dns-option", "timeout:1",
            "--dns-option", "attempts:1", *_HARDENED, "--pids-limit", "16", "--memory", "64m",
            "--volume", f"{cell.tmp}:/tmp:nocopy", "--entrypoint", "sleep", job.image, "infinity",
        )  # fmt: skip
        yield cell
    finally:
        for arguments in (("rm", "--force", cell.run, cell.holder), ("volume", "rm", cell.tmp)):
            subprocess.run(["docker", *arguments], capture_output=True)


def command_line(cell: "_Cell", job: Job) -> list[str]:
    """The ``docker run`` of a job."""
    limits: Limits = job.limits
    command = ["docker", "run", "--name", cell.run, "--network", f"container:{cell.holder}"]
    command += [*_HARDENED, "--pids-limit", str(limits.processes), "--cpus", f"{limits.cpus:g}"]
    command += ["--memory", str(limits.memory), "--memory-swap", str(limits.memory)]
    command += ["--volume", f"{cell.tmp}:/tmp:nocopy"]
    command += ["--volume", f"{job.clips.resolve()}:{job.stage.payload}:ro"]
    command += ["--volume", f"{(job.folder / 'out').resolve()}:{_OUT}", "--log-driver", "none"]
    if limits.gpu:
        command += ["--gpus", "all"]
    for name, value in {**job.environment, **job.stage.environment}.items():
        command += ["--env", f"{name}={value}"]
    if job.as_entrypoint:
        return [*command, "--entrypoint", job.entry, job.image]
    return [*command, job.image, job.entry]


def _supervise(cell: _Cell, job: Job, watch: Watcher) -> Outcome:
    """Start the submission, look at it until it ends, end it at the time limit."""
    log = job.folder / "run.log"
    started = time.monotonic()
    process = subprocess.Popen(
        command_line(cell, job), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )  # fmt: skip
    if process.stdout is None:
        raise AssertionError("a pipe was asked for")
    keeper = LogKeeper(process.stdout, log)
    keeper.start()
    pid, meter, timed_out, seconds = 0, None, False, 0.0
    peak: int | None = None
    cpu: float | None = None
    while process.poll() is None:
        seconds = time.monotonic() - started
        if seconds > job.limits.seconds and not timed_out:
            timed_out = True
            subprocess.run(["docker", "kill", cell.run], capture_output=True)
        pid = pid or _pid(cell)
        meter = meter or (Meter.of_process(pid) if pid else None)
        sample = meter.read() if meter else peak_of_stats(cell.run) if pid else None
        if sample:
            peak = max(peak or 0, sample.peak)
            cpu = sample.cpu_seconds or cpu
            watch(Reading(seconds, sample.memory, peak))
        time.sleep(POLL if seconds > EARLY else POLL / 5)
    seconds = time.monotonic() - started
    keeper.join(timeout=10)
    return _ended(cell, job, Outcome(
        process.returncode, seconds, log, peak_memory=peak, cpu_seconds=cpu, timed_out=timed_out
    ))  # fmt: skip


def _pid(cell: _Cell) -> int:
    """The container's first process on the engine's machine; 0 while there is none."""
    found = subprocess.run(
        ["docker", "inspect", "--format", "{{.State.Pid}}", cell.run],
        capture_output=True, text=True,
    )  # fmt: skip
    return int(found.stdout) if found.stdout.strip().isdecimal() else 0


def _ended(cell: _Cell, job: Job, seen: Outcome) -> Outcome:
    """The outcome with what the engine knows of the container's end."""
    try:
        state = json.loads(docker("inspect", "--format", "{{json .State}}", cell.run))
    except GraderError:
        return replace(seen, exit_code=None, engine_fault=_tail(seen.log))
    never_started = str(state.get("StartedAt", "")).startswith("0001")
    if never_started and state.get("ExitCode") not in (126, 127):
        return replace(seen, exit_code=None, engine_fault=state.get("Error") or _tail(seen.log))
    out_of_memory = bool(state.get("OOMKilled"))
    # The last look may have been too early; where the limit was hit, the limit was the peak.
    peak = job.limits.memory if out_of_memory else seen.peak_memory
    code = None if seen.timed_out else int(state["ExitCode"])
    return replace(seen, exit_code=code, out_of_memory=out_of_memory, peak_memory=peak)


def _collect(cell: _Cell, job: Job, seen: Outcome) -> Outcome:
    """The outcome with the table, the one at the challenge's path, and the network's count."""
    fixed = _fetch(cell, FIXED_TABLE, job.folder / "fixed.csv")
    if job.stage.table == FIXED_TABLE:
        table, elsewhere = fixed, False
    else:
        written = job.folder / "out" / Path(job.stage.table).name
        table = written if written.is_file() and not written.is_symlink() else None
        elsewhere = fixed is not None
    age = max(0.0, time.time() - table.stat().st_mtime) if table and table != fixed else None
    return replace(
        seen, table=table, fixed_table=elsewhere, table_age=age, network_attempts=_attempts(cell)
    )


def _fetch(cell: _Cell, path: str, target: Path) -> Path | None:
    """A file of the shared /tmp, copied out; None where it is not there."""
    if not _holds(cell, ["test", "-f", path]):
        return None
    with subprocess.Popen(
        ["docker", "exec", cell.holder, "cat", path], stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        if process.stdout is not None:
            target.write_bytes(process.stdout.read(LARGEST))
    return target


def _holds(cell: _Cell, command: Sequence[str]) -> bool:
    done = subprocess.run(["docker", "exec", cell.holder, *command], capture_output=True)
    return done.returncode == 0


def _attempts(cell: _Cell) -> int | None:
    """Packets and connections that found no way out, from the kernel's table of counters."""
    try:
        table = docker("exec", cell.holder, "cat", "/proc/net/snmp")
    except GraderError:
        return None
    names, numbers = (line.split() for line in table.splitlines() if line.startswith("Ip:"))
    return int(dict(zip(names, numbers, strict=True))["OutNoRoutes"])


def _tail(log: Path) -> str:
    return (read_log(log).strip().splitlines() or ["no message"])[-1]
