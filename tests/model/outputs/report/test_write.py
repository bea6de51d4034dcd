"""The page as a file: what is in it, and that no name or text can become part of it."""

import base64
import hashlib
import logging
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutagen.id3 import ID3, TIT2

from benchmarks.report import ABOUT, made_up_clips
from model.errors import GenreError
from model.files import OutputError
from model.genres import GENRES
from model.outputs.report import About, prepare, write
from model.outputs.report.reasons import MEANINGS
from model.results import Result
from tests.conftest import CLIPS, ROOT
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
    assert "5 clips, mostly Rock (2), Folk (1) and Jazz (1)." in text
    assert "1 unsure 1 without a prediction 2 with a problem" in text
    expected = 0.91 + 0.55 + (1 - 0.31) / 15 + (1 - 0.95) / 15
    assert f"Rock {expected:.1f}" in text
    assert "30 to 40%: 1 clips 30% 40 to 50%: no clips 40% 50 to 60%: 1 clips" in text
    assert "90 to 100%: 2 clips" in text
    assert f"Problems: {MEANINGS['empty']} 1 {MEANINGS['low_rate']} 1" in text
    assert MEANINGS["long"] not in text, "a song is no problem"


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
    assert rows["posteriors"][0] == [4000 if place == 3 else 400 for place in range(16)]
    assert rows["predicted"] == [1, 0]
    assert rows["notices"] == [[], [["empty", "0 bytes", 1]]]
    assert rows["meanings"] == {"empty": MEANINGS["empty"]}
    assert rows["titles"] == rows["artists"] == rows["covers"] == rows["truth"] == []
    assert rows["mapped"] == rows["places"] == []
    assert [window[:2] + window[5:6] for window in details["windows"][0]] == [
        [0, 10, 9000],
        [10.04, 20.04, 333],
    ]
    assert details["locations"] == ["a%20b.mp3", "file:///music/b.mp3"]
    assert [bool(text) for text in details["pictures"]] == [True, False]
    assert written.data("sound-data") == []


def test_titles_of_the_files_tags(tmp_path: Path) -> None:
    song = Path(shutil.copy(CLIPS / "jazz-trio.mp3", tmp_path / "song.mp3"))
    tags = ID3()
    tags.add(TIT2(encoding=3, text="</script><b>"))
    tags.save(song)
    rows = page(tmp_path, clip("gone"), clip("song", path=str(song))).data("row-data")
    assert rows["titles"] == ["", "</script><b>"]
    assert rows["artists"] == []


def test_ids_that_are_not_printable_are_kept_for_the_corrections(tmp_path: Path) -> None:
    rows = page(tmp_path, clip("a"), clip("line\nbreak")).data("row-data")
    assert rows["names"] == ["a", "line\\nbreak"]
    assert rows["ids"] == {"1": "line\nbreak"}


def test_right_genres(tmp_path: Path) -> None:
    rock, jazz = GENRES.index("Rock"), GENRES.index("Jazz")
    clips = [clip("a", 0.9, rock), clip("b", 0.8, jazz), clip("c"), clip("d", predicted=False)]
    write(tmp_path / "r.html", clips, ABOUT, truth={"a": rock, "b": rock, "d": jazz})
    written = opened(tmp_path / "r.html")
    text = " ".join(written.text.split())
    assert "1 of 2 right (50%), log loss 2.21; 1 more without a prediction" in text
    assert written.data("row-data")["truth"] == [rock, rock, -1, jazz]
    labels = [attributes.get("aria-label") for _, attributes in written.elements]
    assert "Rock taken for Jazz: 1" in labels


def test_clips_on_the_map_and_similar_ones(tmp_path: Path) -> None:
    clips = [replace(clip(str(n)), likeness=np.eye(16, dtype=np.float32)[n % 2]) for n in range(8)]
    written = page(tmp_path, *clips, clip("none"), clip("prior", predicted=False))
    assert written.data("row-data")["mapped"] == [*range(8)]
    assert len(written.data("row-data")["places"]) == 8
    assert {*written.data("detail-data")["similar"]["0"][:3]} == {2, 4, 6}


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
    # Beside the picture of 776 characters: two names, 64 probabilities, and a remark at times.
    assert (tmp_path / "r.html").stat().st_size < 2_000 * 1_500 + 90_000


def test_clips_may_come_one_by_one(tmp_path: Path) -> None:
    write(tmp_path / "r.html", iter([clip("a"), clip("b")]), ABOUT)
    assert opened(tmp_path / "r.html").data("row-data")["names"] == ["a", "b"]


def test_every_reason_has_a_meaning() -> None:
    listed = re.findall(
        r"^\| `(\w+)` \|", (ROOT / "docs" / "errors.md").read_text("utf-8"), re.MULTILINE
    )
    assert set(listed) == set(MEANINGS)


@pytest.mark.parametrize("package", ["jinja2", "mutagen"])
def test_without_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(GenreError, match=package):
        prepare(tmp_path / "report.html")


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is a folder"):
        prepare(tmp_path)


def test_an_error_leaves_the_old_page(tmp_path: Path) -> None:
    page(tmp_path, clip("old"))
    with pytest.raises(OutputError, match="disk"):
        write(tmp_path / "report.html", _failing(), ABOUT)
    assert opened(tmp_path / "report.html").data("row-data")["names"] == ["old"]


def _failing() -> Iterator[Result]:
    yield clip("new")
    raise OutputError("the disk is full")
