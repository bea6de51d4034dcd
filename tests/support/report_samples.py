"""Clips of made-up runs, and the data of a page read back as a browser reads it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from model.clips import Clip, Notice
from model.genres import GENRES
from model.results import Result, Window

HOSTILE_NAMES = (
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    "<!--<script>",
    "<img src=x onerror=alert(3)>",
    '" onmouseover="alert(4)" x="',
    "' autofocus onfocus='alert(5)",
    "javascript:alert(6)",
    "{{ 7 * 7 }}{% raw %}",
    "line\nbreak\tand\rreturn",
    "right \u202egnp.3pm",
    "separators \u2028 and \u2029",
    "not utf-8 \udcff\udcfe",
    "percent %41 # ? & ; = +",
    "back\\slash ${x} `tick`",
    "control \x1b[31m \x07",
    "עברית عربى 日本語 🎵",
    "z" * 250,
)
"""What a file may be called on Linux: anything but a slash and a zero byte."""


def posterior(top: float = 0.7, genre: int = 13) -> list[float]:
    """Probabilities with one genre ahead and the others alike."""
    values = [(1 - top) / (len(GENRES) - 1)] * len(GENRES)
    values[genre] = top
    return values


def clip(
    file_id: str = "song",
    top: float = 0.7,
    genre: int = 13,
    *,
    path: str = "",
    predicted: bool = True,
    notices: Sequence[tuple[str, str]] = (),
    windows: Sequence[tuple[float, Sequence[float]]] = (),
    thumbnail: Any = None,
) -> Result:
    """The result of a clip with one genre ahead."""
    return Result(
        Clip(file_id, path or f"/music/{file_id}.mp3"),
        tuple(posterior(top, genre)),
        predicted,
        tuple(Notice(*notice) for notice in notices),
        tuple(Window(start, start + 10.0, tuple(values)) for start, values in windows),
        thumbnail=thumbnail,
    )


@dataclass
class Page(HTMLParser):
    """A page taken apart.

    Attributes:
        elements: tag and attributes of each element, in order.
        scripts: text of each script and style.
        text: all other text, with a space before each element.
    """

    source: str
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    scripts: list[tuple[dict[str, str | None], str]] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self._inside: dict[str, str | None] | None = None
        self.feed(self.source)
        self.close()

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.text += " "
        self._inside = dict(attrs) if tag in ("script", "style") else None

    def handle_endtag(self, tag: str) -> None:
        self._inside = None

    def handle_data(self, data: str) -> None:
        if self._inside is None:
            self.text += data
        else:
            self.scripts.append((self._inside, data))

    def data(self, name: str) -> Any:
        """What the json script of this id holds."""
        return next(
            json.loads(text) for attributes, text in self.scripts if attributes.get("id") == name
        )


def opened(path: Path) -> Page:
    """The page of a file."""
    return Page(path.read_text(encoding="utf-8"))
