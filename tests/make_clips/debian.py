"""The Debian packages that the clips are made with: their programs, files and versions."""

import subprocess
from pathlib import Path


def run(*words: str) -> str:
    """Run a command and return what it prints."""
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def soundfont() -> Path:
    """Find the General MIDI soundfont of its Debian package."""
    files = [Path(name) for name in run("dpkg", "-L", "fluid-soundfont-gm").splitlines()]
    return next(path for path in files if path.suffix == ".sf2")


def version_of(package: str) -> str:
    """Return the version of an installed Debian package."""
    return run("dpkg-query", "-W", "-f", "${Version}", package)
