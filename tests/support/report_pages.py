"""Reports that are written and looked at in a browser."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.report import ABOUT
from model.outputs.report import write
from model.results import Result
from tests.support.report_samples import posterior

if TYPE_CHECKING:
    from playwright.sync_api import Page


NAMES = "#rows .name"
SONGS = "#rows .song"
WINDOWS = ((0.0, posterior(0.9, 3)), (10.0, posterior(0.6, 4)), (20.0, posterior(0.3, 4)))


def report(folder: Path, *clips: Result, **options: Any) -> Path:
    write(folder / "report.html", clips, ABOUT, **options)
    return folder / "report.html"


def names(page: "Page") -> list[str]:
    return list(page.locator(NAMES).all_inner_texts())


def playing(page: "Page") -> float:
    """Seconds of the clip in the player, or the error of the browser."""
    seconds = page.evaluate(
        """() => new Promise((resolve, reject) => {
             const audio = document.querySelector("audio");
             audio.addEventListener("loadedmetadata", () => resolve(audio.duration));
             audio.addEventListener("error", () => reject(new Error(audio.error.message)));
             if (audio.readyState > 0) resolve(audio.duration);
           })"""
    )
    return float(seconds)


def shown(page: "Page") -> str:
    return str(page.locator("#status").inner_text())
