"""Body of a worker process: receives paths or parts of files, sends back what it decoded.

This side reads the user's files and imports the decoders; it never imports TensorFlow or ONNX
Runtime. What front ends import where they compute is imported here, before the first file: without
it a worker cannot start, and no file is to blame.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, Any

import scipy.fft
import scipy.sparse  # noqa: F401

from model.clips import Notice
from model.decoding import audio, songs
from model.decoding.pool import Decoded, Length, Part, Song, Task
from model.frontends.parameters import AnyFrontEnd
from model.workers.process import answer_tasks

_STDERR_BYTES = 300
"""At most so much of a decoder's error output goes into a notice."""


def serve(connection: Connection, front_end: AnyFrontEnd) -> None:
    """Report that the process is ready, then answer each task until the connection closes."""
    _serve(connection, partial(_answer, front_end=front_end))


def serve_with(connection: Connection, decode: Callable[[Path], Decoded]) -> None:
    """Serve with another decoder; whatever it raises costs one clip.

    Args:
        connection: connection to the main process, which sends paths.
        decode: decodes the file of a path.
    """
    _serve(connection, lambda task: decode(Path(task)))


def _serve(connection: Connection, decode: Callable[[Any], Decoded | Song]) -> None:
    # In memory: there may be no folder for temporary files that can be written.
    with os.fdopen(os.memfd_create("stderr"), "w+b") as stderr:
        os.dup2(stderr.fileno(), 2)  # decoders write their complaints to standard error

        def answer(task: Task) -> Decoded | Song:
            stderr.seek(0)
            stderr.truncate()
            return _with_stderr(_attempt(decode, task), stderr)

        answer_tasks(connection, answer)


def _answer(task: Task, front_end: AnyFrontEnd) -> Decoded | Song:
    if isinstance(task, Length):
        return songs.measure(Path(task.path))
    try:
        if isinstance(task, Part):
            waveform = songs.load_part(task, front_end.sample_rate)
        else:
            waveform = audio.load(Path(task), front_end.sample_rate)
    except audio.UndecodableError as error:
        return Decoded(None, (error.notice,))
    return Decoded(front_end.compute(waveform.samples), waveform.notices, waveform.start)


def _attempt(decode: Callable[[Any], Decoded | Song], task: Task) -> Decoded | Song:
    try:
        return decode(task)
    except MemoryError:
        return Decoded(None, (Notice("memory", "decoding needs more memory than a clip may take"),))
    except Exception as error:  # whatever a file provokes must cost this clip alone
        return Decoded(None, (Notice("failure", f"{type(error).__name__}: {error}"),))


def _with_stderr(decoded: Decoded | Song, stderr: IO[bytes]) -> Decoded | Song:
    """Add what the decoder wrote to standard error to the first notice, if there is one."""
    stderr.seek(0)
    text = " ".join(stderr.read(_STDERR_BYTES).decode("utf-8", "replace").split())
    if not (text and decoded.notices):
        return decoded
    first, *others = decoded.notices
    first = Notice(first.reason, f"{first.detail} (decoder: {text})")
    return replace(decoded, notices=(first, *others))
