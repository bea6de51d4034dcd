"""How many processors this process may really use, and how many numpy uses of them."""

import os
from pathlib import Path
from typing import Final

ONE_THREAD: Final = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"
)
"""Environment that keeps numpy to one thread: on more, products as small as a front end's burn six
times the time. numpy reads it when it is imported."""

_CGROUP = Path("/sys/fs/cgroup")


def usable() -> int:
    """Processors by affinity mask and cgroup quota, at least 1.

    A container's quota shows in neither ``os.cpu_count`` nor the affinity mask.
    """
    return max(1, min(len(os.sched_getaffinity(0)), *_quotas()))


def _quotas() -> list[int]:
    """Limits of cgroup version 2 and 1 as seen from inside a container; empty numbers ignored."""
    limits = []
    for quota_file, period_file in (
        ("cpu.max", "cpu.max"),
        ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"),
    ):
        try:
            quota = (_CGROUP / quota_file).read_text().split()[0]
            period = (_CGROUP / period_file).read_text().split()[-1]
            if quota.isdigit() and int(period) > 0:
                limits.append(-(-int(quota) // int(period)))
        except (OSError, ValueError, IndexError):
            continue
    return limits or [1 << 20]
