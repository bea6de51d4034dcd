"""Cost of each system in parameters, bytes and CPU time, for all tables.

``python -m benchmarks systems`` measures it and writes ``benchmarks/systems.json``.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from model.errors import GenreError

PATH: Final = Path(__file__).resolve().parents[2] / "benchmarks" / "systems.json"


class CostsError(GenreError):
    """The file of costs is damaged."""


@dataclass(frozen=True)
class Cost:
    """Cost of a system.

    Attributes:
        parameters: count of numbers in the file of weights, including the statistics of batch
            normalisations.
        weights_bytes: size of the file of weights.
        front_end_ms: CPU milliseconds of all threads from the waveform of a clip of 30 s to the
            input of the network.
        network_ms: CPU milliseconds from the input of the network to the logits of the clip.
        keras_ms: the same on TensorFlow (``--runtime keras``); None for systems without a network
            of Keras.
    """

    parameters: int
    weights_bytes: int
    front_end_ms: float
    network_ms: float
    keras_ms: float | None = None

    @property
    def cpu_ms(self) -> float:
        """CPU milliseconds of a clip of 30 s, after it is decoded."""
        return self.front_end_ms + self.network_ms


def read(path: Path = PATH) -> dict[str, Cost]:
    """Cost of each measured system by name; empty if there is no file.

    Raises:
        CostsError: the file is not a file of costs.
    """
    try:
        content: dict[str, Any] = json.loads(path.read_bytes())["systems"]
        return {name: Cost(**fields) for name, fields in content.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CostsError(
            f"{path}: no file of costs ({error!r}); run python -m benchmarks systems"
        ) from None


def write(costs: Mapping[str, Cost], about: Mapping[str, Any], path: Path = PATH) -> Path:
    """Write the costs of all systems and return the path.

    Args:
        costs: costs by name of the system.
        about: method and machine of the measurement.
        path: file to write.
    """
    content = {**about, "systems": {name: asdict(cost) for name, cost in costs.items()}}
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
