"""Mixed precision: nearly the gradients and weights of single precision, in the same file."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from training.architectures.systems import FUSION, SYSTEMS
from training.optimization.config import SCRATCH, Precision
from training.optimization.precision import choose_precision, computing_in
from training.trainers import challenge2018
from training.trainers.architecture import find_architecture
from training.trainers.fine_tuning import TrainingSet

NETWORKS = [
    "stft",
    *(
        pytest.param(name, marks=pytest.mark.slow)
        for name in (
            "best", "agf", "shortterm", "xception_narrow", "dpn_narrow",
        )
    ),
]  # fmt: skip
"""One of each architecture; the others than ``stft`` take long in half precision on a CPU."""

CLIPS = 8


def gradients(network: keras.Model, crops: np.ndarray) -> list[np.ndarray]:
    """Gradients of a loss that is scaled, without dropout."""
    scale, targets = 1024.0, np.eye(16, dtype=np.float32)[: len(crops)]
    with tf.GradientTape() as tape:
        outputs = network(crops, training=False)
        assert outputs.dtype == "float32"
        loss = keras.losses.CategoricalCrossentropy(from_logits=True)(targets, outputs) * scale
    variables = [variable.value for variable in network.trainable_variables]
    return [part / scale for part in tape.gradient(loss, variables) if part is not None]


def distance(some: list[np.ndarray], others: list[np.ndarray]) -> float:
    """Norm of the difference, as a share of the norm of the second."""
    apart = sum(float(np.square(a - b).sum()) for a, b in zip(some, others, strict=True))
    return float(np.sqrt(apart / sum(float(np.square(part).sum()) for part in others)))


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", NETWORKS)
def test_it_trains_nearly_as_single_precision_does(name: str, tmp_path: Path) -> None:
    """Dropout draws other numbers in half precision, so weights after an epoch differ a little."""
    spec = SYSTEMS[name]
    architecture = find_architecture(spec)
    ours = spec.architecture == FUSION
    config = SCRATCH if ours else challenge2018.CONFIGS[spec.architecture]
    frames = 64 if ours else config.crop_frames
    config = replace(config, epochs=1, batch_size=2, crop_frames=frames, learning_rate=1e-4)
    front_end, rng = architecture.front_end, np.random.default_rng(0)
    clips = rng.normal(0, 0.5, (CLIPS, frames, front_end.width)).astype(np.float16)
    training_set = TrainingSet(list(clips), np.arange(CLIPS), groups=list("abcdefgh"))
    network = architecture.random_network(frames, 0)
    start, said = network.get_weights(), list[str]()

    def trained(precision: Precision) -> tuple[list[np.ndarray], list[np.ndarray]]:
        network.set_weights(start)
        with computing_in(precision, network):
            found = gradients(network, clips[:2].astype(np.float32))
        chosen = replace(config, precision=precision)
        checkpoint = tmp_path / f"{precision}.weights.h5"
        architecture.fit(network, training_set, front_end, chosen, 0, checkpoint, said.append, None)
        assert {layer.dtype_policy.name for layer in network.layers} == {"float32"}
        return found, network.get_weights()

    (gradient, single), (other, mixed) = trained("single"), trained("mixed")
    assert 0 < distance(other, gradient) < 0.03
    assert distance(mixed, start) > 0
    assert 0 < distance(mixed, single) < 0.05
    assert [(part.dtype, part.shape) for part in mixed] == [
        (part.dtype, part.shape) for part in single
    ]


def test_what_overflows_half_precision_is_computed_in_single_precision() -> None:
    """A spectrogram so loud that its powers are beyond the largest number of half precision."""
    architecture = find_architecture(SYSTEMS["best"])
    network = architecture.random_network(64, 0)  # band maps are those of published weights
    loud = np.full((1, 64, architecture.front_end.width), 4.0, np.float32)
    front_end = architecture.front_end
    assert np.exp(4.0 * front_end.scale - front_end.shift) > np.finfo(np.float16).max
    with computing_in("mixed", network):
        assert np.isfinite(network(loud, training=False)).all()


def test_the_precision_is_mixed_where_there_is_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    gpus: list[str] = []
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus)
    assert choose_precision("auto") == "single"
    assert choose_precision("mixed") == "mixed"
    gpus.append("GPU:0")
    assert choose_precision("auto") == "mixed"
    assert choose_precision("single") == "single"
