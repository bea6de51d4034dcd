"""Response times of the HTML report of many clips, measured in a browser.

Writes a report of made-up clips, opens it in Debian's Chromium (``apt-get install chromium``) in a
new page for every round, and measures there with ``performance.now`` until the next frame is drawn.
"""

import argparse
import os
import platform
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measuring import Report, markdown_table
from model import cpus
from model.clips import Clip, Notice
from model.genres import GENRES
from model.outputs.report import About, write
from model.outputs.report.likeness import likeness
from model.outputs.report.thumbnails import thumbnail
from model.results import Result, Window

ABOUT = About("mobilenet", "fma", "0.1.0", "2026-01-02", "music", True, {"device": "cpu"})

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
    "sort by problem, the first time": ("press", "[data-sort=problem]"),
    "sort by genre, the first time": ("press", "[data-sort=genre]"),
    "sort by song": ("press", "[data-sort=name]"),
    "search, the first letter": ("type", "r"),
    "search, two words": ("type", "rock 99"),
    "search for nothing that is there": ("type", "no such clip"),
    "search no more": ("type", ""),
    "next page": ("press", "#next"),
    "filter by a genre": ("press", "[data-key=genre]"),
    "filter by confidence as well": ("press", "[data-key=level]:enabled"),
    "filter no more by genre": ("press", "[data-key=genre]"),
    "filter no more by confidence": ("press", "[data-key=level]:enabled"),
    "open the first clip": ("press", "#rows [data-row]"),
    "open another clip": ("press", "#rows tr:last-child [data-row]"),
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the measurement."""
    parser.add_argument("--clips", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)


def measure(args: argparse.Namespace) -> Report:
    """Write a report and measure it."""
    program = shutil.which("chromium")
    if program is None:
        return Report("", problem="chromium is not installed; run: apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "report.html")
        clips = list(made_up_clips(args.clips))
        begun = time.monotonic()
        write(path, clips, ABOUT)
        writing_s = time.monotonic() - begun
        rounds, version = _measure_page(path, program, args.rounds)
        return Report(_page(args.clips, path.stat().st_size, writing_s, rounds, version))


def made_up_clips(count: int) -> Iterator[Result]:
    """Results of made-up clips whose fields vary as those of real clips do."""
    random = np.random.default_rng(0)
    prior = random.dirichlet(np.ones(len(GENRES)))
    for number in range(count):
        path = f"/music/{number % 100:03}/{random.integers(10**6):06} track {number}.mp3"
        file_id = path.removeprefix("/music/").removesuffix(".mp3")
        if number % 50 == 7:
            notice = Notice("undecodable", "no decoder found audio in it")
            yield Result(Clip(file_id, path), tuple(prior.tolist()), False, (notice,))
            continue
        values = random.dirichlet(np.full(len(GENRES), 0.15))
        windows = tuple(
            Window(
                10.0 * place,
                10.0 * place + 10,
                tuple(random.dirichlet(20 * values + 0.01).tolist()),
            )
            for place in range(3)
        )
        frames = 3 * np.sin(np.arange(96) * random.uniform(0.02, 0.5))[:, None]
        log_mel = frames + np.linspace(4, -4, 48) + random.normal(size=(96, 48))
        picture = thumbnail(log_mel.astype(np.float16), count)
        notices = (Notice("long", "95.2 s, of which the middle 30 were used"),)
        yield Result(
            Clip(file_id, path),
            tuple(values.tolist()),
            True,
            notices if number % 9 == 0 else (),
            windows,
            thumbnail=picture,
            likeness=likeness(np.log(values + 1e-4)),
        )


def _measure_page(path: Path, program: str, rounds: int) -> tuple[list[dict[str, float]], str]:
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


def _page(
    clips: int, size: int, writing_s: float, rounds: list[dict[str, float]], version: str
) -> str:
    load = os.getloadavg()[0]
    rows = []
    for name in rounds[0]:
        times = [costs[name] for costs in rounds]
        rows.append((name, f"{statistics.median(times):.0f}", f"{max(times):.0f}"))
    columns = ("step, until it is on the screen", "median ms", "longest ms")
    return f"""# What a report costs

Made by `python -m benchmarks report`: {clips:,} made-up clips, {len(rounds)} rounds, each in a new
page of Chromium {version}. {platform.machine()}, {cpus.usable()} processors, no graphics card;
the load of the machine was {load:.1f}, this program included.

The page is {size / 1e6:.1f} MB, {size / clips:.0f} bytes a clip, and is written in
{writing_s:.1f} s.

{markdown_table(columns, rows)}"""
