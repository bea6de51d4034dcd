"""The upload page: Python's side alone, and the whole page in a browser."""

import socket
import subprocess
import sys
import time
import wave
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import model
from notebooks.uploads import LIMIT_MB, TOP, Upload
from tests.conftest import CLIPS, ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CLIP = CLIPS / "jazz-trio.mp3"
TEXT = b"This is not audio.\n" * 500


class Visitor:
    """An upload page that a test talks to. ``replies`` has the replies to all messages."""

    def __init__(self, classifier: model.Classifier, folder: Path) -> None:
        self.replies: list[dict[str, Any]] = []
        self.upload = Upload(classifier, self.replies.append, folder)

    def send(self, content: bytes, number: int = 1, piece: int = 20_000) -> dict[str, Any]:
        """Send a file in pieces and return the last reply."""
        self.upload.receive({"id": number, "size": len(content)}, [])
        while "received" in self.replies[-1] and self.replies[-1]["received"] < len(content):
            begin = self.replies[-1]["received"]
            self.upload.receive({"id": number}, [memoryview(content)[begin : begin + piece]])
        return self.replies[-1]


@pytest.fixture(scope="module")
def classifier() -> Iterator[model.Classifier]:
    with model.load(system="prior", device="cpu", workers=1) as classifier:
        yield classifier


@pytest.fixture
def visitor(classifier: model.Classifier, tmp_path: Path) -> Visitor:
    return Visitor(classifier, tmp_path)


def write_wav(path: Path, megabytes: int, samples: bytes) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, 44_100, 0, "NONE", ""))
        for _ in range(megabytes):
            file.writeframes(samples * (1_000_000 // len(samples)))


def test_each_piece_has_a_reply_and_the_last_one_the_genres(
    visitor: Visitor, tmp_path: Path
) -> None:
    content = CLIP.read_bytes()
    answer = visitor.send(content)
    received = [reply["received"] for reply in visitor.replies[:-1]]
    assert received == [*range(0, len(content), 20_000), len(content)]
    assert len(answer["genres"]) == TOP
    assert {reply["id"] for reply in visitor.replies} == {1}
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "problem"),
    [(TEXT, "no audio"), (b"", "is empty"), (CLIP.read_bytes()[:100], "no audio")],
    ids=["text", "empty", "too short"],
)
def test_what_is_no_audio_is_an_error_and_the_next_file_has_an_answer(
    visitor: Visitor, content: bytes, problem: str
) -> None:
    assert problem in visitor.send(content, 1)["error"]
    assert "genres" in visitor.send(CLIP.read_bytes(), 2)


def test_silence_is_an_error(visitor: Visitor, tmp_path: Path) -> None:
    write_wav(tmp_path / "silence.wav", 1, bytes(4))
    silence = (tmp_path / "silence.wav").read_bytes()
    assert "no sound" in visitor.send(silence, piece=2**20)["error"]


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(visitor: Visitor) -> None:
    visitor.upload.receive({"id": 1, "size": LIMIT_MB * 1_000_000 + 1}, [])
    assert f"larger than {LIMIT_MB} MB" in visitor.replies[-1]["error"]
    visitor.upload.receive({"id": 1}, [b"x"])
    assert len(visitor.replies) == 1
    assert "genres" in visitor.send(CLIP.read_bytes(), 2)


def test_a_new_file_replaces_one_that_has_not_arrived_completely(visitor: Visitor) -> None:
    visitor.upload.receive({"id": 1, "size": len(TEXT)}, [])
    visitor.upload.receive({"id": 1}, [TEXT[:100]])
    content = CLIP.read_bytes()
    visitor.upload.receive({"id": 2, "size": len(content)}, [])
    visitor.upload.receive({"id": 1}, [TEXT[100:]])
    visitor.upload.receive({"id": 2}, [content])
    assert visitor.replies[-1]["id"] == 2
    assert "genres" in visitor.replies[-1]


def test_an_unexpected_failure_is_an_error_with_advice(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(model.Classifier, "predict", fail)
        error = visitor.send(CLIP.read_bytes(), 1)["error"]
    assert "the disk is full; choose it once more" in error
    assert "genres" in visitor.send(CLIP.read_bytes(), 2)


@pytest.fixture(scope="module")
def page(browser: "Browser") -> "Iterator[Page]":
    """The page in a browser of a telephone's width, served by Voila with its default settings."""
    if not (find_spec("voila") and find_spec("anywidget")):
        pytest.skip("NOT TESTED: voila or anywidget is missing (requirements/notebook.in)")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "voila", "--no-browser", f"--port={port}"]
    server = subprocess.Popen(
        [*command, "notebooks/upload.ipynb"], cwd=ROOT, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.set_default_timeout(180_000)
        page.goto(f"http://127.0.0.1:{port}/")
        yield page
        page.close()
    finally:
        server.terminate()
        server.wait()


def choose(page: "Page", path: Path) -> str:
    """Choose a file and return the last line about it."""
    page.set_input_files(".upload input", path)
    page.wait_for_function(
        """name => {
          const status = document.querySelector(".upload p");
          return status.textContent.startsWith(name)
            && (status.classList.contains("failed") || status.textContent.endsWith(": done"));
        }""",
        arg=path.name,
    )
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    return str(page.locator(".upload p").inner_text())


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_page_answers_for_large_files_and_after_every_error(
    page: "Page", tmp_path: Path
) -> None:
    large, text, sparse = tmp_path / "large.wav", tmp_path / "text.mp3", tmp_path / "sparse.wav"
    write_wav(large, 95, b"\0\0\0\0\xff\x0f\xff\x0f")
    text.write_bytes(TEXT)
    with sparse.open("wb") as file:
        file.truncate(LIMIT_MB * 1_000_000 + 1)
    page.wait_for_selector(".upload input")
    page.evaluate("""() => {
      window.lines = [];
      const status = document.querySelector(".upload p");
      new MutationObserver(() => window.lines.push(status.textContent))
        .observe(status, { childList: true });
    }""")
    assert choose(page, large) == "large.wav: done"
    lines = page.evaluate("window.lines")
    assert sum("uploading, " in line for line in lines) > 10
    assert lines[-2].endswith("decoding and classifying")
    assert choose(page, text).startswith("text.mp3: no audio")
    assert page.locator(".upload tr").count() == 0
    assert "larger than 100 MB" in choose(page, sparse)
    (tmp_path / "song.mp3").symlink_to(CLIP)
    assert choose(page, tmp_path / "song.mp3") == "song.mp3: done"
    assert page.locator(".upload tr").count() == TOP
