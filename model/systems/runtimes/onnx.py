"""Networks on ONNX Runtime: on a CPU, without TensorFlow.

``NAME.onnx`` holds the layers of a network, and for its weights the places of their values in the
file ``NAME.weights.h5``, where Keras reads them (``training.trainers.onnx_graph``).
"""

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from model.errors import GenreError, require_package
from model.systems.base import EMBEDDING
from model.systems.cards import CardError
from model.systems.runtimes.calls import Calls
from model.systems.runtimes.stderr import stderr_to_log

if TYPE_CHECKING:
    import onnxruntime

log = logging.getLogger(__name__)

WINDOWS: Final = "windows"
LOGITS: Final = "logits"
"""Names of the input and of the first output of a graph; the second output is ``EMBEDDING``."""

_OF_MEMORY: Final = ("Failed to allocate memory", "bad_alloc", "bad allocation")

_ERROR: Final = 3
"""Least severity of the messages of ONNX Runtime."""


class OnnxNetwork:
    """A graph on ONNX Runtime.

    The library gets one window at a time, on one thread: with several it is not quicker, and rounds
    differently. So neither other windows nor the number of processors change an answer.

    Args:
        graph: file of the graph.
        weights: file with the values of its weights.
        threads: windows that are computed in parallel.
        batch: preferred number of windows of a call, or None for one of each thread.

    Raises:
        CardError: the library cannot read the graph.
        GenreError: the library is not installed or cannot be loaded.
    """

    def __init__(
        self, graph: Path, weights: Path, threads: int = 1, batch: int | None = None
    ) -> None:
        self.batch = batch or threads
        self._graph = graph
        self._calls = Calls(1, threads)
        self._session = _session(graph, weights)

    def __call__(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits, shape [n, 16], of windows, shape [n, frames, bands].

        Raises:
            GenreError: the graph cannot take windows of this shape.
            MemoryError: there is too little memory.
        """
        return self._run([LOGITS], windows)[0]

    @property
    def has_embedding(self) -> bool:
        """Whether the graph has the output ``embedding``."""
        return any(output.name == EMBEDDING for output in self._session.get_outputs())

    def embed(
        self, windows: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Logits, shape [n, 16], and embeddings, shape [n, features]; errors as for logits."""
        logits, embeddings = self._run([LOGITS, EMBEDDING], windows)
        return logits, embeddings

    def _run(self, names: list[str], windows: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        def call(part: NDArray[np.float32]) -> Any:
            return self._session.run(names, {WINDOWS: part})

        try:
            parts = self._calls.map(call, windows)
        except Exception as error:  # the library's errors have no class of their own in common
            _raise_if_of_memory(error)
            raise GenreError(f"{self._graph}: ONNX Runtime cannot run it: {error}") from None
        return [np.concatenate(outputs) for outputs in zip(*parts, strict=True)]


def _session(graph: Path, weights: Path) -> "onnxruntime.InferenceSession":
    require_package("onnxruntime", "networks on a CPU need it, or `--runtime keras`")
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # else it sends usage, and keeps an id in ~/.cache
    with stderr_to_log("ONNX Runtime"):  # it warns of graphics cards that it cannot find
        try:
            import onnxruntime
        except ImportError as error:
            raise GenreError(f"ONNX Runtime cannot be loaded: {error}") from None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = _ERROR
        content = weights.read_bytes()
        options.add_external_initializers_from_files_in_memory(
            [weights.name], [content], [len(content)]
        )
        try:
            session = onnxruntime.InferenceSession(
                graph.read_bytes(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # as above
            _raise_if_of_memory(error)
            raise CardError(f"{graph}: ONNX Runtime cannot read the graph: {error}") from None
    log.info("ONNX Runtime %s on the CPU", onnxruntime.__version__)
    return session


def _raise_if_of_memory(error: Exception) -> None:
    """Raise MemoryError where the library could not have memory, which only its text says."""
    if isinstance(error, MemoryError) or any(text in str(error) for text in _OF_MEMORY):
        raise MemoryError(str(error)) from None
