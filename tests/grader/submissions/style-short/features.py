"""Cuts a file into windows; what was compiled is kept beside the code, where that is possible."""

import os
import tempfile


def _cache():
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "__cache__")
    try:
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "windows.nbi"), "w") as file:
            file.write("compiled")
    except OSError:  # a read-only image
        folder = tempfile.mkdtemp()
    return folder


CACHE = _cache()


def windows(path):
    try:
        with open(path, "rb") as file:
            return len(file.read()) // 16_000
    except OSError:
        return 0
