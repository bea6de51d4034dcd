"""The page as a file: what is in it, and that no name or text can become part of it."""

import base64
import hashlib
import logging
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.report import ABOUT, made_up_clips
from model.errors import GenreError
from model.files import OutputError
from model.genres import GENRES
from model.outputs.report import About, prepare, write
from model.outputs.report.reasons import MEANINGS
from model.results import Result
from tests.conftest import ROOT
from tests.support.report_samples import HOSTILE_NAMES, Page, clip, opened, posterior

OS_TEXT = st.binary(max_size=40).map(lambda data: data.decode("utf-8", "surrogateescape"))


def page(folder: Path, *clips: Result, about: About = ABOUT) -> Page:
    """The page that is written of some clips."""
    write(folder / "report.html", clips, about)
    return opened(folder / "report.html")


def shape(page: Page) -> list[tuple[str, tuple[str, ...]]]:
    """The page's elements with the names of their attributes."""
    return [(tag, tuple(attributes)) for tag, attributes in page.elements]


def hostile(name: str) -> Result:
    return clip(name, path=f"/music/{name}.mp3", top=0.3, notices=(("failure", name),))


def test_it_needs_nothing_from_outside(tmp_path: Path) -> None:
    written = page(tmp_path, *made_up_clips(60))
    for tag, attributes in written.elements:
        assert tag not in ("link", "iframe", "object", "embed", "base", "img")
        assert not set(attributes) & {"src", "style"}
        assert not any(name.startswith("on") for name in attributes)
        assert (attributes.get("href") or "#").startswith("#")
    for attributes, text in written.scripts:
        if attributes.get("type") != "application/json":
            assert "://" not in text.replace("http://www.w3.org/2000/svg", "")
            assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval", text)


def test_only_the_style_and_script_of_the_page_may_run(tmp_path: Path) -> None:
    written = page(tmp_path, clip())
    policy = next(
        attributes["content"] or ""
        for tag, attributes in written.elements
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    allowed = dict(part.split(maxsplit=1) for part in policy.split("; "))
    assert allowed["default-src"] == "'none'"
    assert "unsafe" not in policy
    style, script = (
        text for attributes, text in written.scripts if attributes.get("type") is None
    )  # fmt: skip
    for kind, text in (("style-src", style), ("script-src", script)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert allowed[kind] == f"'sha256-{digest}'"


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=ascii)
def test_no_name_becomes_part_of_the_page(name: str, tmp_path: Path) -> None:
    plain = page(tmp_path, hostile("plain"), about=replace(ABOUT, folder="plain"))
    about = replace(ABOUT, folder=name, prior=name, settings={"device": name})
    written = page(tmp_path, hostile(name), about=about)
    assert shape(written) == shape(plain)
    (shown,) = written.data("row-data")["names"]
    assert shown.isprintable()
    assert shown in written.text


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=OS_TEXT, detail=OS_TEXT, folder=OS_TEXT)
def test_no_text_becomes_part_of_the_page(
    tmp_path: Path, name: str, detail: str, folder: str
) -> None:
    about = replace(ABOUT, folder=f"music {folder}")
    odd = clip(name, path=f"/music/x{name}", top=0.3, notices=(("failure", f"x{detail}"),))
    plain = clip("plain", top=0.3, notices=(("failure", "plain"),))
    assert shape(page(tmp_path, odd, about=about)) == shape(page(tmp_path, plain))


def test_separators_of_javascript_do_not_stand_in_the_file(tmp_path: Path) -> None:
    page(tmp_path, clip("a\u2028b\u2029c"))
    assert not re.search("[\u2028\u2029]", (tmp_path / "report.html").read_text(encoding="utf-8"))


def test_counts(tmp_path: Path) -> None:
    written = page(
        tmp_path,
        clip("a", 0.91, GENRES.index("Rock")),
        clip("b", 0.55, GENRES.index("Rock")),
        clip("c", 0.31, GENRES.index("Jazz")),
        clip("d", predicted=False, notices=(("empty", "0 bytes"),)),
        clip("e", 0.95, GENRES.index("Folk"), notices=(("long", "95 s"), ("low_rate", "8 kHz"))),
    )
    text = " ".join(written.text.split())
    assert "Clips 5 Predicted 4 Unsure 1 With a problem or remark 2" in text
    expected = 0.91 + 0.55 + (1 - 0.31) / 15 + (1 - 0.95) / 15
    assert f"Rock {expected:.1f} 2" in text
    assert "30 to 40% 1 40 to 50% 0 50 to 60% 1" in text
    assert "90 to 100% 2" in text
    assert "In 1 of 4 clips no genre reaches 50%" in text
    assert "c Jazz 31%" in text
    assert f"Without a prediction empty 1 {MEANINGS['empty']} d: 0 bytes" in text
    assert f"low_rate 1 {MEANINGS['low_rate']}" in text
    assert MEANINGS["long"] not in text, "a song is no problem"
    assert f"low_rate 1 {MEANINGS['low_rate']}" in text


