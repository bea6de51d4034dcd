"""What runs in a worker process; nothing large is imported before its limits are set."""

import contextlib
import resource
import signal
from collections.abc import Callable
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

_FIRST_TO_GO: Final = "1000"
"""Where memory runs out, the system ends the process with the highest score: not the main one."""

_LEAST_MEMORY: Final = 1 << 30
"""Address space with which a worker process starts and decodes an ordinary clip."""

_CGROUP: Final = Path("/sys/fs/cgroup")
_CGROUP_FILES: Final = (
    ("memory.max", "memory.current"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
)
"""Limit and use of control groups of version 2 and 1, as seen from inside a container."""


def work(connection: Connection) -> None:
    """Set the process's limits, then serve."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process decides when to stop
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO, encoding="ascii")
    memory, module = connection.recv()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    allowed = address_space(memory)
    if hard != resource.RLIM_INFINITY:
        allowed = min(allowed, hard)
    resource.setrlimit(resource.RLIMIT_AS, (allowed, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    serve = import_module(module).serve
    serve(connection, connection.recv())


def address_space(wanted: int, cgroup: Path = _CGROUP) -> int:
    """Bytes that a worker process may use: at most what the control group leaves, at least 1 GiB.

    Args:
        wanted: bytes where nothing else limits it.
        cgroup: folder of the control group's files.
    """
    left = wanted
    for limit_file, usage_file in _CGROUP_FILES:
        with contextlib.suppress(OSError, ValueError):  # no such file, or no limit
            limit = int((cgroup / limit_file).read_text(encoding="ascii"))
            usage = int((cgroup / usage_file).read_text(encoding="ascii"))
            left = min(left, limit - usage)
    return min(wanted, max(left, _LEAST_MEMORY))


def answer_tasks(connection: Connection, answer: Callable[[Any], object]) -> None:
    """Report that the process is ready, then answer each task until the connection closes.

    Args:
        connection: connection to the main process.
        answer: from a task to its answer; should raise nothing, since that ends the process.
    """
    connection.send(True)
    while True:
        try:
            task = connection.recv()
        except EOFError:
            return
        connection.send(answer(task))
