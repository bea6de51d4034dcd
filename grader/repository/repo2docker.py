"""Where repo2docker is."""

import shutil
import sys
from pathlib import Path

PROGRAM = "jupyter-repo2docker"


def find_repo2docker(named: str | None = None) -> str | None:
    """Path of the program: the one named, or else on PATH, or else beside this Python."""
    if named is not None:
        return shutil.which(named)
    beside = Path(sys.executable).with_name(PROGRAM)
    return shutil.which(PROGRAM) or (str(beside) if beside.is_file() else None)
