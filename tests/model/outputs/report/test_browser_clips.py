"""A clip of the page as a person meets it: details, player, map and corrections."""

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from mutagen.id3 import APIC, ID3, TIT2, TPE1

from benchmarks.report import ABOUT
from model.genres import GENRES
from model.outputs.report import truth, write
from tests.model.outputs.report.conftest import Visit
from tests.model.outputs.report.test_song_tags import png
from tests.support.report_samples import HOSTILE_NAMES, clip, posterior

if TYPE_CHECKING:
    pass

from tests.support.report_pages import SONGS, WINDOWS, names, playing, report

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


def test_the_map_and_similar_clips(tmp_path: Path, visit: Visit) -> None:
    vectors = np.eye(16, dtype=np.float32)
    clips = [replace(clip(f"song {n}"), likeness=vectors[n % 2]) for n in range(8)]
    page = visit.open(report(tmp_path, *clips))
    canvas = page.locator("#map")
    x, y = page.evaluate("points()[rowData.mapped.indexOf(3)]")
    canvas.hover(position={"x": x, "y": y})
    assert page.locator("#tip").inner_text() == "song 3: Rock 70%"
    canvas.click(position={"x": x, "y": y})
    assert page.get_by_role("button", name="song 3", exact=True).get_attribute("aria-expanded")
    other = page.locator(".similar button").first
    name = other.inner_text()
    assert int(name.split()[1]) % 2 == 1
    page.get_by_role("searchbox").fill("song 3")
    other.click()  # a search that hides it is taken back
    opened = page.locator("[aria-expanded=true] .name")
    assert opened.inner_text() == name.removesuffix(" Rock")
    page.go_back()
    assert opened.inner_text() == "song 3"


def test_corrections_are_kept_and_saved(tmp_path: Path, visit: Visit) -> None:
    path = report(tmp_path, clip("a"), clip('line\nbreak, "b"'), clip("c"))
    page = visit.open(path)
    for index, genre in (
        (0, "Jazz"),
        (2, "Hip-Hop"),
        (1, "Old-Time / Historic"),
        (0, "as predicted"),
    ):
        page.locator(f"[data-row='{index}']").click()
        page.locator(f"[data-correct='{index}']").select_option(label=genre)
    page.reload()
    with page.expect_download() as started:
        page.get_by_role("button", name="Save 2 corrections").click()
    saved = tmp_path / "corrections.csv"
    started.value.save_as(saved)
    right = {'line\nbreak, "b"': "Old-Time / Historic", "c": "Hip-Hop"}
    assert truth.read_truth(saved) == {name: GENRES.index(genre) for name, genre in right.items()}
    assert not visit.errors


def test_details(tmp_path: Path, visit: Visit) -> None:
    picture = np.zeros((48, 160), np.uint8)
    picture[0, 80:] = 255  # a low tone in the second half
    odd = clip("a", 0.6, 4, windows=WINDOWS, thumbnail=picture, notices=(("long", "95 s"),))
    about = replace(ABOUT, marks=[(0.5, "1 kHz")])
    write(tmp_path / "report.html", [odd, clip("b", 0.5, 1, predicted=False)], about)
    page = visit.open(tmp_path / "report.html")
    page.locator(SONGS).first.click()
    assert page.locator(".likeliest li").first.inner_text().split() == ["Electronic", "60%"]
    windows = page.locator(".over-time ol li").all_inner_texts()
    assert windows[0].startswith("0:00 to 0:10: Easy Listening 90%")
    assert windows[2].startswith("0:20 to 0:30: Electronic 30%")
    assert page.locator(".times span").all_inner_texts() == [
        "0:00", "0:05", "0:10", "0:15", "0:20", "0:25", "0:30",
    ]  # fmt: skip
    assert page.locator(".hertz span").all_inner_texts() == ["1 kHz"]
    corners = page.evaluate(
        """() => {
             const context = document.querySelector(".spectrogram").getContext("2d");
             return [[0, 0], [159, 0], [0, 47], [159, 47]]
               .map(([x, y]) => context.getImageData(x, y, 1, 1).data[0]);
           }"""
    )
    assert corners == [0, 0, 0, 252]
    label = page.locator(".spectrogram").get_attribute("aria-label")
    assert "Mel spectrogram of a" in str(label)
    assert "longer than 30 s: 95 s" in page.locator(".details").inner_text()
    page.locator(SONGS).nth(1).click()
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
    elsewhere.mkdir()
    for folder in (tmp_path, elsewhere):
        page = visit.open(report(folder, *found))
        for button in page.locator("[data-play]").all():
            button.click()
            assert playing(page) > 1


