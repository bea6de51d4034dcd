"""``environment.yml`` as repo2docker reads it: its content and its Python version."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from grader.text import LONGEST

NAME: Final = "environment.yml"
DEFAULT: Final = (3, 10)
"""What repo2docker takes where it reads no version."""
SUPPORTED: Final = frozenset({(2, 7), *((3, minor) for minor in range(5, 15))})
"""Versions that repo2docker 2026.4 has packages for."""
FIRST_SHARED: Final = (3, 7)
"""Older versions get an environment of their own, behind another Python on PATH."""
_SINGLE: Final = {"2": (2, 7), "3": DEFAULT}
_PIN: Final = re.compile(r"python\s*=+\s*([\d.]*)")

Version = tuple[int, int]


@dataclass(frozen=True)
class Environment:
    """The parsed file.

    Attributes:
        content: what the YAML holds; each number and date stays text.
        problem: why it is no YAML; empty where it is.
        line: line of the problem, from 1; 0 where it is unknown.
    """

    content: Any = None
    problem: str = ""
    line: int = 0

    @property
    def conda(self) -> list[str]:
        """Dependencies for conda, each once.

        An alias (``*name``) may repeat a long line or list many thousand times.
        """
        listed = self.content.get("dependencies") if isinstance(self.content, dict) else None
        lines = listed if isinstance(listed, list) else []
        return list(dict.fromkeys(line for line in lines if isinstance(line, str)))


def read_environment(data: bytes) -> Environment:
    """Parse the content of ``environment.yml``."""
    import yaml

    try:
        # BaseLoader makes lists, mappings and text only.
        return Environment(yaml.load(data, yaml.BaseLoader))  # noqa: S506 - not unsafe
    except (yaml.YAMLError, ValueError, OverflowError) as fault:
        mark = getattr(fault, "problem_mark", None)
        problem = str(getattr(fault, "problem", None) or "not YAML")
        return Environment(problem=problem, line=mark.line + 1 if mark else 0)
    except RecursionError:
        return Environment(problem="nested too deep")


def read_pin(dependencies: Iterable[str]) -> str | None:
    """The version of the first dependency that repo2docker reads one from.

    None without such a dependency; empty where nothing readable follows the equals sign.
    """
    matches = (_PIN.match(line[:LONGEST]) for line in dependencies)
    return next((match[1] for match in matches if match), None)


def python_version(pin: str | None) -> Version | None:
    """Major and minor number that repo2docker makes of a pin; None where it refuses the pin."""
    if not pin:
        return DEFAULT
    parts = pin.split(".")
    if len(parts) == 1:
        return _SINGLE.get(pin)
    asked = ".".join(parts[:2])
    return next((version for version in SUPPORTED if f"{version[0]}.{version[1]}" == asked), None)