def test_data_of_the_table(tmp_path: Path) -> None:
    windows = ((0.0, posterior(0.9, 3)), (10.04, posterior(0.5, 4)))
    picture = np.zeros((48, 96), np.uint8)
    written = page(
        tmp_path,
        clip("a", 0.4, 3, windows=windows, thumbnail=picture, path=str(tmp_path / "a b.mp3")),
        clip("b", predicted=False, notices=(("empty", "0 bytes"),)),
    )
    rows, details = written.data("row-data"), written.data("detail-data")
    assert rows["genres"] == list(GENRES)
    assert rows["names"] == ["a", "b"]
    assert rows["tops"] == [4000, 7000]
    assert rows["topGenres"][0] == 3
    assert rows["predicted"] == [1, 0]
    assert rows["unsure"] == [1, 0]
    assert rows["notices"] == [[], [["empty", "0 bytes"]]]
    assert [len(row) for row in details["posteriors"]] == [16, 16]
    assert [window[:1] + window[4:5] for window in details["windows"][0]] == [
        [0, 9000],
        [10.04, 333],
    ]
    assert details["locations"] == ["a%20b.mp3", "file:///music/b.mp3"]
    assert [bool(text) for text in details["pictures"]] == [True, False]
    assert written.data("sound-data") == []


def test_no_clips_and_no_predictions(tmp_path: Path) -> None:
    assert "No clip has a prediction." in page(tmp_path).text
    assert "No clip has a prediction." in page(tmp_path, clip(predicted=False)).text


def test_embedded_audio(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in "abc":
        (tmp_path / f"{name}.mp3").write_bytes(name.encode() * 40)
    clips = [clip(name, path=str(tmp_path / f"{name}.mp3")) for name in "abc"]
    with caplog.at_level(logging.WARNING):
        write(tmp_path / "r.html", clips, ABOUT, embed_audio=True, embed_limit=100)
    written = opened(tmp_path / "r.html")
    assert [bool(url) for url in written.data("sound-data")] == [True, True, False]
    assert "of 2 clips is inside this page; 1 more were over the limit" in written.text
    assert "limit of 100 bytes" in caplog.text


@pytest.mark.parametrize("calibrated", [True, False])
def test_what_a_probability_means_depends_on_calibration(tmp_path: Path, calibrated: bool) -> None:
    said = page(tmp_path, clip(), about=replace(ABOUT, calibrated=calibrated)).text
    assert ("the system was calibrated on" in said) is calibrated
    assert ("without calibration" in said) is not calibrated


def test_many_clips_stay_small(tmp_path: Path) -> None:
    write(tmp_path / "r.html", made_up_clips(2_000), ABOUT)
    # Beside the picture of 772 characters: two names, 64 probabilities, and a remark at times.
    assert (tmp_path / "r.html").stat().st_size < 2_000 * 1_400 + 60_000


def test_clips_may_come_one_by_one(tmp_path: Path) -> None:
    write(tmp_path / "r.html", iter([clip("a"), clip("b")]), ABOUT)
    assert opened(tmp_path / "r.html").data("row-data")["names"] == ["a", "b"]


def test_every_reason_has_a_meaning() -> None:
    listed = re.findall(
        r"^\| `(\w+)` \|", (ROOT / "docs" / "errors.md").read_text("utf-8"), re.MULTILINE
    )
    assert set(listed) == set(MEANINGS)


def test_without_the_template_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(GenreError, match="jinja2"):
        prepare(tmp_path / "report.html")


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is a folder"):
        prepare(tmp_path)


def test_an_error_leaves_the_old_page(tmp_path: Path) -> None:
    page(tmp_path, clip("old"))
    with pytest.raises(ValueError, match="thumbnail"):
        page(tmp_path, clip(thumbnail=np.zeros((200, 200), np.uint8)))
    assert opened(tmp_path / "report.html").data("row-data")["names"] == ["old"]