def test_the_player_starts_where_the_analysed_part_does(
    tmp_path: Path, clips: list[Path], visit: Visit
) -> None:
    windows = ((0.5, posterior(0.9, 3)), (10.5, posterior(0.6, 4)))
    shutil.copy(clips[0], tmp_path / "a.mp3")
    song = clip("a", path=str(tmp_path / "a.mp3"), windows=windows)
    page = visit.open(report(tmp_path, song, clip("b", path=str(tmp_path / "a.mp3"))))
    second = "document.querySelector('audio').currentTime"
    page.locator("[data-play='0']").click()
    playing(page)
    page.wait_for_function(f"() => {second} >= 0.5 && {second} < 4")
    assert page.locator("#now").inner_text() == "a"
    page.get_by_role("button", name="Pause a").click()
    page.locator(SONGS).first.click()
    box = page.locator(".plot").bounding_box()
    assert box is not None
    page.locator(".plot").click(position={"x": box["width"] / 10, "y": 5})  # 2 of 20 s
    page.wait_for_function(f"() => {second} >= 2.5 && {second} < 6")
    assert page.locator(".playhead").is_visible()
    page.get_by_role("button", name="Next clip").click()
    assert page.locator("#now").inner_text() == "b"


def test_embedded_audio_plays_without_the_file(
    tmp_path: Path, clips: list[Path], visit: Visit
) -> None:
    song = Path(shutil.copy(clips[0], tmp_path / "song.mp3"))
    path = report(tmp_path, clip(path=str(song)), embed_audio=True)
    song.unlink()
    page = visit.open(path)
    page.locator("[data-play]").click()
    assert playing(page) > 1


def test_a_file_that_is_gone_is_said(tmp_path: Path, visit: Visit) -> None:
    page = visit.open(report(tmp_path, clip(path=str(tmp_path / "gone.mp3"))))
    page.locator("[data-play]").click()
    trouble = page.locator("#trouble", has_text="cannot be played")
    trouble.wait_for()
    assert trouble.is_visible()


def test_titles_artists_and_covers(tmp_path: Path, clips: list[Path], visit: Visit) -> None:
    song = Path(shutil.copy(clips[0], tmp_path / "song.mp3"))
    tags = ID3()
    for frame in (TIT2(encoding=3, text="A <b>title</b>"), TPE1(encoding=3, text="Artist")):
        tags.add(frame)
    tags.add(APIC(encoding=3, mime="image/png", type=3, desc="", data=png()))
    tags.save(song)
    page = visit.open(report(tmp_path, clip("song", path=str(song)), clip("bare")))
    assert names(page) == ["A <b>title</b>", "bare"]
    assert page.locator(".by").all_inner_texts() == ["Artist · song"]
    page.wait_for_function("() => document.querySelector('#rows img').naturalWidth === 64")
    assert not visit.errors


def test_corrections_belong_to_ids_and_to_every_window(tmp_path: Path, visit: Visit) -> None:
    path = report(tmp_path, clip("a"), clip("b"), clip("c"))
    page = visit.open(path)
    other = page.context.new_page()
    other.goto(path.as_uri())
    for window, name, genre in ((page, "a", "Jazz"), (other, "b", "Folk"), (page, "c", "Pop")):
        window.locator(".song", has_text=name).click()
        window.locator("[data-correct]").select_option(label=genre)
    assert other.get_by_role("button", name="Save 3 corrections").is_visible()
    report(tmp_path, clip("0"), clip("a"), clip("c"))  # written anew, with other clips
    page.reload()
    assert page.locator(".corrected").all_inner_texts() == ["✎ Jazz", "✎ Pop"]
    page.get_by_role("button", name="Show corrected").click()
    assert names(page) == ["a", "c"]
