"""Which run-time a network gets: TensorFlow on a GPU, ONNX Runtime on a CPU."""

from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from model.systems.base import Execution, Network
from model.systems.cards import Card, CardError, checked
from model.systems.runtimes import onnx, tensorflow
from model.systems.runtimes.gpu import wanted_gpu

if TYPE_CHECKING:
    import keras


def connector(
    build: Callable[..., "keras.Model"], batch: int | None = None
) -> Callable[[Card, Path, Execution], Network]:
    """The function ``connect`` of an architecture in Keras; see ``model.systems``.

    Args:
        build: creates the model from the card's front end, window length in frames and parameters.
        batch: windows in a call of TensorFlow where the user does not choose, or None for what
            suits the device.
    """

    def connect(card: Card, weights: Path, execution: Execution) -> Network:
        gpu = execution.runtime != "onnx" and wanted_gpu(execution.device)
        graph = None if gpu else _graph(card, weights.parent, execution)
        if graph:
            return onnx.OnnxNetwork(graph, weights, execution.threads, execution.batch)
        calls = tensorflow.prepare(replace(execution, batch=execution.batch or batch), gpu)
        model = build(card.spectrogram, card.window_frames, **card.parameters)
        model.load_weights(weights)
        return tensorflow.TensorFlowNetwork(model, calls)

    return connect


def _graph(card: Card, folder: Path, execution: Execution) -> Path | None:
    """The file of the graph for ONNX Runtime, None where TensorFlow runs the network.

    Raises:
        CardError: there is no graph where one is wanted, or it is not what the card says.
    """
    if execution.runtime == "keras":
        return None
    if card.graph is None:
        if execution.runtime == "auto" and find_spec("tensorflow"):
            return None
        raise CardError(
            f"{card.name}.json: has no graph for ONNX Runtime; write one with `python -m training "
            f"graph --system {card.name}`, or use --runtime keras with TensorFlow"
        )
    return checked(card.graph, card.name, folder)
