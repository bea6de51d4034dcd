"""TensorFlow for prediction: which device, how many threads, and a network of fixed shape."""

import contextlib
import logging
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model.errors import GenreError
from model.options import Device
from model.systems.base import Execution
from model.systems.cards import Card

if TYPE_CHECKING:
    import keras

log = logging.getLogger(__name__)

CPU_BATCH = 6
"""Windows in a call on a CPU; more are not faster and need more memory (``benchmarks.stages``)."""

GPU_BATCH = 96

_EMBEDDING = "embedding"
"""Name of the layer whose output is the embedding, the input of the last layer."""

_ADDRESS_SPACE = 4 << 30
"""Bytes with which every shipped system runs on a CPU."""

# Runs in a separate process, because an incompatible driver or cuDNN can abort the process.
_GPU_TRIAL = """
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf
for gpu in tf.config.list_physical_devices("GPU"):
    tf.config.experimental.set_memory_growth(gpu, True)
with tf.device("/GPU:0"):
    tf.nn.conv2d(tf.ones((1, 8, 8, 1)), tf.ones((3, 3, 1, 1)), 1, "SAME").numpy()
"""
_GPU_TRIAL_SECONDS = 300


@dataclass(frozen=True)
class Calls:
    """Size and number of parallel calls of a graph.

    Attributes:
        batch: windows in a call.
        at_once: calls that run in parallel, each in its own thread.
    """

    batch: int
    at_once: int = 1


class TensorFlowNetwork:
    """A Keras model as one TensorFlow graph of fixed shape.

    Args:
        model: from windows to logits. Its layer ``embedding``, if any, gives embeddings.
        calls: size and number of parallel calls.
    """

    def __init__(self, model: "keras.Model", calls: Calls) -> None:
        self._calls = calls
        self._threads = ThreadPoolExecutor(calls.at_once, thread_name_prefix="network")
        self._model = model
        self._graph = self._as_graph(model)

    @property
    def batch(self) -> int:
        """Number of windows in all parallel calls together."""
        return self._calls.batch * self._calls.at_once

    @property
    def traces(self) -> int:
        """How often TensorFlow built the graph; expected is once, because it takes seconds."""
        return int(self._graph.experimental_get_tracing_count())

    def __call__(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits, shape [batch, 16], of windows, shape [batch, frames, bands]."""
        return np.concatenate(self._run(self._graph, windows))

    @property
    def has_embedding(self) -> bool:
        """Whether the model has a layer ``embedding``."""
        return any(layer.name == _EMBEDDING for layer in self._model.layers)

    def embed(
        self, windows: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Logits, shape [batch, 16], and embeddings, shape [batch, features], of windows."""
        logits, features = zip(*self._run(self._with_embedding, windows), strict=True)
        return np.concatenate(logits), np.concatenate(features)

    def _run(self, graph: Any, windows: NDArray[np.float32]) -> list[Any]:
        """Outputs of the graph for each part of the windows."""
        return list(self._threads.map(graph, np.split(windows, self._calls.at_once)))

    @cached_property
    def _with_embedding(self) -> Any:
        """A second graph that also returns embeddings, built at the first use."""
        import keras

        features = self._model.get_layer(_EMBEDDING).output
        return self._as_graph(keras.Model(self._model.input, [self._model.output, features]))

    def _as_graph(self, model: "keras.Model") -> Any:
        import tensorflow as tf

        signature = [tf.TensorSpec((self._calls.batch, *model.input_shape[1:]), tf.float32)]
        return tf.function(
            lambda windows: model(windows, training=False),
            input_signature=signature,
            autograph=False,  # not needed, and would leave a file behind when the program is killed
        )


def prepare(execution: Execution) -> Calls:
    """Import TensorFlow without console output and choose device and threads, before any model.

    On a CPU each thread has its own call. Threads that share a call wait for each other, which
    costs a third more processor time (``benchmarks.stages``).

    Returns:
        Size and number of parallel calls.

    Raises:
        GenreError: TensorFlow cannot be loaded.
    """
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    gpu = wanted_gpu(execution.device)
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < _ADDRESS_SPACE:
        log.warning(
            "the address space is limited to %.1f GiB (`ulimit -v`); with less than %d GiB, "
            "TensorFlow may end the program without a message",
            limit / (1 << 30), _ADDRESS_SPACE >> 30,
        )  # fmt: skip
    with _stderr_to_log(), _without_optional_packages():
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
    except ModuleNotFoundError:
        raise
    except ImportError as error:
        raise GenreError(f"TensorFlow cannot be loaded: {error}") from None
    return tensorflow


def connector(
    build: Callable[..., "keras.Model"], batch: int | None = None
) -> Callable[[Card, Path, Execution], TensorFlowNetwork]:
    """The function ``connect`` of an architecture in Keras; see ``model.systems``.

    Args:
        build: creates the model from the card's front end, window length in frames and parameters.
        batch: windows in a call where the user does not choose, or None for what suits the device.
    """

    def connect(card: Card, weights: Path, execution: Execution) -> TensorFlowNetwork:
        calls = prepare(replace(execution, batch=execution.batch or batch))
        model = build(card.spectrogram, card.window_frames, **card.parameters)
        model.load_weights(weights)
        return TensorFlowNetwork(model, calls)

    return connect


def wanted_gpu(
    device: Device,
    present: Callable[[], bool] = lambda: Path("/dev/nvidiactl").exists(),
    trial: Callable[[], str] = lambda: _try_gpu(),
) -> bool:
    """Whether to use a GPU. A GPU that is missing or does not work is reported in one line.

    Args:
        device: choice of the user.
        present: tells whether a GPU driver is present.
        trial: uses the GPU once and returns the error, or an empty text.
    """
    if device == "cpu":
        return False
    if not present():
        if device == "gpu":
            log.warning("no GPU found; using the CPU")
        return False
    problem = trial()
    if problem:
        log.warning("the GPU cannot be used (%s); using the CPU", problem)
    return not problem


def _try_gpu() -> str:
    try:
        done = subprocess.run(
            [sys.executable, "-c", _GPU_TRIAL],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_GPU_TRIAL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {_GPU_TRIAL_SECONDS} s"
    if done.returncode == 0:
        return ""
    lines = done.stderr.strip().splitlines()
    return lines[-1][:200] if lines else f"exit code {done.returncode}"


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


@contextlib.contextmanager
def _stderr_to_log() -> Iterator[None]:
    """Send what native libraries write to stderr to the debug log instead of the console."""
    sys.stderr.flush()
    console = os.dup(2)
    # In memory: there may be no folder for temporary files that can be written.
    with os.fdopen(os.memfd_create("stderr"), "w+b") as output:
        os.dup2(output.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(console, 2)
            os.close(console)
            output.seek(0)
            for line in output.read().decode(errors="replace").splitlines():
                log.debug("TensorFlow: %s", line)
