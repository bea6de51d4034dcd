"""The network of a card as a graph for ONNX Runtime, on the weights that Keras reads.

``tf2onnx`` converts the layers. The values of the weights stay where they are: a weight of the
graph is a place in the HDF5 file, in the layout of Keras, and the nodes that turn it into the
layout of ONNX. ONNX Runtime computes these nodes once, when it loads the graph. Values that the
converter computed, from a normalisation for instance, are in the graph itself.
"""

import itertools
import logging
import math
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import h5py
import numpy as np
from numpy.typing import NDArray

from model import systems
from model.errors import GenreError, require_package
from model.probabilities.calibration import Calibration
from model.systems import cards
from model.systems.base import EMBEDDING
from model.systems.cards import Card
from model.systems.runtimes.onnx import LOGITS, WINDOWS, OnnxNetwork
from model.systems.runtimes.stderr import stderr_to_log

if TYPE_CHECKING:
    import keras
    import onnx

TOLERANCE: Final = 1e-4
"""Largest difference of a probability between the graph and Keras."""

_OPSET: Final = 17
_SMALL: Final = 1024
"""Bytes up to which a value is stored in the graph."""

_PRECISIONS: Final = (np.float16, np.float32)
"""Types of the values that a graph can take from the file of weights."""

_CHECKED_WINDOWS: Final = 2


class GraphError(GenreError):
    """The network cannot be converted to a graph that gives the same answers."""


def with_graph(card: Card, folder: Path) -> Card:
    """Write the graph ``NAME.onnx`` of a card's network, and return the card that names it.

    A card whose system is no network of Keras is returned as it is. After an error the graph that
    was there before is still there.

    Args:
        card: a card.
        folder: folder of the card and its weights.

    Raises:
        CardError: the weights are not the card's.
        GraphError: the network cannot be converted, or a probability of the graph differs from
            that of Keras by more than ``TOLERANCE``.
        OSError: the graph cannot be written.
    """
    module = systems.import_architecture(card.architecture)
    if not hasattr(module, "network"):
        return card
    weights = cards.checked(card.weights, card.name, folder)
    network = module.network(card.spectrogram, card.window_frames, **card.parameters)
    network.load_weights(weights)
    path = folder / f"{card.name}.onnx"
    unchecked = folder / f"{card.name}.unchecked.onnx"
    try:
        graph = _converted(network)
        _use_hard_sigmoid(graph.graph)
        _refer_to_weights(graph.graph, weights)
        unchecked.write_bytes(graph.SerializeToString(deterministic=True))
        difference = _difference(network, unchecked, weights)
        if not difference <= TOLERANCE:  # nor may it be no number
            raise GraphError(
                f"{card.name}: on ONNX Runtime a probability differs by {difference:.1e} from "
                f"Keras, more than {TOLERANCE}"
            )
        unchecked.replace(path)
    finally:
        unchecked.unlink(missing_ok=True)
    return replace(card, graph=cards.describe(path))


def _converted(network: "keras.Model") -> "onnx.ModelProto":
    """The network as a graph from windows to logits and, if there are any, embeddings."""
    import keras
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    outputs = {LOGITS: network.output}
    if any(layer.name == EMBEDDING for layer in network.layers):
        outputs[EMBEDDING] = network.get_layer(EMBEDDING).output
    model = keras.Model(network.input, outputs)
    signature = [tf.TensorSpec((None, *network.input_shape[1:]), tf.float32, name=WINDOWS)]
    function = tf.function(
        lambda windows: {
            name: tf.identity(value, name) for name, value in model(windows, training=False).items()
        },
        input_signature=signature,
        autograph=False,
    )
    frozen = convert_variables_to_constants_v2(function.get_concrete_function())
    inputs = [tensor.name for tensor in frozen.inputs]
    return _quietly_converted(frozen.graph.as_graph_def(), inputs, [f"{n}:0" for n in outputs])


