"""Networks: their sizes, the graph, and that they are the same on every backend."""

import dataclasses
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from model import systems
from model.options import Device
from model.systems import cards
from model.systems.base import Execution
from model.systems.ours import fusion, mobilenet
from model.systems.runtimes.gpu import wanted_gpu
from model.systems.runtimes.tensorflow import TensorFlowNetwork
from tests.conftest import ROOT

CARD = cards.read(systems.DEFAULT, systems.WEIGHTS_FOLDER)
MN04_PARAMETERS = 978_679  # EfficientAT's mn04_as with batch normalisation folded
AUDIOSET_CLASSES = 527
ARTIST = 264_448 - 2 * 768  # of the published file, normalisation folded
# Of the published file without its 50 tags; normalisation has two numbers a channel instead of
# four, and none where it is folded (1 + 1506 of 2460 channels).
MUSICNN = 792_079 - 50 * 201 - 4 * 2460 + 2 * 953

ON_ANOTHER_BACKEND = """
import sys
import numpy as np
from model import systems
from model.systems import cards
from model.systems.ours import fusion
card = cards.read(systems.DEFAULT, systems.WEIGHTS_FOLDER)
network = fusion.network(card.front_end, card.window_frames, **card.parameters)
network.load_weights(systems.WEIGHTS_FOLDER / card.weights.file)
windows = np.load(sys.argv[1])
np.save(sys.argv[2], network.predict(windows, verbose=0))
"""


def test_it_has_the_parameters_of_the_published_network() -> None:
    front_end = dataclasses.replace(CARD.spectrogram, mel_bands=128)
    network = fusion.network(front_end, 1000, (fusion.MOBILENET,))
    last = mobilenet.EMBEDDING + 1
    assert network.count_params() - 16 * last + AUDIOSET_CLASSES * last == MN04_PARAMETERS
    assert network.output_shape == (None, 16)


@pytest.mark.parametrize(
    ("branch", "expected"), [(fusion.ARTIST, ARTIST), (fusion.MUSICNN, MUSICNN)]
)
def test_a_branch_has_the_parameters_of_the_published_network(branch: str, expected: int) -> None:
    """But for those of its view, of standardisation, and of the normalisation that is folded."""
    network = fusion.network(CARD.spectrogram, 1000, (branch,))
    own = [
        weight
        for layer in network.layers
        if layer.name.startswith(branch) and not layer.name.endswith(("_bands", "standardised"))
        for weight in layer.weights
    ]
    assert sum(int(np.prod(weight.shape)) for weight in own) == expected


@pytest.mark.parametrize(
    ("channels", "width", "expected"),
    [(16, 0.4, 8), (24, 0.4, 16), (112, 0.4, 48), (272, 0.25, 72)],
)
def test_channels_are_rounded_like_the_papers(channels: int, width: float, expected: int) -> None:
    assert mobilenet.scaled(channels, width) == expected


def test_the_graph_is_built_once_and_batches_do_not_matter() -> None:
    system = systems.load(CARD)
    shape = (12, CARD.window_frames, CARD.front_end.width)
    windows = np.random.default_rng(0).normal(0, 0.5, shape).astype("float32")
    three = system.connect(Execution("cpu", threads=2, batch=3, runtime="keras"))
    assert isinstance(three, TensorFlowNetwork)
    assert three.batch == 6
    logits = np.concatenate([three(windows[:6]), three(windows[6:])])
    for _ in range(3):
        three(windows[:6])
    assert three.traces == 1
    assert np.isfinite(logits).all()
    for threads, wanted in ((1, 1), (1, 3), (2, 2), (2, 6), (3, 4)):
        other = system.connect(Execution("cpu", threads, wanted, "keras"))
        parts = [other(windows[i : i + other.batch]) for i in range(0, 12, other.batch)]
        np.testing.assert_array_equal(np.concatenate(parts), logits)


@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_other_backends_give_the_same_logits(tmp_path: Path, backend: str) -> None:
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed: the network was not tried on it")
    windows = np.random.default_rng(0).normal(0, 0.5, (2, 300, CARD.front_end.width))
    np.save(tmp_path / "windows.npy", windows.astype(np.float32))
    logits = {}
    for name in ("tensorflow", backend):
        subprocess.run(
            [sys.executable, "-c", ON_ANOTHER_BACKEND, "windows.npy", f"{name}.npy"],
            cwd=tmp_path,
            env=os.environ
            | {"KERAS_BACKEND": name, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
            check=True,
            capture_output=True,
        )
        logits[name] = np.load(tmp_path / f"{name}.npy")
    np.testing.assert_allclose(logits[backend], logits["tensorflow"], atol=1e-3)


@pytest.mark.parametrize(
    ("device", "present", "problem", "expected", "said"),
    [
        ("cpu", True, "", False, ""),
        ("auto", False, "", False, ""),
        ("gpu", False, "", False, "no GPU found"),
        ("auto", True, "", True, ""),
        ("auto", True, "cuDNN is too new", False, "cuDNN is too new"),
    ],
)
def test_a_gpu_that_does_not_work_is_told_in_one_line(
    device: Device,
    present: bool,
    problem: str,
    expected: bool,
    said: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert wanted_gpu(device, lambda: present, lambda: problem) is expected
    assert len(caplog.records) == bool(said)
    assert said in caplog.text
