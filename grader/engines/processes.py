"""Measures and ends all processes that a run started, also those that left its session."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Final

from grader.engines.engine import Usage

PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PR_SET_CHILD_SUBREAPER: Final = 36
"""Of prctl(2): orphans below this process become its children, not those of process 1."""
_ROUNDS: Final = 100
"""Times that processes are looked for and killed: while one is killed, another may start more."""
_PAUSE: Final = 0.01
_PARENT, _USER, _SYSTEM, _RESIDENT = 1, 11, 12, 21
"""Fields of /proc/PID/stat behind the name: parent, ticks of CPU time, resident pages."""


class Family:
    """The processes of a run: the one that was started, its descendants, and their orphans.

    Made before the run: children that this process has already are not the run's. At the end of a
    ``with`` block all are ended, also one that was just started when a signal came.
    """

    def __init__(self) -> None:
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self.before = frozenset(_children(_table())[os.getpid()])

    def usage(self, _: int = 0) -> Usage:
        """Resident bytes and CPU seconds of the processes that live or have not been waited for."""
        fields = self._members()
        pages = sum(int(own[_RESIDENT]) for own in fields.values())
        ticks = sum(int(own[_USER]) + int(own[_SYSTEM]) for own in fields.values())
        return Usage(pages * PAGE_BYTES, pages * PAGE_BYTES, ticks / _TICKS)

    def __enter__(self) -> "Family":
        return self

    def __exit__(self, *error: object) -> None:
        self.end()

    def end(self, process: "subprocess.Popen[bytes] | None" = None) -> None:
        """Kill all, and wait for those that are children of this process.

        Args:
            process: the one that was started, whose exit code is kept.
        """
        for number in range(_ROUNDS):
            time.sleep(min(number, 1) * _PAUSE)
            members = self._members()
            for pid in members:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            for pid, own in members.items():
                if int(own[_PARENT]) == os.getpid() and not (process and pid == process.pid):
                    with contextlib.suppress(ChildProcessError):
                        os.waitpid(pid, os.WNOHANG)  # of another user, it may live on
            if process:
                process.wait()
            if not members:
                return
        print(f"processes of the run live on: {', '.join(map(str, members))}", file=sys.stderr)

    def _members(self) -> dict[int, list[str]]:
        table = _table()
        children = _children(table)
        found: dict[int, list[str]] = {}
        pending = [pid for pid in children[os.getpid()] if pid not in self.before]
        while pending:
            pid = pending.pop()
            found[pid] = table[pid]
            pending += children[pid]
        return found


def _table() -> dict[int, list[str]]:
    """Fields of /proc/PID/stat behind the name, by PID."""
    table = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError):  # the process has ended
                stat = (folder / "stat").read_text(encoding="utf-8", errors="replace")
                table[int(folder.name)] = stat.rpartition(")")[2].split()
    return table


def _children(table: dict[int, list[str]]) -> defaultdict[int, list[int]]:
    """PIDs of the children of each process."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    for pid, fields in table.items():
        children[int(fields[_PARENT])].append(pid)
    return children
