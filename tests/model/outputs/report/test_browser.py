"""The page as a person meets it, in Debian's Chromium."""

import os
import shutil
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmarks.report import ABOUT, made_up_clips
from model.genres import GENRES
from model.outputs.report import write
from model.results import Result
from tests.model.outputs.report.conftest import Visit
from tests.support.report_samples import HOSTILE_NAMES, clip, posterior

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

NAMES = "#rows .name"
PHONE = {"width": 360, "height": 740}
WINDOWS = ((0.0, posterior(0.9, 3)), (10.0, posterior(0.6, 4)), (20.0, posterior(0.3, 4)))


def report(folder: Path, *clips: Result, **options: Any) -> Path:
    write(folder / "report.html", clips, ABOUT, **options)
    return folder / "report.html"


def names(page: "Page") -> list[str]:
    return list(page.locator(NAMES).all_inner_texts())


def playable(page: "Page", index: int = 0) -> float:
    """Seconds of a clip's player, or an error of the browser."""
    seconds = page.evaluate(
        """(index) => new Promise((resolve, reject) => {
             const audio = document.querySelectorAll("audio")[index];
             audio.addEventListener("loadedmetadata", () => resolve(audio.duration));
             audio.addEventListener("error", () => reject(new Error(audio.error.message)));
             audio.preload = "metadata";
             audio.load();
           })""",
        index,
    )
    return float(seconds)


def test_hostile_names_stay_text(tmp_path: Path, visit: Visit) -> None:
    odd = [
        clip(name, 0.3, path=f"/music/{name}.mp3", notices=(("failure", name),), windows=WINDOWS)
        for name in HOSTILE_NAMES
    ]
    page = visit.open(report(tmp_path, *odd))
    for button in page.locator(NAMES).all():
        button.click()
    assert page.locator(".details").count() == len(HOSTILE_NAMES)
    for summary in page.locator("summary").all():
        summary.click()
    page.locator("a[data-clip]").first.click()
    assert not visit.dialogs
    assert not visit.errors
    assert page.locator("script").count() == 4
    assert page.locator("img, iframe, [onerror], [onmouseover], [onfocus]").count() == 0
    shown = names(page)
    for name in ("<script>alert(1)</script>", "<img src=x onerror=alert(3)>"):
        assert name in shown
    assert "right \\u202egnp.3pm" in shown
    assert "not utf-8 \\xff\\xfe" in shown
    assert all(request.startswith("file:///") for request in visit.requests)


def test_the_policy_refuses_other_scripts_and_every_connection(
    tmp_path: Path, browser: "Browser"
) -> None:
    context = browser.new_context()  # with a network, so that only the policy is in the way
    page = context.new_page()
    page.goto(report(tmp_path, clip()).as_uri())
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(1)
        refused = page.evaluate(
            """async (address) => {
                 const refused = [];
                 document.addEventListener("securitypolicyviolation",
                   (event) => refused.push(event.effectiveDirective));
                 const script = document.createElement("script");
                 script.textContent = "window.ran = true";
                 document.body.append(script);
                 document.body.setAttribute("onclick", "window.ran = true");
                 document.body.click();
                 fetch(address).catch(() => {});
                 const image = document.createElement("img");
                 image.src = address;
                 document.body.append(image);
                 await new Promise((done) => setTimeout(done, 500));
                 return [window.ran, ...refused];
               }""",
            f"http://127.0.0.1:{server.getsockname()[1]}/",
        )
        with pytest.raises(TimeoutError):
            server.accept()
    context.close()
    assert refused[0] is None
    assert {"script-src-elem", "script-src-attr", "connect-src", "img-src"} <= set(refused)


def test_sorting(tmp_path: Path, visit: Visit) -> None:
    page = visit.open(
        report(
            tmp_path,
            clip("clip 10", 0.9, GENRES.index("Rock")),
            clip("clip 9", 0.4, GENRES.index("Blues"), notices=(("long", "95 s"),)),
            clip("Clip 1", 0.6, GENRES.index("Jazz")),
            clip("clip 2", predicted=False, notices=(("empty", "0 bytes"),)),
        )
    )
    head = page.locator("#table thead th")
    assert names(page) == ["Clip 1", "clip 2", "clip 9", "clip 10"]
    assert head.nth(0).get_attribute("aria-sort") == "ascending"
    page.get_by_role("button", name="File").click()
    assert names(page) == ["clip 10", "clip 9", "clip 2", "Clip 1"]
    assert head.nth(0).get_attribute("aria-sort") == "descending"
    page.get_by_role("button", name="Probability").click()
    assert names(page) == ["clip 10", "Clip 1", "clip 9", "clip 2"]
    assert head.nth(2).get_attribute("aria-sort") == "descending"
    assert head.nth(0).get_attribute("aria-sort") is None
    page.get_by_role("button", name="Genre").click()
    assert names(page) == ["clip 9", "Clip 1", "clip 10", "clip 2"]
    page.get_by_role("button", name="Remarks").click()
    assert names(page) == ["clip 2", "clip 9", "Clip 1", "clip 10"]


