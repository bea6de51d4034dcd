"""What a submission may use: the challenge's limits, fitted down to this machine."""

from dataclasses import dataclass, replace
from typing import Final

GIB: Final = 1 << 30
SPARED: Final = 0.9
"""Share of the machine's memory and free disk that one submission may have; the rest is the
engine's and ours."""


@dataclass(frozen=True)
class Limits:
    """Limits of one run.

    Attributes:
        cpus: cores, may be a fraction.
        memory: bytes, swap included.
        seconds: wall time of the whole run.
        processes: processes and threads at a time.
        tmp: bytes of /tmp; it lies in memory and counts there, too.
        disk: bytes that the run writes elsewhere.
        gpu: whether the graphics card is handed in where there is one.
    """

    cpus: float = 5
    memory: int = 60 * GIB
    seconds: float = 36_000
    processes: int = 2048
    tmp: int = 20 * GIB
    disk: int = 100 * GIB
    gpu: bool = True


CHALLENGE: Final = Limits()
"""Five cores, 60 GB, 100 GB of disk, ten hours for the whole test set (the challenge's rules and
starter kit)."""


@dataclass(frozen=True)
class Machine:
    """What the engine's machine has.

    Attributes:
        cpus: cores.
        memory: bytes.
        gpu: whether there is a graphics card for the engine.
        disk: free bytes; None where it is not known, as on another machine.
    """

    cpus: int
    memory: int
    gpu: bool
    disk: int | None = None


def fit(limits: Limits, machine: Machine) -> tuple[Limits, tuple[str, ...]]:
    """Limits that the machine can keep, and a sentence for each one that had to shrink."""
    notes = []
    cpus, memory = limits.cpus, limits.memory
    if cpus > machine.cpus:
        notes.append(f"{machine.cpus} CPUs instead of {cpus:g}: the machine has no more")
        cpus = machine.cpus
    most = int(machine.memory * SPARED)
    if memory > most:
        notes.append(
            f"{most / GIB:.1f} GiB of memory instead of {memory / GIB:.1f}: "
            f"the machine has {machine.memory / GIB:.1f}"
        )
        memory = most
    disk = limits.disk
    if machine.disk is not None and disk > int(machine.disk * SPARED):
        disk = int(machine.disk * SPARED)
        notes.append(f"{disk / GIB:.1f} GiB of disk instead of {limits.disk / GIB:.1f}")
    if limits.gpu and not machine.gpu:
        notes.append("no GPU: the engine has no nvidia runtime")
    fitted = replace(
        limits, cpus=cpus, memory=memory, tmp=min(limits.tmp, memory), disk=disk,
        gpu=limits.gpu and machine.gpu,
    )  # fmt: skip
    return fitted, tuple(notes)
