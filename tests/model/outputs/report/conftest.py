"""A real browser, for the tests that are marked slow."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@dataclass
class Visit:
    """A page in the browser, and what it did that a report must not do.

    Attributes:
        page: to act on.
        requests: addresses that it asked for.
        dialogs: messages of windows that it opened.
        errors: of its scripts, and what its policy refused.
    """

    page: "Page"
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def open(self, path: Path) -> "Page":
        """Go to a report."""
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._hear)
        self.page.on("dialog", self._refuse)
        self.page.goto(path.as_uri())
        return self.page

    def _hear(self, message: object) -> None:
        if getattr(message, "type", "") == "error":
            self.errors.append(str(getattr(message, "text", "")))

    def _refuse(self, dialog: object) -> None:
        self.dialogs.append(str(getattr(dialog, "message", "")))
        dialog.dismiss()  # type: ignore[attr-defined]


@pytest.fixture
def visit(browser: "Browser") -> Iterator[Visit]:
    """A new page without a network, as wide as a desk's."""
    context = browser.new_context(offline=True, viewport={"width": 1100, "height": 900})
    context.set_default_timeout(20_000)
    yield Visit(context.new_page())
    context.close()
