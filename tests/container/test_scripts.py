"""Every script can be started and read by its shell."""

import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

SHEBANGS = (b"#!/bin/bash\n", b"#!/bin/sh\n")
SCRIPTS = sorted(
    path
    for place in (ROOT, ROOT / ".ci", ROOT / "requirements")
    for path in (place.glob("*") if place == ROOT else place.rglob("*"))
    if path.is_file() and path.read_bytes().startswith(SHEBANGS)
)


def test_the_scripts_are_found() -> None:
    names = {str(path.relative_to(ROOT)) for path in SCRIPTS}
    assert {"run.sh", "start", "postBuild", ".ci/container/run"} <= names
    assert {".ci/container/tiers/docker", ".ci/container/tiers/chroot"} <= names


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_script(path: Path) -> None:
    assert path.stat().st_mode & 0o111 == 0o111, "not executable"
    assert b"\r" not in path.read_bytes()
    shell = path.read_text().partition("\n")[0].removeprefix("#!")
    subprocess.run([shell, "-n", path], check=True)
    if path.name not in ("run.sh", "start"):  # these set what they need
        assert "\nset -euo pipefail\n" in path.read_text() or "\nset -eu\n" in path.read_text()


@pytest.mark.parametrize("tier", ["docker", "chroot"])
def test_a_tier_tells_what_it_does_not_cover(tier: str) -> None:
    text = (ROOT / ".ci" / "container" / "tiers" / f"{tier}.limits").read_text()
    assert "Not covered" in text
    assert "CUDA" in text


def test_an_unknown_option_is_explained() -> None:
    done = subprocess.run(
        [ROOT / ".ci" / "container" / "run", "--nonsense"], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "--both-layouts" in done.stderr
