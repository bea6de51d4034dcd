"""``python -m tests.make_clips FOLDER``: write the clips and their read-me to a folder."""

import argparse
import shutil
import tempfile
from pathlib import Path

from tests.make_clips.clips import CLIPS
from tests.make_clips.encoding import check, encode
from tests.make_clips.read_me import read_me, table_row


def make_clips(folder: Path) -> None:
    """Make all the clips and their read-me in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        for clip in CLIPS:
            path = folder / f"{clip.stem}.mp3"
            encode(clip.make(Path(scratch)), clip.encoding, path)
            rows.append(table_row(clip, *check(path)))
    (folder / "README.md").write_text(read_me(rows), encoding="utf-8")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.make_clips",
        description="Compose, render and encode the sample clips.",
    )
    parser.add_argument("folder", type=Path, help="folder to write the clips and README.md to")
    folder: Path = parser.parse_args().folder
    missing = [name for name in ("fluidsynth", "espeak-ng") if shutil.which(name) is None]
    if missing:
        parser.error(f"not installed: {', '.join(missing)} (see tests/make_clips/__init__.py)")
    make_clips(folder)


if __name__ == "__main__":
    main()
