"""Starts a submission's process, measures it and ends it at its limits; used by both engines."""

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from grader.engines.engine import Job, Outcome, ProgressCallback, Usage
from grader.logs import LogWriter

POLL = 0.25
"""Seconds between measurements; a fifth in the first two seconds, so that short runs are seen."""
_EARLY = 2.0
_DISK_POLL = 2.0
"""Seconds between measurements of the disk, which look at every file."""


def supervise(
    command: Sequence[str],
    job: Job,
    measure: Callable[[int], Usage | None],
    measure_disk: Callable[[], int],
    end: Callable[[subprocess.Popen[bytes]], None],
    report_usage: ProgressCallback,
    *,
    poll: float = POLL,
    stop_at_memory: bool = False,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Outcome:
    """Run a command to its end or to a limit, with its output in ``run.log`` of the job's folder.

    Args:
        command: program and arguments.
        job: limits, and the folder for the log.
        measure: measures what a process and its children use now, by process id; None where it is
            not known.
        measure_disk: measures how many bytes the run has written to disk.
        end: ends all processes of the submission; called at a limit and when the run is over.
        report_usage: called after each measurement.
        poll: seconds between measurements.
        stop_at_memory: whether to end a run that uses more memory than its limit; False where the
            engine does that.
        environment: variables of the process; the caller's where None.
        folder: working folder of the process; the caller's where None.

    Raises:
        OSError: the command cannot be started.
    """
    log = job.folder / "run.log"
    started = time.monotonic()
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None  # noqa: S101 - for the type checker
    writer = LogWriter(process.stdout, log)
    writer.start()
    peak: int | None = None
    cpu: float | None = None
    timed_out = out_of_memory = disk_full = False
    disk_measured = 0.0
    try:
        while process.poll() is None:
            seconds = time.monotonic() - started
            if usage := measure(process.pid):
                peak = max(peak or 0, usage.peak_memory)
                if usage.cpu_seconds is not None:
                    cpu = max(cpu or 0.0, usage.cpu_seconds)
                report_usage(seconds, Usage(usage.memory, peak, cpu))
                out_of_memory = stop_at_memory and usage.memory > job.limits.memory
            if seconds > disk_measured + _DISK_POLL:
                disk_full = measure_disk() > job.limits.disk
                disk_measured = time.monotonic() - started
            ended = out_of_memory or disk_full
            timed_out = seconds > job.limits.seconds and not ended
            if timed_out or ended:
                break
            time.sleep(poll if seconds > _EARLY else min(poll, POLL / 5))
    finally:
        end(process)
    seconds = time.monotonic() - started
    writer.join(timeout=10)
    return Outcome(
        None if timed_out or out_of_memory or disk_full else process.returncode, seconds, log,
        peak_memory=peak, cpu_seconds=cpu, timed_out=timed_out, out_of_memory=out_of_memory,
        disk_full=disk_full,
    )  # fmt: skip
