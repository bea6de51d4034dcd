"""What the documents say is what the cards and results say."""

import re

import pytest

from tests.conftest import ROOT
from training.documents.rendering import DOCUMENTS, rendered


@pytest.mark.parametrize("name", DOCUMENTS)
def test_generated_tables_have_not_drifted(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "<!-- generated: " in text
    assert rendered(text) == text, "run python -m training document"


def test_links_inside_the_repository_lead_somewhere() -> None:
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_every_demo_clip_has_a_licence_that_lets_us_ship_it() -> None:
    text = (ROOT / "demo" / "README.md").read_text(encoding="utf-8")
    row = r"^\| `(\S+\.mp3)` \|.*\| (?:CC BY|CC0|public domain)[ \d.]* \|"
    clips = sorted((ROOT / "demo").glob("*.mp3"))
    assert re.findall(row, text, re.MULTILINE) == [clip.name for clip in clips]
    assert sum(clip.stat().st_size for clip in clips) < 1_500_000
