"""The settings file of a run, ``output.settings.json`` for ``output.csv``.

A json object with the clips under ``clips``, options under their names on the command line, and a
description of the run under ``about``. ``predict.py --settings`` runs with the options again;
``model.cli.merge`` compares the descriptions of shards.
"""

import json
from pathlib import Path
from typing import Any, Final

from model.errors import UsageError
from model.files import atomic_file
from model.options import DECLARED, Options, field_name
from model.outputs.submission import side_file
from model.results import RunDescription

ABOUT: Final = "about"
CLIPS: Final = "clips"


def path_for(output: Path) -> Path:
    """Path of the settings file of a table."""
    return side_file(output, "settings.json")


def write(options: Options, described: RunDescription) -> None:
    """Write the settings file of a run.

    Raises:
        OutputError: the file cannot be written.
    """
    values = options.values().items()
    saved = {name: value for name, value in values if DECLARED[field_name(name)].saved}
    content = {CLIPS: list(options.sources), **saved, ABOUT: vars(described)}
    with atomic_file(path_for(options.output)) as file:
        file.write(json.dumps(content, indent=1) + "\n")


def load(path: Path) -> dict[str, Any]:
    """Content of a settings file, unchecked.

    Raises:
        UsageError: the file cannot be read, or is not a json object.
    """
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not json: {error}") from None
    if not isinstance(content, dict):
        raise UsageError(f"{path}: not a json object of settings")
    return content
