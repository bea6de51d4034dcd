"""A worker process that a file called ``deadly`` ends."""

import os
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from model.decoding import worker
from model.decoding.pool import Decoded
from model.frontends.parameters import AnyFrontEnd


def serve(connection: Connection, front_end: AnyFrontEnd) -> None:
    """Give each other file one frame of zeros."""

    def decode(path: Path) -> Decoded:
        if path.stem == "deadly":
            os._exit(1)
        return Decoded(np.zeros((1, front_end.width), front_end.dtype))

    worker.serve_with(connection, decode)
