"""``python -m benchmarks.report``: what a report of many clips costs, measured in a browser.

Writes a report of made-up clips, opens it in Debian's Chromium (``apt-get install chromium``) in a
new page for every round, and measures there with ``performance.now`` until the next picture is on
the screen. Writes ``benchmarks/REPORT.md``.
"""

import argparse
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from model import cpus
from model.outputs.report import write
from tests.support.report_samples import ABOUT, many

RESULTS = Path(__file__).with_name("REPORT.md")

# The page's own clock begins with the navigation.
_SHOWN = """
addEventListener("DOMContentLoaded", () =>
  requestAnimationFrame(() => setTimeout(() => { window.shownAfter = performance.now(); })));
"""
_TIMED = """
async (step) => {
  const search = document.getElementById("search");
  const acts = {
    press: (selector) => document.querySelector(selector).click(),
    type: (text) => { search.value = text; search.dispatchEvent(new Event("input")); },
  };
  const begun = performance.now();
  acts[step.act](step.with);
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - begun;
}
"""
STEPS = {
    "sort by probability, the first time": ("press", "[data-sort=top]"),
    "sort the other way round": ("press", "[data-sort=top]"),
    "sort by remarks, the first time": ("press", "[data-sort=problem]"),
    "sort by genre, the first time": ("press", "[data-sort=genre]"),
    "sort by file": ("press", "[data-sort=name]"),
    "search, the first letter": ("type", "r"),
    "search, two words": ("type", "rock 99"),
    "search for nothing that is there": ("type", "no such clip"),
    "search no more": ("type", ""),
    "next page": ("press", "#next"),
    "open the first clip": ("press", "#rows button"),
    "open a second clip": ("press", "#rows tr:last-child button"),
}


def main() -> int:
    """Measure, print, and write the results; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description=__doc__)
    parser.add_argument("--clips", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    program = shutil.which("chromium")
    if program is None:
        print("chromium is not installed; run: apt-get install chromium", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "report.html")
        clips = list(many(given.clips))
        begun = time.monotonic()
        write(path, clips, ABOUT)
        writing = time.monotonic() - begun
        rounds, version = measured(path, program, given.rounds)
        text = described(given.clips, path.stat().st_size, writing, rounds, version)
    print(text)
    RESULTS.write_text(text, encoding="utf-8")
    return 0


def measured(path: Path, program: str, rounds: int) -> tuple[list[dict[str, float]], str]:
    """Milliseconds of each step in each round, and the browser's version."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program)
        results = [_round(browser, path) for _ in range(rounds)]
        version = browser.version
        browser.close()
    return results, version


def _round(browser: Any, path: Path) -> dict[str, float]:
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.add_init_script(_SHOWN)
    page.goto(path.as_uri())
    page.wait_for_function("window.shownAfter")
    costs = {"open, until the table is shown": page.evaluate("window.shownAfter")}
    for name, (act, argument) in STEPS.items():
        costs[name] = page.evaluate(_TIMED, {"act": act, "with": argument})
    context.close()
    return costs


def described(
    clips: int, size: int, writing: float, rounds: list[dict[str, float]], version: str
) -> str:
    """The results as a page."""
    load = os.getloadavg()[0]
    rows = "\n".join(
        f"| {name} | {statistics.median(costs):.0f} | {max(costs):.0f} |"
        for name in rounds[0]
        for costs in [[costs[name] for costs in rounds]]
    )
    return f"""# What a report costs

Made by `python -m benchmarks.report`: {clips:,} made-up clips, {len(rounds)} rounds, each in a new
page of Chromium {version}. {platform.machine()}, {cpus.usable()} processors, no graphics card;
the load of the machine was {load:.1f}, this program included.

The page is {size / 1e6:.1f} MB, {size / clips:.0f} bytes a clip, and is written in {writing:.1f} s.

| step, until it is on the screen | median ms | longest ms |
|---|---|---|
{rows}
"""


if __name__ == "__main__":
    sys.exit(main())
