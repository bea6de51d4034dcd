"""The settings of a run as a file: what was asked for, to be read by people and asked for again.

``output.csv`` has ``output.settings.json``: a json object with options of the command line, without
their dashes, as keys. ``--settings`` reads it; whatever the command line says as well wins. The key
``about`` tells what was classified, and is not read again.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from model.errors import UsageError
from model.files import AtomicFile
from model.options import Options
from model.results import RunDescription

SWITCHES: Final = (
    "recursive",
    "any-audio",
    "embed-audio",
    "strict",
    "partial",
    "resume",
    "keep-journal",
)
VALUES: Final = (
    "output",
    "system",
    "calibration",
    "prior",
    "format",
    "min-confidence",
    "per-window",
    "embeddings",
    "report",
    "write-tags",
    "shard",
    "device",
    "batch-size",
    "workers",
    "time-limit",
    "top",
)
ABOUT: Final = "about"
_RENAMED: Final = {"batch-size": "batch"}
_UNSAVED: Final = ("workers", "write-tags")
"""What suits one machine only, and what changes the clips: it is to be asked for each time."""


class SettingsError(UsageError):
    """Settings cannot be used; the message says which and what to do."""


@dataclass(frozen=True)
class Replayed:
    """Settings as a person would type them.

    Attributes:
        clips: what to classify.
        arguments: options of the command line.
    """

    clips: list[str]
    arguments: list[str]


def beside(output: Path) -> Path:
    """Where the settings of a table go."""
    return output.with_name(f"{output.stem}.settings.json")


def chosen(options: Options) -> dict[str, object]:
    """Options that are not the default ones, under their names on the command line."""
    return {
        name: value
        for name, value in _named(options).items()
        if value != getattr(Options, _attribute(name), None)
    }


def write(options: Options, described: RunDescription) -> None:
    """Write the settings of a run beside its table.

    Raises:
        OutputError: the path cannot be written.
    """
    fields: dict[str, object] = {"clips": list(options.sources)}
    fields |= {name: value for name, value in _named(options).items() if name not in _UNSAVED}
    fields[ABOUT] = vars(described)
    with AtomicFile(beside(options.output)) as file:
        file.write(json.dumps(fields, indent=1) + "\n")


def read(path: Path) -> Replayed:
    """Settings from a file.

    Raises:
        SettingsError: it cannot be read, is no json object, or has a key or value that no option
            of the command line takes.
    """
    fields = load(path)
    unknown = sorted(fields.keys() - {"clips", ABOUT, *VALUES, *SWITCHES})
    if unknown:
        known = ", ".join(["clips", *VALUES, *SWITCHES])
        raise SettingsError(f"{path}: unknown settings {', '.join(unknown)}; known are {known}")
    clips = fields.get("clips", [])
    if not isinstance(clips, list) or not all(isinstance(clip, str) for clip in clips):
        raise SettingsError(f"{path}: clips must be a list of texts")
    arguments = []
    for name, value in fields.items():
        if name in SWITCHES:
            arguments.append(_switch(path, name, value))
        elif name in VALUES and value is not None:
            if isinstance(value, bool | list | dict):
                raise SettingsError(f"{path}: {name} must be a text or a number")
            arguments.append(f"--{name}={value}")
    return Replayed(clips, arguments)


def load(path: Path) -> dict[str, Any]:
    """The fields of a file of settings, unchecked.

    Raises:
        SettingsError: it cannot be read, or is no json object.
    """
    try:
        fields = json.loads(path.read_bytes())
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise SettingsError(f"{path}: not json: {error}") from None
    if not isinstance(fields, Mapping):
        raise SettingsError(f"{path}: not a json object of settings")
    return dict(fields)


def _named(options: Options) -> dict[str, object]:
    """Options that have a value, by their names on the command line."""
    values = {name: getattr(options, _attribute(name)) for name in (*VALUES, *SWITCHES)}
    return {name: _plain(value) for name, value in values.items() if value not in (None, "")}


def _attribute(name: str) -> str:
    return _RENAMED.get(name, name.replace("-", "_"))


def _switch(path: Path, name: str, value: object) -> str:
    if not isinstance(value, bool):
        raise SettingsError(f"{path}: {name} must be true or false")
    return f"--{name}" if value else f"--no-{name}"


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Iterable) and not isinstance(value, str):  # a shard
        return "/".join(map(str, value))
    return value
