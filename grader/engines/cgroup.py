"""Memory and processor time of a container, from the kernel's accounts of its control group."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_ROOT: Final = Path("/sys/fs/cgroup")
_UNITS: Final = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}


@dataclass(frozen=True)
class Sample:
    """Bytes in use, bytes in use at most so far (with file cache), seconds of CPU time."""

    memory: int
    peak: int
    cpu_seconds: float | None


@dataclass(frozen=True)
class Meter:
    """Files of one control group; version 1 has a folder for memory and one for the processor."""

    memory: Path
    processor: Path
    version: int

    @classmethod
    def of_process(cls, pid: int) -> "Meter | None":
        """The meter of a container, by its first process; None where this machine has no files.

        Args:
            pid: on the engine's machine, which need not be this one.
        """
        try:
            groups = Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8")
        except OSError:
            return None
        if not re.search(r"[0-9a-f]{64}", groups):
            return None  # not a container's: the engine runs on another machine
        paths = {}
        for line in groups.splitlines():
            _, controllers, path = line.split(":", 2)
            for controller in controllers.split(","):
                paths[controller] = path.lstrip("/")
        if "memory" in paths:
            meter = cls(
                _ROOT / "memory" / paths["memory"],
                _ROOT / "cpuacct" / paths.get("cpuacct", paths["memory"]), 1,
            )  # fmt: skip
        else:
            meter = cls(_ROOT / paths.get("", ""), _ROOT / paths.get("", ""), 2)
        return meter if meter.read() else None

    def read(self) -> Sample | None:
        """A look now; None when the group has gone or keeps no peak."""
        try:
            if self.version == 1:
                return Sample(
                    _number(self.memory / "memory.usage_in_bytes"),
                    _number(self.memory / "memory.max_usage_in_bytes"),
                    _cpu_1(self.processor),
                )
            now = _number(self.memory / "memory.current")
            peak = self.memory / "memory.peak"  # since Linux 5.19
            return Sample(now, _number(peak) if peak.exists() else now, _cpu_2(self.processor))
        except (OSError, ValueError):
            return None


def peak_of_stats(container: str) -> Sample | None:
    """A look through ``docker stats``, which knows only the moment and takes two seconds."""
    done = subprocess.run(
        ["docker", "stats", "--no-stream", "--format", "{{.MemUsage}}", container],
        capture_output=True, text=True,
    )  # fmt: skip
    found = re.match(r"([\d.]+)([KMGT]?i?B)", done.stdout.strip())
    if not found or found[2] not in _UNITS:
        return None
    memory = int(float(found[1]) * _UNITS[found[2]])
    return Sample(memory, memory, None) if memory else None


def _number(path: Path) -> int:
    return int(path.read_text(encoding="ascii"))


def _cpu_1(folder: Path) -> float | None:
    path = folder / "cpuacct.usage"
    return _number(path) / 1e9 if path.exists() else None


def _cpu_2(folder: Path) -> float | None:
    found = re.search(r"usage_usec (\d+)", (folder / "cpu.stat").read_text(encoding="ascii"))
    return int(found[1]) / 1e6 if found else None
