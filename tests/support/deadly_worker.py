"""A worker process that files of some names end or delay, and that may not start at first."""

import os
import time
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from model.decoding import worker
from model.decoding.pool import Decoded
from model.frontends.parameters import AnyFrontEnd


def serve(connection: Connection, front_end: AnyFrontEnd) -> None:
    """Give each other file one frame of zeros.

    Does not start the first time if the variable ``FIRST_START`` names a file that is missing.
    """
    started = Path(os.environ.get("FIRST_START", "/"))
    if not started.exists():
        started.touch()
        os._exit(3)

    def decode(path: Path) -> Decoded:
        if path.stem == "deadly":
            os._exit(1)
        begun = path.with_name(f"{path.name}.begun")
        if path.stem in ("slow", "slow-once") and not begun.exists():
            begun.touch()
            time.sleep(1 if path.stem == "slow" else 3600)
        return Decoded(np.zeros((1, front_end.width), front_end.dtype))

    worker.serve_with(connection, decode)
