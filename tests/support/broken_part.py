"""A decoder that crashes in parts of songs with such a name; elsewhere it is the real one.

Given to the worker processes in place of ``model.decoding.worker``.
"""

import os
from multiprocessing.connection import Connection

from model.decoding import songs, worker
from model.decoding.audio import Waveform
from model.decoding.pool import Part
from model.frontends.parameters import AnyFrontEnd

real_load_part = songs.load_part


def load_part(part: Part, rate: int) -> Waveform:
    """Crash in the second minute of ``crash-second``."""
    if "crash-second" in part.path and 45 < part.start < 75:
        os.abort()
    return real_load_part(part, rate)


def serve(connection: Connection, front_end: AnyFrontEnd) -> None:
    """Serve with the broken decoder."""
    songs.load_part = load_part
    worker.serve(connection, front_end)
