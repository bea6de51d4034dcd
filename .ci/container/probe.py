"""Run inside a container: are the limits that it should run under real?

Reads nothing but its own surroundings. Prints one line for each limit and exits with 1 when one
does not hold. With ``--no-limits`` it does not look for those of memory and processes.
"""

import errno
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

WRITABLE = ("/out", "/tmp")  # noqa: S108 - the container's own
OUTSIDE = ("192.0.2.1", 80)  # TEST-NET-1: belongs to nobody (RFC 5737)


def status(field: str) -> str:
    """Return a field of this process's status in /proc."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(line.split(":", 1)[1].strip() for line in lines if line.startswith(f"{field}:"))


def first(*names: str) -> int:
    """Return the number in the first of the control group's files that exists; "max" is none."""
    for name in names:
        path = Path("/sys/fs/cgroup") / name
        if path.exists() and (text := path.read_text().strip()) != "max":
            return int(text)
    return 1 << 62


def is_read_only(folder: str) -> bool:
    """Try to make a file."""
    try:
        (Path(folder) / "probe").touch()
    except OSError:
        return True
    (Path(folder) / "probe").unlink()
    return False


def has_no_network() -> bool:
    """Try to reach an address: there must be no way at all to it, not merely no answer."""
    try:
        socket.create_connection(OUTSIDE, timeout=3).close()
    except OSError as error:
        return error.errno == errno.ENETUNREACH
    return False


ALWAYS: dict[str, Callable[[], bool]] = {
    "user 1001": lambda: os.getuid() == 1001,
    "no capabilities": lambda: int(status("CapEff"), 16) == int(status("CapBnd"), 16) == 0,
    "no new privileges": lambda: status("NoNewPrivs") == "1",
    "no network": has_no_network,
    "read-only root": lambda: all(map(is_read_only, ("/", "/srv/conda", os.environ["HOME"]))),
    "read-only clips": lambda: is_read_only("/crowdai-payload"),
    "output and /tmp can be written": lambda: not any(map(is_read_only, WRITABLE)),
}
LIMITS: dict[str, Callable[[], bool]] = {
    "seccomp filter": lambda: status("Seccomp") == "2",
    "memory": lambda: first("memory/memory.limit_in_bytes", "memory.max") <= 4 << 30,
    "processes": lambda: first("pids/pids.max", "pids.max") <= 512,
}


def main(arguments: list[str]) -> int:
    """Look at each limit, print it, and return the exit code."""
    looked_at = ALWAYS if "--no-limits" in arguments else ALWAYS | LIMITS
    held = {name: holds() for name, holds in looked_at.items()}
    for name, holds in held.items():
        print(f"  {'holds' if holds else 'DOES NOT HOLD'}: {name}")
    return int(not all(held.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