def test_searching_and_choosing(tmp_path: Path, visit: Visit) -> None:
    page = visit.open(
        report(
            tmp_path,
            clip("Café Noir", 0.9, GENRES.index("Rock")),
            clip("noir two", 0.4, GENRES.index("Blues"), notices=(("long", "95 s"),)),
            clip("three", 0.6, GENRES.index("Jazz"), notices=(("short", "0.5 s"),)),
            clip("four", predicted=False, notices=(("empty", "0 bytes"),)),
        )
    )
    search, choice = page.get_by_role("searchbox"), page.get_by_label("Show")
    for text, expected in {
        "NOIR": ["Café Noir", "noir two"],
        "cafe\u0301": ["Café Noir"],
        "noir rock": ["Café Noir"],
        "jazz": ["three"],
        "empty": ["four"],
        "95": ["noir two"],
        "nothing like it": [],
        "": ["Café Noir", "four", "noir two", "three"],
    }.items():
        search.fill(text)
        assert names(page) == expected, text
    for value, expected in {
        "unsure": ["noir two"],
        "troubled": ["four", "three"],
        "unpredicted": ["four"],
        f"genre:{GENRES.index('Jazz')}": ["three"],
        "reason:empty": ["four"],
    }.items():
        choice.select_option(value)
        assert names(page) == expected, value
    assert page.get_by_role("status").first.inner_text() == "1 to 1 of 1 clips shown, out of 4"
    search.fill("rock")
    assert page.get_by_role("status").first.inner_text() == "None of 4 clips matches."


def test_a_clip_from_the_summary(tmp_path: Path, visit: Visit) -> None:
    clips = [clip(f"clip {number}", 0.9) for number in range(250)]
    clips[222] = clip("odd one", 0.2)
    page = visit.open(report(tmp_path, *clips))
    page.get_by_role("searchbox").fill("clip 7")
    page.get_by_role("link", name="odd one").click()
    assert page.get_by_label("Page", exact=True).input_value() == "3"
    assert page.evaluate("document.activeElement.innerText") == "odd one"
    assert page.get_by_role("button", name="odd one").get_attribute("aria-expanded") == "true"
    page.get_by_role("link", name="Show all unsure").click()
    assert names(page) == ["odd one"]


def test_all_clips_of_a_problem(tmp_path: Path, visit: Visit) -> None:
    odd = [clip(f"{number}", notices=(("short", "0.5 s"),)) for number in range(25)]
    page = visit.open(report(tmp_path, *odd, clip("a short name")))
    page.locator("summary", has_text="short").click()
    page.get_by_role("link", name="Show all 25 in the table").click()
    assert names(page) == [str(number) for number in range(25)]


def test_by_keyboard_alone(tmp_path: Path, visit: Visit) -> None:
    page = visit.open(report(tmp_path, clip("a", windows=WINDOWS), clip("b")))
    press = page.keyboard.press
    press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Skip to the table of clips"
    assert page.locator(".skip").bounding_box()["x"] >= 0
    press("Enter")
    press("Tab")
    page.keyboard.type("b")
    assert names(page) == ["b"]
    press("Backspace")
    for _ in range(6):  # the choice, four heads, and the first row
        press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "a"
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) == "solid"
    press("Enter")
    assert page.get_by_role("heading", name="Genre over time").is_visible()
    assert page.evaluate("document.activeElement.innerText") == "a"
    press("Enter")
    assert page.locator(".details").count() == 0


