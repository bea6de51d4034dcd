"""Calls of a network that run in parallel, each in its own thread."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Calls:
    """Size and number of parallel calls.

    Attributes:
        batch: windows in a call.
        at_once: calls that run in parallel.
    """

    batch: int
    at_once: int = 1

    @property
    def windows(self) -> int:
        """Windows in all parallel calls together."""
        return self.batch * self.at_once

    def map(
        self, call: Callable[[NDArray[np.float32]], Answer], windows: NDArray[np.float32]
    ) -> list[Answer]:
        """What ``call`` gives for each part of the windows, in order.

        Args:
            call: gets ``batch`` windows, the last time perhaps fewer.
            windows: shape [n, frames, bands], n at least 1.
        """
        parts = np.split(windows, range(self.batch, len(windows), self.batch))
        if len(parts) == 1 or self.at_once == 1:
            return list(map(call, parts))
        return list(self._threads.map(call, parts))

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.at_once, thread_name_prefix="network")
