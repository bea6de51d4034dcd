"""What a worker process of a test does with a clip; small, because every process imports it."""

import os

import numpy as np

from model.clips import Clip
from training.data.features_extraction import Outcome


def killed_by_its_name(clip: Clip) -> Outcome:
    """Features that are all zero, but clips called ``deadly`` end the process."""
    if clip.file_id.startswith("deadly"):
        os._exit(1)
    return Outcome(clip, np.zeros(518, np.float32))
