"""Whether there is a GPU that works."""

import logging
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from model.options import Device

log = logging.getLogger(__name__)

# Runs in a separate process, because an incompatible driver or cuDNN can abort the process.
_GPU_TRIAL = """
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf
for gpu in tf.config.list_physical_devices("GPU"):
    tf.config.experimental.set_memory_growth(gpu, True)
with tf.device("/GPU:0"):
    tf.nn.conv2d(tf.ones((1, 8, 8, 1)), tf.ones((3, 3, 1, 1)), 1, "SAME").numpy()
"""
_GPU_TRIAL_SECONDS = 300


def wanted_gpu(
    device: Device,
    present: Callable[[], bool] = lambda: Path("/dev/nvidiactl").exists(),
    trial: Callable[[], str] = lambda: _try_gpu(),
) -> bool:
    """Whether to use a GPU. A GPU that is missing or does not work is reported in one line.

    Args:
        device: choice of the user.
        present: tells whether a GPU driver is present.
        trial: uses the GPU once and returns the error, or an empty text.
    """
    if device == "cpu" or (device == "auto" and find_spec("tensorflow") is None):
        return False
    if not present():
        if device == "gpu":
            log.warning("no GPU found; using the CPU")
        return False
    problem = trial()
    if problem:
        log.warning("the GPU cannot be used (%s); using the CPU", problem)
    return not problem


def _try_gpu() -> str:
    try:
        done = subprocess.run(
            [sys.executable, "-c", _GPU_TRIAL],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_GPU_TRIAL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {_GPU_TRIAL_SECONDS} s"
    if done.returncode == 0:
        return ""
    lines = done.stderr.strip().splitlines()
    return lines[-1][:200] if lines else f"exit code {done.returncode}"
