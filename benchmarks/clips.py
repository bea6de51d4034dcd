"""Clips to measure with: 30 s, 44.1 kHz, stereo, mp3s of several bit rates, like those of FMA.

``python -m benchmarks.clips FOLDER`` makes them from the recordings that
``tests.support.recordings``
fetches, each of the stereo ones at every setting of ``SETTINGS``; needs Debian's package lists.
"""

import argparse
import os
import sys
from pathlib import Path

import soundfile

from tests.support.recordings import CACHE_VARIABLE, DEFAULT_CACHE, excerpt, recordings

SETTINGS = {
    "cbr128": ("CONSTANT", 0.6667),
    "cbr192": ("CONSTANT", 0.4444),
    "cbr320": ("CONSTANT", 0.0),
    "vbr": ("VARIABLE", 0.2),
}
"""Bit-rate mode and level of libsndfile's encoder: 0 is the best, 1 the smallest."""

RATE, SECONDS = 44_100, 30


def main() -> int:
    """Make the clips of a folder; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clips", description=__doc__)
    parser.add_argument("folder", type=Path)
    clips = make(parser.parse_args().folder)
    print(f"{len(clips)} clips")
    return 0


def make(folder: Path) -> list[Path]:
    """Write the clips that the folder lacks, and return the paths of all.

    Raises:
        RecordingUnavailable: a package cannot be fetched.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cache = Path(os.environ.get(CACHE_VARIABLE) or DEFAULT_CACHE)
    clips = []
    for number, recording in enumerate(recordings()):
        source = excerpt(recording, cache)
        form = soundfile.info(source)
        if (form.samplerate, form.channels, form.frames) != (RATE, 2, SECONDS * RATE):
            continue
        for name, (mode, level) in SETTINGS.items():
            clips.append(folder / f"{number:02}-{name}.mp3")
            if not clips[-1].exists():
                samples, _ = soundfile.read(source, dtype="float32")
                soundfile.write(
                    clips[-1],
                    samples,
                    RATE,
                    format="MP3",
                    subtype="MPEG_LAYER_III",
                    bitrate_mode=mode,
                    compression_level=level,
                )
    return clips


if __name__ == "__main__":
    sys.exit(main())
