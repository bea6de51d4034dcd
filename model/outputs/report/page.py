"""The page as text, from a template and the style and scripts beside it."""

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from model.clips import printable
from model.errors import GenreError
from model.genres import GENRES
from model.outputs.report.content import About
from model.outputs.report.summary import UNSURE_BELOW, Summary, percent
from model.outputs.report.table import Table

if TYPE_CHECKING:
    from jinja2 import Template

_HERE: Final = Path(__file__).parent
_SCRIPTS: Final = ("drawing.js", "details.js", "table.js")


class ReportError(GenreError):
    """A report cannot be made; the message says why and what to do."""


def require_jinja2() -> None:
    """See that the template engine is there.

    Raises:
        ReportError: it is not.
    """
    try:
        import jinja2  # noqa: F401
    except ModuleNotFoundError:
        raise ReportError(
            "a report needs the package jinja2, which is not installed; install it "
            "or leave the report out"
        ) from None


def rendered(summary: Summary, table: Table, about: About) -> str:
    """The whole page. Every text in it is escaped, and shown with its control characters visible.

    Raises:
        ReportError: the template engine is missing.
    """
    require_jinja2()
    from markupsafe import Markup

    style = (_HERE / "report.css").read_text(encoding="utf-8")
    script = "\n".join((_HERE / name).read_text(encoding="utf-8") for name in _SCRIPTS)
    # Style and script are ours; their hashes are what the page's policy lets run.
    return _template().render(
        summary=summary,
        table=table,
        about=about,
        genres=_by_expected_count(summary),
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
    """Name, index, expected count and times on top of each genre, the largest count first."""
    order = sorted(range(len(GENRES)), key=lambda index: -summary.expected[index])
    return [
        (GENRES[index], index, float(summary.expected[index]), int(summary.tops[index]))
        for index in order
    ]


def _hash(text: str) -> str:
    """What a Content-Security-Policy calls a text that it allows."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
