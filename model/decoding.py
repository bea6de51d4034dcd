"""The life of a decoding process: paths in, log-mel spectrograms out.

This side touches the user's files and imports the decoders; it never imports TensorFlow.
"""

import os
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from model import audio
from model.frontend import FrontEnd

Answer: TypeAlias = tuple[NDArray[np.float16] | None, list[tuple[str, str]]]
"""A spectrogram, shape [frames, bands], or None; and pairs of reason and detail."""

_NOISE_BYTES = 300


def serve(connection: Connection, front_end: dict[str, Any]) -> None:
    """Say that the process is ready, then answer each path until the other side is gone."""
    compute = FrontEnd(**front_end)
    with tempfile.TemporaryFile() as noise:
        os.dup2(noise.fileno(), 2)  # decoders complain to stderr, which is not theirs
        connection.send(True)
        while True:
            try:
                path = connection.recv()
            except EOFError:
                return
            connection.send(_answer(Path(path), compute, noise))


def _answer(path: Path, front_end: FrontEnd, noise: IO[bytes]) -> Answer:
    noise.seek(0)
    noise.truncate()
    try:
        waveform = audio.load(path, front_end.sample_rate)
        log_mel = front_end.log_mel(waveform.samples).astype(np.float16)
        notices = [(notice.reason, notice.detail) for notice in waveform.notices]
    except audio.UndecodableError as error:
        log_mel, notices = None, [(error.notice.reason, error.notice.detail)]
    except MemoryError:
        log_mel, notices = None, [("memory", "decoding needs more memory than a clip may take")]
    except Exception as error:  # whatever a file provokes must cost this clip alone
        log_mel, notices = None, [("failure", f"{type(error).__name__}: {error}")]
    return log_mel, _with_noise(notices, noise)


def _with_noise(notices: list[tuple[str, str]], noise: IO[bytes]) -> list[tuple[str, str]]:
    """Add what the decoder wrote to stderr to the first notice; alone it is no notice."""
    noise.seek(0)
    text = " ".join(noise.read(_NOISE_BYTES).decode("utf-8", "replace").split())
    if not (text and notices):
        return notices
    (reason, detail), *rest = notices
    return [(reason, f"{detail} (decoder: {text})"), *rest]
