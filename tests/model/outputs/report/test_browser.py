"""The page as a person meets it, in Debian's Chromium."""

import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.report import made_up_clips
from model.genres import GENRES
from tests.model.outputs.report.conftest import Visit
from tests.support.report_samples import HOSTILE_NAMES, clip

if TYPE_CHECKING:
    from playwright.sync_api import Browser

from tests.support.report_pages import NAMES, SONGS, WINDOWS, names, report, shown

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

PHONE = {"width": 360, "height": 740}
TABLET = {"width": 768, "height": 1024}


def test_hostile_names_stay_text(tmp_path: Path, visit: Visit) -> None:
    odd = [
        clip(name, 0.3, path=f"/music/{name}.mp3", notices=(("failure", name),), windows=WINDOWS)
        for name in HOSTILE_NAMES
    ]
    page = visit.open(report(tmp_path, *odd))
    for song in page.locator(SONGS).all():
        song.click()
        assert page.locator(".details").count() == 1
    for summary in page.locator("summary").all():
        summary.click()
    assert not visit.dialogs
    assert not visit.errors
    assert page.locator("script").count() == 4
    assert page.locator("img, iframe, [onerror], [onmouseover], [onfocus]").count() == 0
    listed = names(page)
    for name in ("<script>alert(1)</script>", "<img src=x onerror=alert(3)>"):
        assert name in listed
    assert "right \\u202egnp.3pm" in listed
    assert "not utf-8 \\xff\\xfe" in listed
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
            clip("clip 9", 0.4, GENRES.index("Blues"), notices=(("low_rate", "8 kHz"),)),
            clip("Clip 1", 0.6, GENRES.index("Jazz")),
            clip("clip 2", predicted=False, notices=(("empty", "0 bytes"),)),
        )
    )
    head = page.locator("#table thead th")
    assert names(page) == ["Clip 1", "clip 2", "clip 9", "clip 10"]
    assert head.nth(0).get_attribute("aria-sort") == "ascending"
    page.get_by_role("button", name="Song").click()
    assert names(page) == ["clip 10", "clip 9", "clip 2", "Clip 1"]
    assert head.nth(0).get_attribute("aria-sort") == "descending"
    page.get_by_role("button", name="Probability").click()
    assert names(page) == ["clip 10", "Clip 1", "clip 9", "clip 2"]
    assert head.nth(2).get_attribute("aria-sort") == "descending"
    assert head.nth(0).get_attribute("aria-sort") is None
    page.get_by_role("button", name="Genre", exact=True).click()
    assert names(page) == ["clip 9", "Clip 1", "clip 10", "clip 2"]
    page.get_by_role("button", name="Problem", exact=True).click()
    assert names(page) == ["clip 2", "clip 9", "Clip 1", "clip 10"]


def test_columns_that_would_be_empty_are_left_out(tmp_path: Path, visit: Visit) -> None:
    page = visit.open(report(tmp_path, clip(notices=(("long", "95 s"),))))
    heads = page.locator("#table thead th").all_inner_texts()
    assert [head.strip() for head in heads] == ["Song", "Genre", "Probability", "All genres"]
    assert page.locator("#map").is_hidden()
    assert page.locator(".pager").is_hidden()
    assert page.locator("#comparison, .reasons").count() == 0


def test_searching(tmp_path: Path, visit: Visit) -> None:
    page = visit.open(
        report(
            tmp_path,
            clip("Café Noir", 0.9, GENRES.index("Rock")),
            clip("noir two", 0.4, GENRES.index("Blues"), notices=(("long", "95 s"),)),
            clip("three", 0.6, GENRES.index("Jazz"), notices=(("short", "0.5 s"),)),
            clip("four", predicted=False, notices=(("empty", "0 bytes"),)),
        )
    )
    search = page.get_by_role("searchbox")
    for text, expected in {
        "NOIR": ["Café Noir", "noir two"],
        "cafe\u0301": ["Café Noir"],
        "noir rock": ["Café Noir"],
        "jazz": ["three"],
        "no bytes": ["four"],
        "95": ["noir two"],
        "nothing like it": [],
        "": ["Café Noir", "four", "noir two", "three"],
    }.items():
        search.fill(text)
        assert names(page) == expected, text
    search.fill("rock")
    assert shown(page) == "1 clip shown, out of 4"
    search.fill("polka")
    assert shown(page) == "None of 4 clips matches."


