"""Networks on TensorFlow: which device, how many threads, and a graph of fixed shape."""

import contextlib
import logging
import os
import resource
import sys
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model.errors import GenreError, require_package
from model.systems.base import EMBEDDING, Execution
from model.systems.runtimes.calls import Calls
from model.systems.runtimes.stderr import stderr_to_log

if TYPE_CHECKING:
    import keras

log = logging.getLogger(__name__)

CPU_BATCH = 6
"""Windows in a call on a CPU; more are not faster, and need memory (``benchmarks.pipeline``)."""

GPU_BATCH = 96

_ADDRESS_SPACE = 4 << 30
"""Bytes with which every shipped system runs on a CPU."""


class TensorFlowNetwork:
    """A Keras model as one TensorFlow graph of fixed shape.

    Args:
        model: from windows to logits. Its layer ``embedding``, if any, gives embeddings.
        calls: size and number of parallel calls.
    """

    def __init__(self, model: "keras.Model", calls: Calls) -> None:
        self._calls = calls
        self._model = model
        self._graph = self._as_graph(model)

    @property
    def batch(self) -> int:
        """Number of windows in all parallel calls together."""
        return self._calls.windows

    @property
    def traces(self) -> int:
        """How often TensorFlow built the graph; expected is once, because it takes seconds."""
        return int(self._graph.experimental_get_tracing_count())

    def __call__(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits, shape [n, 16], of windows, shape [n, frames, bands]."""
        return np.concatenate(self._run(self._graph, windows))[: len(windows)]

    @property
    def has_embedding(self) -> bool:
        """Whether the model has a layer ``embedding``."""
        return any(layer.name == EMBEDDING for layer in self._model.layers)

    def embed(
        self, windows: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Logits, shape [n, 16], and embeddings, shape [n, features], of windows."""
        logits, features = zip(*self._run(self._with_embedding, windows), strict=True)
        return np.concatenate(logits)[: len(windows)], np.concatenate(features)[: len(windows)]

    def _run(self, graph: Any, windows: NDArray[np.float32]) -> list[Any]:
        """Outputs of the graph for each part of the windows; the last is filled up with zeros."""
        missing = -len(windows) % self._calls.batch
        if missing:
            windows = np.concatenate([windows, np.zeros((missing, *windows.shape[1:]), np.float32)])
        return self._calls.map(graph, windows)

    @cached_property
    def _with_embedding(self) -> Any:
        """A second graph that also returns embeddings, built at the first use."""
        import keras

        features = self._model.get_layer(EMBEDDING).output
        return self._as_graph(keras.Model(self._model.input, [self._model.output, features]))

    def _as_graph(self, model: "keras.Model") -> Any:
        import tensorflow as tf

        signature = [tf.TensorSpec((self._calls.batch, *model.input_shape[1:]), tf.float32)]
        return tf.function(
            lambda windows: model(windows, training=False),
            input_signature=signature,
            autograph=False,  # not needed, and would leave a file behind when the program is killed
        )


def prepare(execution: Execution, gpu: bool) -> Calls:
    """Import TensorFlow without console output and set device and threads, before any model.

    On a CPU each thread has its own call. Threads that share a call wait for each other.

    Args:
        execution: number of threads and size of a call.
        gpu: whether to use the GPU.

    Returns:
        Size and number of parallel calls.

    Raises:
        GenreError: TensorFlow is not installed or cannot be loaded.
    """
    require_package("tensorflow", "a GPU and `--runtime keras` need it")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < _ADDRESS_SPACE:
        log.warning(
            "the address space is limited to %.1f GiB (`ulimit -v`); with less than %d GiB, "
            "TensorFlow may end the program without a message",
            limit / (1 << 30), _ADDRESS_SPACE >> 30,
        )  # fmt: skip
    with stderr_to_log("TensorFlow"), _without_optional_packages():
        tf = _tensorflow()
        devices = tf.config.list_physical_devices("GPU") if gpu else []
        try:
            tf.config.threading.set_intra_op_parallelism_threads(1)
            tf.config.threading.set_inter_op_parallelism_threads(execution.threads)
            for device in devices:
                tf.config.experimental.set_memory_growth(device, True)
            tf.config.set_visible_devices(devices, "GPU")
        except RuntimeError:
            log.debug("TensorFlow is in use already: its threads and devices stay as they are")
        tf.config.list_logical_devices()
        import keras

        # The user's ~/.keras/keras.json must not change the results.
        keras.config.set_image_data_format("channels_last")
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy("float32")
    log.info("TensorFlow %s on the %s", tf.__version__, "GPU" if devices else "CPU")
    # With a batch of one, the CPU's libraries use other algorithms, which round differently.
    batch = max(2, execution.batch or (GPU_BATCH if devices else CPU_BATCH))
    return Calls(batch, 1 if devices else execution.threads)


def _tensorflow() -> Any:
    """Import TensorFlow.

    Raises:
        GenreError: its libraries cannot be loaded.
    """
    try:
        import tensorflow
    except ImportError as error:
        raise GenreError(f"TensorFlow cannot be loaded: {error}") from None
    return tensorflow


@contextlib.contextmanager
def _without_optional_packages() -> Iterator[None]:
    """Keep Keras from importing packages that it uses if they are installed.

    Keras and TensorFlow need none of them for prediction; importing them costs start time.
    """
    hidden = [name for name in ("pandas", "sklearn") if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: not importable
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
