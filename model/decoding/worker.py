"""The life of a decoding process: paths in, spectrograms or features out.

This side touches the user's files and imports the decoders; it never imports TensorFlow.
"""

import os
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, Any, TypeAlias

from numpy.typing import NDArray

from model.decoding import audio
from model.frontends.parameters import AnyFrontEnd

Answer: TypeAlias = tuple[NDArray[Any] | None, list[tuple[str, str]]]
"""What the front end makes of a clip, or None; and pairs of reason and detail."""

_NOISE_BYTES = 300


def serve(connection: Connection, front_end: AnyFrontEnd) -> None:
    """Say that the process is ready, then answer each path until the other side is gone."""
    with tempfile.TemporaryFile() as noise:
        os.dup2(noise.fileno(), 2)  # decoders complain to stderr, which is not theirs
        connection.send(True)
        while True:
            try:
                path = connection.recv()
            except EOFError:
                return
            connection.send(_answer(Path(path), front_end, noise))


def _answer(path: Path, front_end: AnyFrontEnd, noise: IO[bytes]) -> Answer:
    noise.seek(0)
    noise.truncate()
    frames: NDArray[Any] | None = None
    try:
        waveform = audio.load(path, front_end.sample_rate)
        frames = front_end.compute(waveform.samples)
        notices = [(notice.reason, notice.detail) for notice in waveform.notices]
    except audio.UndecodableError as error:
        notices = [(error.notice.reason, error.notice.detail)]
    except MemoryError:
        notices = [("memory", "decoding needs more memory than a clip may take")]
    except Exception as error:  # whatever a file provokes must cost this clip alone
        notices = [("failure", f"{type(error).__name__}: {error}")]
    return frames, _with_noise(notices, noise)


def _with_noise(notices: list[tuple[str, str]], noise: IO[bytes]) -> list[tuple[str, str]]:
    """Add what the decoder wrote to stderr to the first notice; alone it is no notice."""
    noise.seek(0)
    text = " ".join(noise.read(_NOISE_BYTES).decode("utf-8", "replace").split())
    if not (text and notices):
        return notices
    (reason, detail), *rest = notices
    return [(reason, f"{detail} (decoder: {text})"), *rest]