def test_charts_filter_and_back_undoes_it(tmp_path: Path, visit: Visit) -> None:
    page = visit.open(
        report(
            tmp_path,
            clip("a", 0.9, GENRES.index("Rock")),
            clip("b", 0.4, GENRES.index("Rock")),
            clip("c", 0.6, GENRES.index("Jazz"), notices=(("short", "0.5 s"),)),
            clip("d", predicted=False, notices=(("empty", "0 bytes"),)),
        )
    )
    whole = ["a", "b", "c", "d"]
    rock = page.locator("[data-key=genre]", has_text="Rock")
    rock.click()
    assert names(page) == ["a", "b"]
    assert rock.get_attribute("aria-pressed") == "true"
    page.locator("[data-key=level][data-value='4']").click()
    assert names(page) == ["b"]
    linked = page.url
    page.go_back()
    assert names(page) == ["a", "b"]
    page.go_back()
    assert names(page) == whole
    for choice, expected in {"1 unsure": "b", "1 without a prediction": "d"}.items():
        page.get_by_role("button", name=choice).click()
        assert names(page) == [expected]
        page.get_by_role("button", name="Remove the filter").click()
    assert page.evaluate("document.activeElement.id") == "search"
    page.get_by_role("button", name="shorter than a second").click()
    assert names(page) == ["c"]
    page.goto(linked)
    assert names(page) == ["b"]
    page.reload()
    assert names(page) == ["b"]


def test_an_address_of_another_page_does_no_harm(tmp_path: Path, visit: Visit) -> None:
    path = report(tmp_path, clip("a"), clip("b"))
    page = visit.open(path)
    for odd in (
        "clip=99&page=7",
        "genre=x",
        "sort=constructor&clip=-1",
        "only=__proto__",
        "%E0%A4",
    ):
        page.goto(f"{path.as_uri()}#{odd}")
        page.reload()
        assert page.locator("#status").inner_text()
    assert not visit.errors


def test_a_link_opens_a_clip_on_its_page(tmp_path: Path, visit: Visit) -> None:
    clips = [clip(f"clip {number}", 0.9) for number in range(250)]
    path = report(tmp_path, *clips)
    page = visit.open(path)
    page.goto(f"{path.as_uri()}#clip=222")
    page.reload()
    assert page.get_by_label("Page", exact=True).input_value() == "3"
    button = page.get_by_role("button", name="clip 222", exact=True)
    assert button.get_attribute("aria-expanded") == "true"
    assert page.locator(".details").is_visible()


def test_misses_come_first(tmp_path: Path, visit: Visit) -> None:
    rock, jazz = GENRES.index("Rock"), GENRES.index("Jazz")
    clips = [clip("a", 0.9, rock), clip("b", 0.5, jazz), clip("c", 0.9, jazz), clip("d", 0.8, rock)]
    right = {"a": rock, "b": rock, "c": rock}
    page = visit.open(report(tmp_path, *clips, truth=right))
    page.locator("#comparison summary").click()
    page.get_by_role("button", name="Show the misses, the worst first").click()
    assert names(page) == ["c", "b"]
    page.get_by_role("button", name="Show the misses, the worst first").click()
    assert names(page) == ["c", "b", "a", "d"]
    page.get_by_role("button", name="Rock taken for Jazz: 2").click()
    assert names(page) == ["c", "b"]


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
    for _ in range(5):  # three heads, the first row's player, and its name
        press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "a"
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) == "solid"
    press("Enter")
    assert page.get_by_role("heading", name="Genres over time").is_visible()
    assert page.evaluate("document.activeElement.innerText") == "a"
    press("Enter")
    assert page.locator(".details").count() == 0
    press("Shift+Tab")
    press("Enter")
    assert page.get_by_role("complementary", name="Player").is_visible()
    page.get_by_role("button", name="Close the player").press("Enter")
    assert page.evaluate("document.activeElement.ariaLabel") == "Play a"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [None, TABLET, PHONE], ids=["desk", "tablet", "phone"])
def test_accessibility_and_width(tmp_path: Path, visit: Visit, scheme: Any, viewport: Any) -> None:
    from axe_playwright_python.sync_playwright import Axe

    visit.page.emulate_media(color_scheme=scheme)
    if viewport:
        visit.page.set_viewport_size(viewport)
    odd = [clip(name, 0.3, path=f"/music/{name}.mp3") for name in HOSTILE_NAMES]
    made_up = list(made_up_clips(120))
    right = {one.clip.file_id: place % 16 for place, one in enumerate(made_up)}
    page = visit.open(report(tmp_path, *made_up, *odd, truth=right))
    for summary in page.locator("summary").all():
        if summary.locator("xpath=..").get_attribute("open") is None:
            summary.click()
    page.get_by_role("button", name="Probability").click()
    page.locator(SONGS).nth(7).click()
    page.locator("[data-correct]").select_option(index=3)
    page.locator("[data-play]").nth(7).click()
    page.locator("[data-key=genre]").nth(1).click()
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.evaluate("innerWidth")
    assert page.locator(SONGS).first.bounding_box()["width"] > 100


