"""Memory and CPU time of a container, read from the kernel's files of its control group."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from grader.engines.engine import Usage

_ROOT: Final = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class ControlGroup:
    """Folders of a control group; version 1 has one for the memory and one for the CPU."""

    memory: Path
    cpu: Path
    version: int

    @classmethod
    def of_process(cls, pid: int) -> "ControlGroup | None":
        """The control group of a container; None where this machine has no files of it.

        Args:
            pid: the container's first process on the engine's machine, which may be another one.
        """
        try:
            groups = Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8")
        except OSError:
            return None
        if not re.search(r"[0-9a-f]{64}", groups):
            return None  # not a container: the engine runs on another machine
        paths: dict[str, str] = {}
        for line in groups.splitlines():
            _, controllers, path = line.split(":", 2)
            paths |= dict.fromkeys(controllers.split(","), path.lstrip("/"))
        if memory := paths.get("memory"):
            cpu = paths.get("cpuacct", memory)
            group = cls(_ROOT / "memory" / memory, _ROOT / "cpuacct" / cpu, 1)
        else:
            folder = _ROOT / paths.get("", "")
            group = cls(folder, folder, 2)
        return group if group.read() else None

    def read(self) -> Usage | None:
        """The usage now; None when the group has ended."""
        try:
            if self.version == 1:
                clock = self.cpu / "cpuacct.usage"
                return Usage(
                    _number(self.memory / "memory.usage_in_bytes"),
                    _number(self.memory / "memory.max_usage_in_bytes"),
                    _number(clock) / 1e9 if clock.exists() else None,
                )
            now = _number(self.memory / "memory.current")
            peak = self.memory / "memory.peak"  # since Linux 5.19
            statistics = (self.cpu / "cpu.stat").read_text(encoding="ascii")
            used = re.search(r"usage_usec (\d+)", statistics)
            return Usage(
                now, _number(peak) if peak.exists() else now, int(used[1]) / 1e6 if used else None
            )
        except (OSError, ValueError):
            return None


def _number(path: Path) -> int:
    return int(path.read_text(encoding="ascii"))
