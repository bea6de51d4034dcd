"""Networks on ONNX Runtime: on a CPU, without TensorFlow.

``NAME.onnx`` holds the layers of a network, and for its weights the places of their values in the
file ``NAME.weights.h5``, where Keras reads them (``training.trainers.onnx_graph``).
"""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from model.errors import GenreError
from model.systems.base import Execution
from model.systems.cards import CardError
from model.systems.runtimes.calls import Calls
from model.systems.runtimes.stderr import stderr_to_log

if TYPE_CHECKING:
    import onnxruntime

log = logging.getLogger(__name__)

WINDOWS: Final = "windows"
LOGITS: Final = "logits"
EMBEDDING: Final = "embedding"
"""Names of the input and the outputs of a graph; networks without embeddings have no third."""

_ERROR: Final = 3
"""Least severity of the messages of ONNX Runtime."""


class OnnxNetwork:
    """A graph on ONNX Runtime.

    Each call has one thread of the library, so that the threads of calls never wait for each other
    and the number of processors changes no answer.

    Args:
        graph: file of the graph.
        weights: file with the values of its weights.
        calls: size and number of parallel calls.

    Raises:
        CardError: the library cannot read the graph.
    """

    def __init__(self, graph: Path, weights: Path, calls: Calls) -> None:
        self._calls = calls
        self._session = _session(graph, weights)

    @property
    def batch(self) -> int:
        """Number of windows in all parallel calls together."""
        return self._calls.windows

    def __call__(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits, shape [n, 16], of windows, shape [n, frames, bands]."""
        return self._run([LOGITS], windows)[0]

    @property
    def has_embedding(self) -> bool:
        """Whether the graph has the output ``embedding``."""
        return any(output.name == EMBEDDING for output in self._session.get_outputs())

    def embed(
        self, windows: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Logits, shape [n, 16], and embeddings, shape [n, features], of windows."""
        logits, embeddings = self._run([LOGITS, EMBEDDING], windows)
        return logits, embeddings

    def _run(self, names: list[str], windows: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        def call(part: NDArray[np.float32]) -> Any:
            return self._session.run(names, {WINDOWS: part})

        parts = self._calls.map(call, windows)
        return [np.concatenate(outputs) for outputs in zip(*parts, strict=True)]


def calls(execution: Execution) -> Calls:
    """Size and number of parallel calls: one window each, since more are not faster."""
    return Calls(execution.batch or 1, execution.threads)


def _session(graph: Path, weights: Path) -> "onnxruntime.InferenceSession":
    with stderr_to_log("ONNX Runtime"):  # it complains of graphics cards that it cannot read
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
        except Exception as error:  # the library's errors have no class of their own in common
            raise CardError(f"{graph}: ONNX Runtime cannot read the graph: {error}") from None
    log.info("ONNX Runtime %s on the CPU", onnxruntime.__version__)
    return session