def test_the_theme_can_be_chosen(tmp_path: Path, visit: Visit) -> None:
    page = visit.open(report(tmp_path, clip()))
    background = "getComputedStyle(document.body).backgroundColor"
    seen = []
    for _ in range(3):
        seen.append((page.locator("#theme").inner_text(), page.evaluate(background)))
        page.locator("#theme").click()
    white, black = "rgb(255, 255, 255)", "rgb(22, 24, 28)"
    assert seen == [("Theme: system", white), ("Theme: light", white), ("Theme: dark", black)]


def test_print_has_every_clip(tmp_path: Path, visit: Visit) -> None:
    page = visit.open(report(tmp_path, *made_up_clips(250)))
    assert page.locator(SONGS).count() == 100
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator(SONGS).count() == 250
    assert page.locator(".controls").is_hidden()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(SONGS).count() == 100


def test_without_scripts_the_summary_is_there(tmp_path: Path, browser: "Browser") -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report(tmp_path, *made_up_clips(60)).as_uri())
    assert page.locator("noscript").is_visible()
    assert not page.locator("#table").is_visible()
    assert page.get_by_role("heading", name="Genres expected clips").is_visible()
    assert page.locator(".mix li").count() == 16
    context.close()


def test_ten_thousand_clips(tmp_path: Path, visit: Visit) -> None:
    path = report(tmp_path, *made_up_clips(10_000))
    assert path.stat().st_size < 15_000_000
    page = visit.open(path)
    assert page.locator(NAMES).count() == 100
    page.get_by_role("button", name="Next", exact=True).click()
    assert shown(page) == "101 to 200 of 10,000 clips shown"
    page.get_by_role("searchbox").fill("track 9999")
    assert names(page)[-1].endswith("track 9999")
    assert all("9999" in name for name in names(page))
    page.locator(SONGS).last.click()
    size = page.locator(".spectrogram").evaluate("canvas => [canvas.width, canvas.height]")
    assert size == [48, 24]
    assert page.locator(".similar button").count() == 5
    assert not visit.errors


def test_a_link_keeps_what_was_chosen(tmp_path: Path, visit: Visit) -> None:
    clips = [clip(f"{n:02}", 0.9, GENRES.index("Rock" if n % 2 else "Jazz")) for n in range(8)]
    page = visit.open(report(tmp_path, *clips))
    page.locator(SONGS).first.click()
    page.locator("[data-key=genre]", has_text="Rock").click()  # hides the open clip
    expected = ["01", "03", "05", "07"]
    page.reload()
    assert names(page) == expected
    assert page.locator(".details").count() == 0
    page.evaluate("scrollTo(0, 0)")
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "songs"
    assert names(page) == expected


def test_an_opened_row_stays_in_its_place(tmp_path: Path, visit: Visit) -> None:
    clips = [clip(f"{n:02}", windows=WINDOWS) for n in range(60)]
    page = visit.open(report(tmp_path, *clips))
    page.locator(SONGS).nth(20).click()
    other = page.locator("[data-row='25']")
    other.scroll_into_view_if_needed()
    before = other.bounding_box()
    other.click()
    after = other.bounding_box()
    assert before is not None
    assert after is not None
    assert after["y"] == pytest.approx(before["y"], abs=2)
    page.keyboard.press("Escape")
    assert page.locator(".details").count() == 0
    assert page.evaluate("document.activeElement.dataset.row") == "25"


def test_figures_are_those_of_their_filters(tmp_path: Path, visit: Visit) -> None:
    # A probability that is rounded to another step than the exact one.
    edges = [clip(f"{top}", top, GENRES.index("Rock")) for top in (0.49996, 0.29997, 0.7, 0.6, 0.3)]
    page = visit.open(report(tmp_path, *edges, *made_up_clips(300)))
    for button in page.locator("[data-key=level]:enabled, [data-key=genre], .lead .filter").all():
        number = "text => text.match(/[\\d,]+(?!.*\\d)/)?.[0] ?? '0'"
        figure = page.evaluate(f"({number})", button.inner_text().splitlines()[-1])
        if button.get_attribute("data-key") == "level":
            figure = button.locator(".number").inner_text().split()[0]
        if button.get_attribute("data-key") == "only":
            figure = button.inner_text().split()[0]
        button.click()
        counted = page.evaluate("matching().length")
        assert counted == int(figure), button.inner_text()
        button.click()


def test_on_paper_the_table_has_columns(tmp_path: Path, visit: Visit) -> None:
    page = visit.open(report(tmp_path, *made_up_clips(20)))
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print", color_scheme="dark")
    page.set_viewport_size({"width": 700, "height": 1000})  # A4 within its margins
    box = page.locator("#rows tr").nth(1).locator(".chip").bounding_box()
    assert box is not None
    assert box["width"] > 60
    assert box["height"] < 60
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(29, 31, 36)"
