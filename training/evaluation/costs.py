"""What each system costs: the one place that all tables take it from.

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
    """The file of costs cannot be used; the message says which and what to do."""


@dataclass(frozen=True)
class Cost:
    """What a system costs.

    Attributes:
        parameters: numbers in its file of weights, statistics of batch normalisations among them.
        weights_bytes: length of that file.
        front_end_ms: CPU milliseconds of all threads from the waveform of a clip of 30 s to what
            the network sees.
        network_ms: CPU milliseconds from there to the logits of the clip.
    """

    parameters: int
    weights_bytes: int
    front_end_ms: float
    network_ms: float

    @property
    def cpu_ms(self) -> float:
        """CPU milliseconds of a clip of 30 s, after it is decoded."""
        return self.front_end_ms + self.network_ms


def read(path: Path = PATH) -> dict[str, Cost]:
    """Cost of each measured system by name; none where nothing was measured yet.

    Raises:
        CostsError: the file is not what ``write`` writes.
    """
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())["systems"]
        return {name: Cost(**fields) for name, fields in found.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CostsError(
            f"{path}: no file of costs ({error!r}); run python -m benchmarks systems"
        ) from None


def write(costs: Mapping[str, Cost], about: Mapping[str, Any], path: Path = PATH) -> Path:
    """Write the costs of all systems and return the path.

    Args:
        costs: by name of the system.
        about: how and on what machine they were measured.
        path: where to.
    """
    content = {**about, "systems": {name: asdict(cost) for name, cost in costs.items()}}
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