def _quietly_converted(graph: Any, inputs: list[str], outputs: list[str]) -> "onnx.ModelProto":
    with stderr_to_log("tf2onnx"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what the converter still uses
        require_package("tf2onnx", "it writes graphs for ONNX Runtime")
        import tf2onnx

        logging.getLogger("tf2onnx").setLevel(logging.ERROR)
        try:
            converted, _ = tf2onnx.convert.from_graph_def(
                graph,
                name="network",
                input_names=inputs,
                output_names=outputs,
                opset=_OPSET,
                tensors_to_rename={name: name.removesuffix(":0") for name in (*inputs, *outputs)},
            )
        except Exception as error:  # the converter's errors have no class in common
            raise GraphError(f"the network cannot be converted: {error}") from None
    return converted


@dataclass(frozen=True)
class _Stored:
    """A dataset of an HDF5 file: its name, values, and place in the file in bytes."""

    name: str
    values: NDArray[Any]
    offset: int
    size: int


def _stored(weights: Path) -> list[_Stored]:
    """The datasets of a file whose values are in one piece."""
    datasets: list[_Stored] = []

    def add(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset) and item.dtype in _PRECISIONS and item.id.get_offset():
            size = item.id.get_storage_size()
            datasets.append(_Stored(name, item[()], item.id.get_offset(), size))

    with h5py.File(weights) as file:
        file.visititems(add)
    return datasets


def _use_hard_sigmoid(graph: "onnx.GraphProto") -> None:
    """Put the operator of that name in the place of ``relu6(x + 3) / 6``.

    ONNX Runtime computes it together with the convolution before it.
    """
    from onnx import helper, numpy_helper

    constants = {
        value.name: float(numpy_helper.to_array(value).item())
        for value in graph.initializer
        if not any(dimension > 1 for dimension in value.dims)
    }
    sources = {name: node for node in graph.node for name in node.output}
    uses = Counter(name for node in graph.node for name in node.input)
    unused = set()
    for scaled in graph.node:
        chain = [scaled]
        while len(chain) < 3 and chain[-1].input and chain[-1].input[0] in sources:
            chain.append(sources[chain[-1].input[0]])
        if [node.op_type for node in chain] != ["Mul", "Clip", "Add"]:
            continue
        if any(uses[node.output[0]] != 1 for node in chain[1:]):
            continue
        values = [constants.get(name) for node in reversed(chain) for name in node.input[1:]]
        if values[:3] == [3.0, 0.0, 6.0] and math.isclose(values[3] or 0.0, 1 / 6, rel_tol=1e-6):
            unused |= {node.output[0] for node in chain[1:]}
            x, output = chain[-1].input[0], scaled.output[0]
            scaled.CopyFrom(helper.make_node("HardSigmoid", [x], [output], alpha=1 / 6, beta=0.5))
    nodes = [node for node in graph.node if node.output[0] not in unused]
    used = {name for node in nodes for name in node.input}
    values = [value for value in graph.initializer if value.name in used]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(nodes)
    graph.initializer.extend(values)


def _refer_to_weights(graph: "onnx.GraphProto", weights: Path) -> None:
    """Put places in the file of weights in the place of the values that stand there."""
    import onnx
    from onnx import numpy_helper

    stored = _stored(weights)
    values: dict[str, onnx.TensorProto] = {}
    nodes: list[onnx.NodeProto] = []
    for value in list(graph.initializer):
        array = numpy_helper.to_array(value)
        match = _find(array, stored) if array.nbytes > _SMALL else None
        if match is None:
            values[value.name] = value
        else:
            dataset, axes = match
            values[dataset.name] = _reference(dataset, weights.name)
            shape = numpy_helper.from_array(np.array(array.shape, np.int64), f"{value.name}/shape")
            values[shape.name] = shape
            nodes += _layout(dataset, axes, shape.name, value.name)
    nodes += graph.node
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(values.values())
    graph.node.extend(nodes)


def _find(array: NDArray[Any], stored: list[_Stored]) -> tuple[_Stored, tuple[int, ...]] | None:
    """The dataset that holds the values of an array, and the order of its axes in the array."""
    for dataset in stored:
        if dataset.values.size == array.size:
            values = dataset.values.astype(array.dtype)
            for axes in itertools.permutations(range(values.ndim)):
                if np.array_equal(values.transpose(axes).ravel(), array.ravel()):
                    return dataset, axes
    return None


def _reference(dataset: _Stored, file: str) -> "onnx.TensorProto":
    """A value of a graph whose bytes are those of a dataset in the file of that name."""
    from onnx import TensorProto

    half = dataset.values.dtype == np.float16
    tensor = TensorProto(
        name=dataset.name,
        data_type=TensorProto.FLOAT16 if half else TensorProto.FLOAT,
        dims=dataset.values.shape,
        data_location=TensorProto.EXTERNAL,
    )
    place = {"location": file, "offset": dataset.offset, "length": dataset.size}
    for key, value in place.items():
        tensor.external_data.add(key=key, value=str(value))
    return tensor


def _layout(
    dataset: _Stored, axes: tuple[int, ...], shape: str, name: str
) -> "Iterator[onnx.NodeProto]":
    """Nodes from a dataset to the value ``name``: precision, order of axes, shape."""
    from onnx import TensorProto, helper

    last = dataset.name
    if dataset.values.dtype == np.float16:
        yield helper.make_node("Cast", [last], [f"{name}/single"], to=TensorProto.FLOAT)
        last = f"{name}/single"
    if axes != tuple(sorted(axes)):
        yield helper.make_node("Transpose", [last], [f"{name}/transposed"], perm=axes)
        last = f"{name}/transposed"
    yield helper.make_node("Reshape", [last, shape], [name])


def _difference(network: "keras.Model", graph: Path, weights: Path) -> float:
    """Largest difference of a probability between a graph and Keras, on noise."""
    noise = np.random.default_rng(0).normal(0.0, 0.5, (_CHECKED_WINDOWS, *network.input_shape[1:]))
    windows = noise.astype(np.float32)
    softmax = Calibration().posteriors
    probabilities = softmax(OnnxNetwork(graph, weights)(windows))
    expected = softmax(network(windows, training=False).numpy())
    return float(np.abs(probabilities - expected).max())