def test_details(tmp_path: Path, visit: Visit) -> None:
    picture = np.zeros((48, 96), np.uint8)
    picture[0, 48:] = 255  # a low tone in the second half
    odd = clip("a", 0.6, 4, windows=WINDOWS, thumbnail=picture, notices=(("long", "95 s"),))
    page = visit.open(report(tmp_path, odd, clip("b", 0.5, 1, predicted=False)))
    page.get_by_role("button", name="a", exact=True).click()
    bars = page.get_by_role("table", name="Likeliest genres").get_by_role("row").first
    assert bars.inner_text().split() == ["Electronic", "60%"]
    windows = page.locator(".windows li").all_inner_texts()
    assert windows[0].startswith("0 to 10 s: Easy Listening 90%")
    assert windows[2].startswith("20 to 30 s: Electronic 30%")
    assert page.locator(".legend li").all_inner_texts()[:2] == ["Easy Listening", "Electronic"]
    corners = page.evaluate(
        """() => {
             const context = document.querySelector("canvas").getContext("2d");
             return [[0, 0], [95, 0], [0, 47], [95, 47]]
               .map(([x, y]) => context.getImageData(x, y, 1, 1).data[0]);
           }"""
    )
    assert corners == [0, 0, 0, 252]
    assert "Mel spectrogram of a" in str(page.locator("canvas").get_attribute("aria-label"))
    assert page.locator(".details code").all_inner_texts() == ["long"]
    page.get_by_role("button", name="b", exact=True).click()
    assert page.get_by_role("heading", name="No prediction: the prior").is_visible()


def test_players_find_files_of_any_name(tmp_path: Path, clips: list[Path], visit: Visit) -> None:
    music = tmp_path / "music"
    music.mkdir()
    hostile = [name for name in HOSTILE_NAMES if len(name) < 200 and "/" not in name]
    for name in hostile:
        shutil.copy(clips[0], music / f"{name}.mp3")
    found = [
        clip(str(number), path=os.fsdecode(path)) for number, path in enumerate(music.iterdir())
    ]
    elsewhere = tmp_path / "elsewhere"
    for folder in (tmp_path, elsewhere):
        page = visit.open(report(folder, *found))
        for button in page.locator(NAMES).all():
            button.click()
        assert [playable(page, index) > 1 for index in range(len(found))] == [True] * len(hostile)


def test_embedded_audio_plays_without_the_file(
    tmp_path: Path, clips: list[Path], visit: Visit
) -> None:
    song = Path(shutil.copy(clips[0], tmp_path / "song.mp3"))
    path = report(tmp_path, clip(path=str(song)), embed_audio=True)
    song.unlink()
    page = visit.open(path)
    page.locator(NAMES).click()
    assert playable(page) > 1


def test_a_file_that_is_gone_is_said(tmp_path: Path, visit: Visit) -> None:
    page = visit.open(report(tmp_path, clip(path=str(tmp_path / "gone.mp3"))))
    page.locator(NAMES).click()
    page.evaluate("document.querySelector('audio').load()")
    trouble = page.locator(".trouble", has_text="cannot be played")
    trouble.wait_for()
    assert trouble.is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desk", "phone"])
def test_accessibility_and_width(tmp_path: Path, visit: Visit, scheme: Any, viewport: Any) -> None:
    from axe_playwright_python.sync_playwright import Axe

    visit.page.emulate_media(color_scheme=scheme)
    if viewport:
        visit.page.set_viewport_size(viewport)
    odd = [clip(name, 0.3, path=f"/music/{name}.mp3") for name in HOSTILE_NAMES]
    page = visit.open(report(tmp_path, *made_up_clips(120), *odd))
    for place in (0, 7, 50):
        page.locator(NAMES).nth(place).click()
    for summary in page.locator("summary").all():
        summary.click()
    page.get_by_role("button", name="Probability").click()
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.evaluate("innerWidth")


def test_without_scripts_the_summary_is_there(tmp_path: Path, browser: "Browser") -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report(tmp_path, *made_up_clips(60)).as_uri())
    assert page.locator("noscript").is_visible()
    assert not page.locator("#table").is_visible()
    assert page.get_by_role("heading", name="Genres, as expected counts").is_visible()
    assert page.get_by_role("row").count() > 16
    context.close()


def test_ten_thousand_clips(tmp_path: Path, visit: Visit) -> None:
    page = visit.open(report(tmp_path, *made_up_clips(10_000)))
    assert page.locator(NAMES).count() == 100
    page.get_by_role("button", name="Next").click()
    assert "101 to 200 of 10,000" in page.get_by_role("status").first.inner_text()
    page.get_by_role("searchbox").fill("track 9999")
    assert names(page)[-1].endswith("track 9999")
    assert all("9999" in name for name in names(page))
    page.locator(NAMES).last.click()
    assert page.locator("canvas").evaluate("canvas => [canvas.width, canvas.height]") == [48, 24]
    assert not visit.errors
