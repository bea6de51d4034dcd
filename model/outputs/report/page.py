"""The text of the page, from a template, a style sheet and scripts in this folder."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from model.clips import printable
from model.genres import GENRES
from model.outputs.report.clip_table import ClipTable
from model.outputs.report.colours import COLOURS
from model.outputs.report.reasons import MEANINGS
from model.outputs.report.summary import UNSURE_BELOW, Summary, percent

if TYPE_CHECKING:
    from jinja2 import Template

_HERE: Final = Path(__file__).parent
_SCRIPTS: Final = (
    "drawing.js", "state.js", "player.js", "details.js", "table.js", "overview.js", "map.js",
    "corrections.js", "start.js",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class About:
    """Description of the run behind a report.

    Attributes:
        system: name of the system.
        prior: expected class mix, as the option names it.
        version: version of the program.
        created: date, or date and time, of the report.
        folder: the folder or the list of sources that was classified.
        calibrated: whether the probabilities are calibrated.
        settings: further facts about the run, by name.
        window_seconds: length of a window of the network.
        marks: marks on the frequency axis of spectrograms: share of the height, and text.
    """

    system: str
    prior: str
    version: str
    created: str
    folder: str
    calibrated: bool
    settings: Mapping[str, object] = field(default_factory=dict)
    window_seconds: float = 10.0
    marks: Sequence[tuple[float, str]] = ()


def rendered(summary: Summary, table: ClipTable, about: About) -> str:
    """The whole page. All texts are escaped, and control characters in them are visible."""
    from markupsafe import Markup

    colours = "".join(f"--g{index}:{colour};" for index, colour in enumerate(COLOURS))
    filled = "".join(f".g{index}{{--c:var(--g{index})}}" for index in range(len(COLOURS)))
    style = f":root{{{colours}}}{filled}\n" + (_HERE / "report.css").read_text(encoding="utf-8")
    script = "\n".join((_HERE / name).read_text(encoding="utf-8") for name in _SCRIPTS)
    # Style and script are not escaped. The page's security policy allows only their hashes.
    return _template().render(
        summary=summary,
        table=table,
        about=about,
        genres=_by_expected_count(summary),
        names=GENRES,
        meanings=MEANINGS,
        unsure_below=UNSURE_BELOW,
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


@cache
def _template() -> "Template":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: printable(value) if type(value) is str else value,
    )
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
    environment.filters["percent"] = percent
    return environment.get_template("report.html.j2")


def _by_expected_count(summary: Summary) -> list[tuple[str, int, float, int]]:
    """Name, index, ``expected`` and ``tops`` of each genre, the largest ``expected`` first."""
    order = sorted(range(len(GENRES)), key=lambda index: -summary.expected[index])
    return [
        (GENRES[index], index, float(summary.expected[index]), int(summary.tops[index]))
        for index in order
    ]


def _hash(text: str) -> str:
    """Source expression of a Content-Security-Policy that allows a text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
