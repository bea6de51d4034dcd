"""What runs in a worker process; nothing large is imported before its limits are set."""

import contextlib
import resource
import signal
from collections.abc import Callable
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

_OOM_SCORE: Final = "1000"
"""Where memory runs out, the system ends the process with the highest score: not the main one."""

_LEAST_MEMORY: Final = 1 << 30
"""Address space with which a worker process starts and decodes an ordinary clip."""

_CGROUP: Final = Path("/sys/fs/cgroup")
_CGROUP_FILES: Final = ("memory.max", "memory/memory.limit_in_bytes")
"""Memory limit of control groups of version 2 and 1, as seen from inside a container."""


def work(connection: Connection) -> None:
    """Set the process's limits, then serve."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process decides when to stop
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE, encoding="ascii")
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
    """Bytes that a worker process may use: at most the control group's limit, at least 1 GiB.

    What others use at the moment does not count: it would make answers depend on chance.

    Args:
        wanted: bytes where nothing else limits it.
        cgroup: folder of the control group's files.
    """
    allowed = wanted
    for name in _CGROUP_FILES:
        with contextlib.suppress(OSError, ValueError):  # no such file, or no limit
            limit = int((cgroup / name).read_text(encoding="ascii"))
            allowed = min(allowed, max(limit, _LEAST_MEMORY))
    return allowed


def answer_tasks(connection: Connection, answer: Callable[[Any], object]) -> None:
    """Report that the process is ready, then answer each task until the connection closes.

    Args:
        connection: connection to the main process.
        answer: from a task to its answer; should raise nothing, since that ends the process.
    """
    with contextlib.suppress(EOFError, OSError):  # the main process is gone
        connection.send(True)
        while True:
            connection.send(answer(connection.recv()))
