"""A decoder that crashes, hangs or bloats on files with such a name; elsewhere it is the real one.

Given to the worker processes in place of ``model.decoding.worker``.
"""

import os
import time
from multiprocessing.connection import Connection
from typing import Any

from model.decoding import audio, worker
from model.frontends.parameters import AnyFrontEnd

real_load = audio.load


def load(path: Any, rate: int) -> audio.Waveform:
    """Do what the file's name asks for."""
    if "segfault" in path.name:
        os.kill(os.getpid(), 11)
    died = path.with_name(path.name + ".died")
    if "once" in path.name and not died.exists():
        died.touch()
        os.kill(os.getpid(), 9)
    if "realtime" in path.name:
        os.kill(os.getpid(), 40)
    if "abort" in path.name:
        os.abort()
    if "exit" in path.name:
        os._exit(7)
    if "hang" in path.name:
        time.sleep(3600)
    if "bloat" in path.name:
        return audio.Waveform(bytearray(64 << 30), rate)  # type: ignore[arg-type]
    return real_load(path, rate)


def serve(connection: Connection, front_end: AnyFrontEnd) -> None:
    """Serve with the broken decoder."""
    audio.load = load
    worker.serve(connection, front_end)
